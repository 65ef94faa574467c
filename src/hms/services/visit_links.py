"""What the holder of a visit's link may do: confirm, move and cancel that one visit, as its patient may."""

from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.visit_links import REASON, is_about
from hms.models import Appointment
from hms.queries.appointments import AppointmentRow
from hms.services import attendance, bookings, rescheduling
from hms.services.attendance import Attend
from hms.services.bookings import Cancel
from hms.services.rescheduling import Reschedule
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class ByLink:
    """A visit, and the sequence that its link was written for. The signature was checked by who took it in."""

    appointment_id: UUID
    sequence: int


@dataclass(frozen=True, slots=True)
class MoveByLink:
    """Where the visit of a link is to go; the doctor stays."""

    link: ByLink
    day: date
    start: time


def confirm(work: Work, command: ByLink) -> None:
    """Note that the patient will come; again changes nothing. Raises LINK_ENDED, or what `attendance.confirm` does."""
    visit = _seen(work, command)
    if visit.status is not Status.CONFIRMED:
        attendance.confirm(work, Attend(command.appointment_id, REASON, visit.version))


def cancel(work: Work, command: ByLink) -> None:
    """Cancel the visit; again changes nothing. Raises LINK_ENDED, or what `bookings.cancel` does."""
    visit = _seen(work, command)
    if visit.status is not Status.CANCELLED:
        bookings.cancel(work, Cancel(appointment_id=command.appointment_id, reason=REASON, version=visit.version))


def move(work: Work, command: MoveByLink) -> AppointmentRow:
    """Move the visit to another time of its doctor; raise LINK_ENDED, or what `rescheduling.reschedule` does."""
    visit = _seen(work, command.link)
    wish = Reschedule(
        appointment_id=command.link.appointment_id,
        day=command.day,
        start=command.start,
        reason=f"{REASON}, from {visit.appointment_date.isoformat()} {visit.start_time:%H:%M}",
        version=visit.version,
    )
    return rescheduling.reschedule(work, wish)


def ended() -> DomainError:
    """Build the answer to a link that is good no more."""
    return DomainError(
        Code.LINK_ENDED,
        "This link is good no more: the visit has begun, or was moved after the message. Please use the link in the "
        "newest message, or call the clinic.",
    )


def _seen(work: Work, link: ByLink) -> Row[*tuple[Any, ...]]:
    """Return the visit's state, version, day and time; the verb behind it locks the row, and refuses another version.

    So whoever moves the visit between this look and the lock makes the link end, and no lock is taken out of order.
    """
    a = Appointment
    columns = (a.calendar_sequence, a.status, a.version, a.starts_at, a.appointment_date, a.start_time)
    statement = select(*columns).where(
        a.id == link.appointment_id, a.hospital_id == work.actor.hospital_id, a.patient_id == work.actor.patient_id
    )
    row = work.session.execute(statement).one_or_none()
    if row is None or work.now >= row.starts_at or not is_about(link.sequence, row.calendar_sequence, row.status):
        raise ended()
    return row
