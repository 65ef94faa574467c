"""What the relay reads: the messages it has claimed with all that their texts need, and how much waits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session

from hms.domain.appointments import Status
from hms.domain.messages import Channel, MessageStatus
from hms.domain.policy import Policy
from hms.domain.preferences import held_until
from hms.languages import ENGLISH
from hms.models import (
    Appointment,
    Doctor,
    Hospital,
    Notification,
    OptOut,
    OutgoingMessage,
    Patient,
    User,
    WrongAddress,
)


@dataclass(frozen=True, slots=True)
class LetterVisit:
    """The appointment that a message is about, as it stands now. ``doctor_name``: without title."""

    appointment_id: UUID
    status: Status
    starts_at: datetime
    ends_at: datetime
    sequence: int
    doctor_name: str
    specialization: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One claimed message with its notification, its recipient and its hospital. ``created_at``: hospital clock.

    ``patient_id``, else ``user_id``: whom it is for. ``is_declined``: they want nothing on this channel that they can
    do without; ``is_suspect``: an address of theirs on it was found wrong before; ``unclear``: how often the message
    may have arrived without anybody knowing.
    """

    id: UUID
    hospital_id: UUID
    channel: Channel
    address: str
    recipient_name: str
    type: str
    title: str
    message: str
    metadata: Mapping[str, Any]
    created_at: datetime
    hospital_name: str
    hospital_address: str
    hospital_phone: str
    hospital_email: str
    zone: ZoneInfo
    visit: LetterVisit | None
    policy: Policy = field(default_factory=Policy)
    patient_id: UUID | None = None
    user_id: UUID | None = None
    is_declined: bool = False
    is_suspect: bool = False
    locale: str = ENGLISH
    unclear: int = 0

    @property
    def language(self) -> str:
        """The language in which the message was written."""
        return str(self.metadata.get("language", ENGLISH))

    @property
    def short(self) -> str:
        """The message as a text message says it; empty when in the same words."""
        return str(self.metadata.get("short", ""))

    def held_until(self, now: datetime) -> datetime | None:
        """Return until when a text message must wait because of the quiet hours (hospital clock); None: it may go."""
        if self.channel is not Channel.SMS:
            return None
        told = self.metadata.get("startsAt")
        starts_at = datetime.fromisoformat(told) if told else None
        return held_until(self.type, starts_at, self.policy.quiet_hours(self.zone), now)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much of a channel is on its way. ``oldest``: how long the longest has waited (machine clock)."""

    waiting: int
    oldest: timedelta
    failed: int


def claimed(session: Session, ids: Collection[UUID]) -> list[Delivery]:
    """Return the messages ``ids``, in no order."""
    m, n, h = OutgoingMessage, Notification, Hospital
    rows = session.execute(
        select(
            m.id, m.hospital_id, m.channel, m.address, n.type, n.title, n.message, n.notification_metadata, n.created_at
        )
        .add_columns(h.name, h.address.label("hospital_address"), h.phone, h.email, h.timezone, h.settings, h.locale)
        .add_columns(n.patient_id, n.user_id, m.unclear)
        .add_columns(Patient.first_name, Patient.last_name, User.first_name.label("user_first"))
        .add_columns(User.last_name.label("user_last"))
        .join(n, n.id == m.notification_id)
        .join(h, h.id == m.hospital_id)
        .outerjoin(Patient, Patient.id == n.patient_id)
        .outerjoin(User, User.id == n.user_id)
        .where(m.id.in_(ids))
    ).all()
    visits = _visits(
        session, {UUID(found) for row in rows if (found := row.notification_metadata.get("appointmentId"))}
    )
    declined, suspect = (_standing(session, table, rows) for table in (OptOut, WrongAddress))
    return [
        Delivery(
            id=row.id,
            hospital_id=row.hospital_id,
            channel=row.channel,
            address=row.address or "",
            recipient_name=f"{row.first_name or row.user_first} {row.last_name or row.user_last}".strip(),
            type=row.type,
            title=row.title,
            message=row.message,
            metadata=row.notification_metadata,
            created_at=row.created_at,
            hospital_name=row.name,
            hospital_address=row.hospital_address,
            hospital_phone=row.phone,
            hospital_email=row.email,
            zone=ZoneInfo(row.timezone),
            locale=row.locale,
            unclear=row.unclear,
            visit=visits.get(row.notification_metadata.get("appointmentId")),
            policy=Policy.from_settings(row.settings),
            patient_id=row.patient_id,
            user_id=None if row.patient_id else row.user_id,
            is_declined=(row.patient_id or row.user_id, row.channel) in declined,
            is_suspect=(row.patient_id or row.user_id, row.channel) in suspect,
        )
        for row in rows
    ]


def _standing(
    session: Session, table: type[OptOut] | type[WrongAddress], rows: Sequence[Row[Any]]
) -> set[tuple[UUID, Channel]]:
    """Return whom of the recipients, and on which channel, a table names."""
    patients = {row.patient_id for row in rows if row.patient_id}
    users = {row.user_id for row in rows if not row.patient_id}
    named = or_(table.patient_id.in_(patients), table.user_id.in_(users))
    found = session.execute(select(table.patient_id, table.user_id, table.channel).where(named))
    return {(who, channel) for patient_id, user_id, channel in found if (who := patient_id or user_id)}


def backlog(session: Session, machine_now: datetime) -> dict[Channel, Backlog]:
    """Return per channel what waits and what failed, over all hospitals (for the operator's figures)."""
    m = OutgoingMessage
    # Each condition is written as its index has it: the figures must not cost a walk over all that was ever sent.
    waiting = session.execute(
        select(m.channel, func.count().label("messages"), func.min(m.queued_at).label("since"))
        .where(m.status.in_((MessageStatus.PENDING, MessageStatus.SENDING)))
        .where(m.queued_at <= machine_now)  # what the quiet hours hold back is not late
        .group_by(m.channel)
    )
    failed = session.execute(
        select(m.channel, func.count().label("messages"))
        .where(m.hospital_id.in_(select(Hospital.id)), m.status == MessageStatus.FAILED)
        .group_by(m.channel)
    )
    waits = {row.channel: row for row in waiting}
    failures = {row.channel: row.messages for row in failed}
    return {
        channel: Backlog(
            waiting=waits[channel].messages if channel in waits else 0,
            oldest=machine_now - waits[channel].since if channel in waits else timedelta(),
            failed=failures.get(channel, 0),
        )
        for channel in (Channel.EMAIL, Channel.SMS)
    }


def _visits(session: Session, ids: Collection[UUID]) -> dict[str, LetterVisit]:
    if not ids:
        return {}
    a = Appointment
    rows = session.execute(
        select(a.id, a.status, a.starts_at, a.ends_at, a.calendar_sequence, Doctor.specialization)
        .add_columns(User.first_name, User.last_name)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(User, User.id == Doctor.user_id)
        .where(a.id.in_(ids))
    )
    return {
        str(row.id): LetterVisit(
            appointment_id=row.id,
            status=row.status,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            sequence=row.calendar_sequence,
            doctor_name=f"{row.first_name} {row.last_name}".strip(),
            specialization=row.specialization,
        )
        for row in rows
    }
