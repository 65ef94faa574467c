"""A patient comes: confirm, check in, undo a mistaken check-in; and the one door for states asked for directly."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from hms.domain.appointments import OPEN, STATUS_SETTERS, WORDS, Status
from hms.domain.errors import Code, DomainError
from hms.domain.events import AppointmentMoved
from hms.models import Appointment
from hms.queries import appointments
from hms.queries.appointments import AppointmentRow
from hms.services import bookings, lifecycle, no_shows
from hms.services.bookings import Book, Cancel
from hms.services.no_shows import LateArrival
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class SetStatus:
    """A state asked for directly: CONFIRMED, CHECKED_IN, CANCELLED, or SCHEDULED to undo a check-in."""

    appointment_id: UUID
    status: Status
    reason: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Attend:
    """An appointment, why it changes, and the version that the writer saw."""

    appointment_id: UUID
    reason: str | None = None
    version: int | None = None


def set_status(work: Work, command: SetStatus) -> UUID:
    """Bring an appointment into the state asked for and return its id; INVALID_TRANSITION for other states."""
    if command.status is Status.CANCELLED:
        bookings.cancel(
            work, Cancel(appointment_id=command.appointment_id, reason=command.reason, version=command.version)
        )
        return command.appointment_id
    verb = _VERBS.get(command.status)
    if verb is None:
        raise DomainError(Code.INVALID_TRANSITION, _INSTEAD[command.status])
    verb(work, Attend(command.appointment_id, command.reason, command.version))
    return command.appointment_id


def confirm(work: Work, command: Attend) -> None:
    """Note that the patient will come; until the start only. Patients confirm their own."""
    _require_setter(work, Status.CONFIRMED)
    appointment = lifecycle.locked(work, command.appointment_id)
    lifecycle.require_seen(work, appointment, command.version)
    _require_from(appointment, frozenset({Status.SCHEDULED}), Status.CONFIRMED)
    if work.now >= appointment.starts_at:
        raise DomainError(
            Code.TOO_LATE, "This visit has begun, so it can no longer be confirmed. Please go to the reception."
        )
    _move(work, appointment, Status.CONFIRMED, command.reason)


def check_in(work: Work, command: Attend) -> None:
    """Note that the patient is here, on the visit's hospital day; doctors for their own appointments only.

    A patient who was marked as missed is a late arrival: the penalty is voided along with it.
    """
    _require_setter(work, Status.CHECKED_IN)
    appointment, _ = lifecycle.locked_in_order(work, command.appointment_id)
    lifecycle.require_own(work, appointment)
    lifecycle.require_seen(work, appointment, command.version)
    if appointment.status is Status.NO_SHOW:
        no_shows.late_arrival(work, LateArrival(command.appointment_id, command.reason, command.version))
        return
    _require_from(appointment, OPEN, Status.CHECKED_IN)
    if appointment.appointment_date != work.today:
        raise DomainError(
            Code.NOT_VISIT_DAY,
            f"This visit is on {appointment.appointment_date:%d %B %Y}. Patients are checked in on that day only; "
            "to see the patient today, reschedule it first.",
        )
    _move(work, appointment, Status.CHECKED_IN, command.reason)


def walk_in(work: Work, command: Book) -> AppointmentRow:
    """Book a time of today for somebody who stands at the desk, and check them in; refusals as of both."""
    _require_setter(work, Status.CHECKED_IN)
    booked = bookings.book(work, command)
    check_in(work, Attend(booked.id))
    work.session.flush()
    return appointments.one(work.session, work.actor, booked.id)


def undo_check_in(work: Work, command: Attend) -> None:
    """Take back a mistaken check-in: the appointment is SCHEDULED again."""
    _require_setter(work, Status.SCHEDULED)
    appointment = lifecycle.locked(work, command.appointment_id)
    lifecycle.require_seen(work, appointment, command.version)
    _require_from(appointment, frozenset({Status.CHECKED_IN}), Status.SCHEDULED)
    _move(work, appointment, Status.SCHEDULED, command.reason)


def _move(work: Work, appointment: Appointment, to: Status, reason: str | None) -> None:
    before = appointment.status
    lifecycle.move(work, appointment, to, reason=reason)
    work.emit(AppointmentMoved(entity_id=appointment.id, before=before, after=to, reason=reason))


def _require_setter(work: Work, status: Status) -> None:
    role = work.actor.role
    if role is not None and role not in STATUS_SETTERS[status]:
        raise DomainError(Code.FORBIDDEN, f"Your role may not set an appointment to {status.value}.")


def _require_from(appointment: Appointment, befores: frozenset[Status], to: Status) -> None:
    # Narrower than the table of transitions, whose other pairs belong to rescheduling, marking and consultations.
    if appointment.status not in befores:
        raise DomainError(
            Code.INVALID_TRANSITION,
            f"This appointment is {WORDS[appointment.status]} and cannot become {WORDS[to]}. "
            "Reload to see its present state.",
        )


_VERBS: dict[Status, Callable[[Work, Attend], None]] = {
    Status.CONFIRMED: confirm,
    Status.CHECKED_IN: check_in,
    Status.SCHEDULED: undo_check_in,
}

_INSTEAD: dict[Status, str] = {
    Status.NO_SHOW: "A missed visit is marked as a no-show, with its reason. It cannot be set directly.",
    Status.IN_PROGRESS: "A visit is in progress once the doctor starts the consultation.",
    Status.COMPLETED: "A visit is completed when the doctor completes the consultation.",
}
