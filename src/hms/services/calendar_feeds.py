"""Private calendar addresses: make one, replace it, take it back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from hms.access.permissions import Permission
from hms.access.scope import find, not_found
from hms.access.tokens import new_refresh
from hms.models import CalendarFeed, Doctor, Patient
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class NewFeed:
    """A secret that is shown this once; only its hash is kept. ``created_at`` is the machine clock's."""

    token: str
    created_at: datetime


def renew(work: Work) -> NewFeed:
    """Give the actor's own calendar an address; one that it had before is good no more. Doctors and patients."""
    own = _own(work)
    secret = new_refresh()
    row = work.session.scalar(select(CalendarFeed).where(own))
    verb = "created" if row is None else "replaced"
    if row is None:
        row = CalendarFeed(
            hospital_id=work.actor.hospital_id,
            doctor_id=work.actor.doctor_id,
            patient_id=None if work.actor.doctor_id else work.actor.patient_id,
        )
        work.session.add(row)
    row.digest, row.created_at = secret.digest, work.machine_now
    work.changed("calendar_feed", verb, row)
    return NewFeed(secret.token, work.machine_now)


def revoke(work: Work) -> None:
    """Take the actor's own address back; doing it again changes nothing."""
    row = work.session.scalar(select(CalendarFeed).where(_own(work)))
    if row is not None:
        work.changed("calendar_feed", "revoked", row)
        work.session.delete(row)


def _own(work: Work) -> ColumnElement[bool]:
    """Lock the owner, so that two requests at once leave one address, and return the condition of its row."""
    work.require(Permission.HAVE_CALENDAR_FEED)
    if work.actor.doctor_id is not None:
        find(work.session, work.actor, Doctor, work.actor.doctor_id, lock=True)
        return CalendarFeed.doctor_id == work.actor.doctor_id
    if work.actor.patient_id is not None:
        find(work.session, work.actor, Patient, work.actor.patient_id, lock=True)
        return CalendarFeed.patient_id == work.actor.patient_id
    raise not_found("Calendar")
