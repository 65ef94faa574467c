"""Show admins what people are told: every message with invented facts, in every language, by every way."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.messages import Channel, Notice
from hms.domain.sms import is_gsm, sms_segments
from hms.gateways.protocols import Mail
from hms.languages import LANGUAGES
from hms.outbox.notices.samples import SAMPLES, Facts, notice_of
from hms.processes.letters import WritingDesk
from hms.queries import hospitals
from hms.queries.deliveries import Delivery
from hms.queries.hospitals import HospitalRow
from hms.runtime import Runtime

AHEAD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ShownText:
    """A text message, and what it takes to send it. ``is_gsm``: its letters are those that take seven bits."""

    text: str
    segments: int
    is_gsm: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One message by all ways that it goes. ``mail``, ``sms``: None where it does not go that way."""

    notice: Notice
    mail: Mail | None
    sms: ShownText | None


def shown(runtime: Runtime, actor: Actor, sample: str, language: str) -> Shown:
    """Write one sample as the hospital's people would get it; raise NOT_FOUND for one that there is not."""
    require(actor, Permission.SEE_MESSAGES)
    if sample not in SAMPLES or language not in LANGUAGES:
        raise not_found("Sample")
    hospital = runtime.read(hospitals.one, actor)
    zone, now = ZoneInfo(hospital.timezone), runtime.clocks.hospital.now()
    notice = notice_of(sample, Facts((now + AHEAD).astimezone(zone).date(), zone, language), hospital.locale)
    desk = WritingDesk.of(runtime)
    mail = sms = None
    if Channel.EMAIL in notice.channels:
        delivery = _delivery(hospital, notice, sample, Channel.EMAIL, now)
        mail = desk.mail_of(delivery, now, runtime.clocks.machine.now())
    if Channel.SMS in notice.channels:
        text = desk.text_of(_delivery(hospital, notice, sample, Channel.SMS, now), now).text
        sms = ShownText(text, sms_segments(text), is_gsm(text))
    return Shown(notice, mail, sms)


def _delivery(hospital: HospitalRow, notice: Notice, sample: str, channel: Channel, now: datetime) -> Delivery:
    return Delivery(
        id=uuid4(),
        hospital_id=hospital.id,
        channel=channel,
        address=notice.recipient.email or "",
        recipient_name=notice.recipient.name,
        type=notice.type,
        title=notice.title,
        message=notice.message,
        metadata=notice.kept | {"sample": sample},
        created_at=now,
        hospital_name=hospital.name,
        hospital_address=hospital.address,
        hospital_phone=hospital.phone,
        hospital_email=hospital.email,
        zone=ZoneInfo(hospital.timezone),
        visit=None,
        policy=hospital.settings,
        patient_id=notice.recipient.patient_id,
        user_id=notice.recipient.user_id or UUID(int=0),
        locale=hospital.locale,
    )
