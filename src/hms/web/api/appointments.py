"""Appointments: book, list, follow, change state, cancel, take along."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from flask import Response
from pydantic import Field, PlainValidator, WithJsonSchema

from hms.access.permissions import Permission
from hms.domain.appointments import Status
from hms.domain.errors import Code, Detail, DomainError
from hms.processes.calendar_files import calendar_file
from hms.queries import appointments as queries
from hms.queries.appointments import AppointmentRow, Cursor, EventRow, Filters
from hms.services import appointments, attendance, bookings, rescheduling
from hms.services.appointments import Annotate
from hms.services.attendance import SetStatus
from hms.services.bookings import Book, Cancel
from hms.services.rescheduling import Reschedule
from hms.transaction import Work
from hms.web.api.answers import Page, page_of, read_cursor
from hms.web.api.positions import place, position
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Day, Note, Paging, Query, Version, WallTime

routes = Routes("Appointments", "Visits, from booking to their end. Patients see and change their own.")

CALENDAR = "text/calendar"
CHECKED = (
    Code.PATIENT_NOT_FOUND,
    Code.PATIENT_BLOCKED,
    Code.DUPLICATE_BOOKING,
    Code.DOCTOR_NOT_FOUND,
    Code.DOCTOR_UNAVAILABLE,
    Code.DOCTOR_INACTIVE,
    Code.DATE_IN_PAST,
    Code.TOO_FAR_AHEAD,
    Code.HOSPITAL_HOLIDAY,
    Code.DOCTOR_ABSENT,
    Code.OUTSIDE_SCHEDULE,
    Code.DURING_BREAK,
    Code.NOT_A_SLOT,
    Code.SLOT_BLOCKED,
    Code.SLOT_TAKEN,
    Code.DOCTOR_FULLY_BOOKED,
)
"""What the fourteen checks may answer, in their order."""
MOST_EVENTS = 1000


def _statuses(value: object) -> tuple[Status, ...]:
    try:
        return tuple(Status(word) for word in str(value).split(","))
    except ValueError as error:
        raise ValueError(f"One or several of {', '.join(Status)}, parted by commas.") from error


Statuses = Annotated[
    tuple[Status, ...],
    PlainValidator(_statuses),
    WithJsonSchema({"type": "string", "description": "One state or several, parted by commas."}),
]


class Booking(Body):
    """A wish for one time. Staff name the patient; a patient books for themself.

    ``overrideReason``: urgent care for a blocked patient, by reception or admins; audited. ``checkIn``: the patient is
    here already (a walk-in), and is checked in at once; by staff, for a time of today.
    """

    doctor_id: UUID
    date: Day
    start_time: WallTime
    patient_id: UUID | None = None
    reason: Note | None = None
    type: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    override_reason: Note | None = None
    check_in: bool = False


class AppointmentChange(Body):
    """Where the visit goes, and the desk's notes; what is left out stays. ``reason``: why it is moved.

    ``overrideReason``: urgent care for a blocked patient, by reception or admins; audited.
    """

    date: Day | None = None
    start_time: WallTime | None = None
    doctor_id: UUID | None = None
    notes: Annotated[str, Field(max_length=4000)] | None = None
    reason: Note | None = None
    override_reason: Note | None = None
    version: Version | None = None


class StatusChange(Body):
    """CONFIRMED, CHECKED_IN, CANCELLED, or SCHEDULED to undo a mistaken check-in; others follow from their own acts."""

    status: Status
    reason: Note | None = None
    version: Version | None = None


class AppointmentSearch(Paging):
    """Which appointments: days from ``from`` to ``to``, states, words of the patient's name, MRN or phone."""

    from_: Day | None = None
    to: Day | None = None
    doctor_id: UUID | None = None
    patient_id: UUID | None = None
    status: Statuses = ()
    search: Annotated[str, Field(max_length=100)] | None = None


class Cancellation(Query):
    """Why it is called off."""

    reason: Note | None = None


@routes.post(
    "/appointments",
    needs=(Permission.BOOK_OWN, Permission.BOOK_FOR_OTHERS),
    status=201,
    idempotent=True,
    errors=(*CHECKED, Code.NOT_VISIT_DAY),
)
def book(call: Call, body: Booking) -> AppointmentRow:
    """Book a slot.

    The checks run in the order of the codes below; the first that fails answers.
    """
    command = Book(
        doctor_id=body.doctor_id,
        day=body.date,
        start=body.start_time,
        patient_id=body.patient_id,
        reason=body.reason,
        type=body.type,
        override_reason=body.override_reason,
    )

    act = attendance.walk_in if body.check_in else bookings.book
    return call.once(lambda work: act(work, command))


@routes.get("/appointments")
def listing(call: Call, query: AppointmentSearch) -> Page[AppointmentRow]:
    """List appointments by their start."""
    filters = Filters(
        first=query.from_,
        last=query.to,
        doctor_id=query.doctor_id,
        patient_id=query.patient_id,
        statuses=query.status,
        search=query.search,
    )
    after = read_cursor(query.cursor, _after)
    rows = call.read(queries.listing, call.actor, filters, after, query.limit + 1)
    return page_of(rows, query.limit, lambda row: place(row.starts_at, row.id))


@routes.get("/appointments/<uuid:appointment_id>")
def one(call: Call, appointment_id: UUID) -> AppointmentRow:
    """Show an appointment."""
    return call.read(queries.one, call.actor, appointment_id)


@routes.patch(
    "/appointments/<uuid:appointment_id>", errors=(Code.FORBIDDEN, Code.INVALID_TRANSITION, Code.TOO_LATE, *CHECKED)
)
def change(call: Call, appointment_id: UUID, body: AppointmentChange) -> AppointmentRow:
    """Move an appointment to another time or doctor, or note something down about it.

    A move frees the old slot and takes the new one at once, by the checks of a booking; a confirmed visit is to be
    confirmed anew. Patients move their own until the start; notes are the staff's.
    """
    moves = (body.date, body.start_time, body.doctor_id) != (None, None, None)
    if not moves and body.notes is None:
        reason = "say where the visit goes, or send notes"
        raise DomainError(Code.VALIDATION, "Nothing is to be changed.", [Detail("body", reason)])

    def act(work: Work) -> None:
        version = body.version
        if moves:
            wanted = Reschedule(
                appointment_id=appointment_id,
                day=body.date,
                start=body.start_time,
                doctor_id=body.doctor_id,
                reason=body.reason,
                override_reason=body.override_reason,
                version=version,
            )
            rescheduling.reschedule(work, wanted)
            version = None  # it was the one seen, and has just been counted up
        if body.notes is not None:
            appointments.annotate(work, Annotate(appointment_id, body.notes, version))

    return changed(call, appointment_id, act)


@routes.patch(
    "/appointments/<uuid:appointment_id>/status",
    errors=(Code.FORBIDDEN, Code.INVALID_TRANSITION, Code.NOT_VISIT_DAY, Code.TOO_LATE, Code.SLOT_TAKEN),
)
def set_status(call: Call, appointment_id: UUID, body: StatusChange) -> AppointmentRow:
    """Confirm, check in, cancel, or undo a mistaken check-in.

    Patients confirm and cancel their own until the start; staff check in on the visit's day only.
    """
    return changed(
        call,
        appointment_id,
        lambda work: attendance.set_status(work, SetStatus(appointment_id, body.status, body.reason, body.version)),
    )


@routes.delete("/appointments/<uuid:appointment_id>", errors=(Code.FORBIDDEN, Code.INVALID_TRANSITION, Code.TOO_LATE))
def cancel(call: Call, appointment_id: UUID, query: Cancellation, version: int | None) -> AppointmentRow:
    """Cancel an appointment and free its slot; it stays in the books as CANCELLED."""
    command = Cancel(appointment_id=appointment_id, reason=query.reason, version=version)
    return changed(call, appointment_id, lambda work: bookings.cancel(work, command))


@routes.get("/appointments/<uuid:appointment_id>/events")
def events(call: Call, appointment_id: UUID) -> Page[EventRow]:
    """List an appointment's changes of state, oldest first: who, when, from, to and why."""
    return Page(call.read(queries.events, call.actor, appointment_id), None, MOST_EVENTS)


@routes.get("/appointments/<uuid:appointment_id>/calendar.ics", produces=CALENDAR)
def calendar(call: Call, appointment_id: UUID) -> Response:
    """Give the appointment as a calendar file; its UID stays the same and its SEQUENCE rises with each change."""
    disposition = {"Content-Disposition": 'attachment; filename="appointment.ics"'}
    return Response(
        calendar_file(call.runtime, call.actor, appointment_id),
        headers=disposition,
        content_type=f"{CALENDAR}; charset=utf-8",
    )


def changed(call: Call, appointment_id: UUID, act: Callable[[Work], object]) -> AppointmentRow:
    """Change an appointment by ``act`` and return its row as it is then, in one transaction."""

    def act_and_show(work: Work) -> AppointmentRow:
        act(work)
        work.session.flush()
        return queries.one(work.session, work.actor, appointment_id)

    return call.transact(act_and_show)


def _after(starts_at: str, row_id: str) -> Cursor:
    return Cursor(*position(starts_at, row_id))
