"""Appointments as their readers see them: staff all of their hospital's, patients their own and their dependants'."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.scope import not_found, own_patients
from hms.domain.appointments import Status
from hms.domain.people import fold
from hms.domain.visit_links import came_by_link
from hms.models import Appointment, AppointmentEvent, Doctor, Patient, User


@dataclass(frozen=True, slots=True)
class DoctorBrief:
    """A doctor as an appointment names them."""

    id: UUID
    first_name: str
    last_name: str
    specialization: str


@dataclass(frozen=True, slots=True)
class PatientBrief:
    """A patient as an appointment names them."""

    id: UUID
    mrn: str
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class AppointmentRow:
    """One appointment. ``date`` and times of day are the hospital's; instants are in UTC."""

    id: UUID
    status: Status
    date: date
    start_time: time
    end_time: time
    starts_at: datetime
    ends_at: datetime
    checked_in_at: datetime | None
    vitals_recorded_at: datetime | None
    no_show_due_at: datetime
    doctor: DoctorBrief
    patient: PatientBrief
    slot_id: UUID | None
    version: int


@dataclass(frozen=True, slots=True)
class EventRow:
    """One change of an appointment's state; ``actor_name`` is None for the system, "Patient" for who used a link."""

    at: datetime
    actor_id: UUID | None
    actor_name: str | None
    from_status: Status | None
    to_status: Status
    reason: str | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What to list; None: whatever. ``first`` and ``last`` are days; ``search``: words of name, MRN or phone."""

    first: date | None = None
    last: date | None = None
    doctor_id: UUID | None = None
    patient_id: UUID | None = None
    statuses: Collection[Status] = ()
    search: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the next one begins after it."""

    starts_at: datetime
    id: UUID

    @classmethod
    def after(cls, row: AppointmentRow) -> "Cursor":
        """Return the cursor that follows ``row``."""
        return cls(row.starts_at, row.id)


def one(session: Session, actor: Actor, appointment_id: UUID) -> AppointmentRow:
    """Return one appointment; raise NOT_FOUND for another hospital's, and for a patient another patient's."""
    row = session.execute(_visible(actor).where(Appointment.id == appointment_id)).one_or_none()
    if row is None:
        raise not_found("Appointment")
    return _row(row)


def listing(
    session: Session, actor: Actor, filters: Filters, cursor: Cursor | None = None, limit: int = 50
) -> list[AppointmentRow]:
    """Return up to ``limit`` appointments by start, after ``cursor``, in one statement."""
    a = Appointment
    statement = _visible(actor).order_by(a.starts_at, a.id).limit(limit)
    if filters.first is not None:
        statement = statement.where(a.appointment_date >= filters.first)
    if filters.last is not None:
        statement = statement.where(a.appointment_date <= filters.last)
    if filters.doctor_id is not None:
        statement = statement.where(a.doctor_id == filters.doctor_id)
    if filters.patient_id is not None:
        statement = statement.where(a.patient_id == filters.patient_id)
    if filters.statuses:
        statement = statement.where(a.status.in_(filters.statuses))
    for word in fold(filters.search or "").split():
        statement = statement.where(Patient.search_text.contains(word, autoescape=True))
    if cursor is not None:
        statement = statement.where(tuple_(a.starts_at, a.id) > (cursor.starts_at, cursor.id))
    return [_row(row) for row in session.execute(statement)]


def latest(
    session: Session, actor: Actor, before: Cursor | None, limit: int, *, patient_id: UUID | None = None
) -> list[AppointmentRow]:
    """Return up to ``limit`` appointments, the newest first, older than ``before``; of one patient if named."""
    a = Appointment
    statement = _visible(actor).order_by(a.starts_at.desc(), a.id.desc()).limit(limit)
    if patient_id is not None:
        statement = statement.where(a.patient_id == patient_id)
    if before is not None:
        statement = statement.where(tuple_(a.starts_at, a.id) < (before.starts_at, before.id))
    return [_row(row) for row in session.execute(statement)]


def events(session: Session, actor: Actor, appointment_id: UUID) -> list[EventRow]:
    """Return an appointment's changes of state, oldest first; raise NOT_FOUND as ``one`` does."""
    one(session, actor, appointment_id)
    e = AppointmentEvent
    statement = (
        select(e.at, e.actor_id, User.first_name, User.last_name, e.from_status, e.to_status, e.reason)
        .outerjoin(User, User.id == e.actor_id)
        .where(e.appointment_id == appointment_id)
        .order_by(e.seq)
    )
    return [
        EventRow(at, actor_id, f"{first} {last}" if actor_id else _nobody(reason), before, after, reason)
        for at, actor_id, first, last, before, after, reason in session.execute(statement)
    ]


def _nobody(reason: str | None) -> str | None:
    return "Patient" if came_by_link(reason) else None


def _visible(actor: Actor) -> Select[Any]:
    a, p, u = Appointment, Patient, User
    statement = (
        select(a.id, a.status, a.appointment_date, a.start_time, a.end_time, a.starts_at, a.ends_at)
        .add_columns(a.checked_in_at, a.vitals_recorded_at, a.no_show_due_at)
        .add_columns(Doctor.id, u.first_name, u.last_name, Doctor.specialization)
        .add_columns(p.id, p.mrn, p.first_name, p.last_name, a.slot_id, a.version)
        .join(p, p.id == a.patient_id)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(u, u.id == Doctor.user_id)
        .where(a.hospital_id == actor.hospital_id)
    )
    if actor.is_system or actor.is_staff:
        return statement
    return statement.where(own_patients(actor, a.patient_id))


def _row(row: Row[Any]) -> AppointmentRow:
    cells: tuple[Any, ...] = tuple(row)
    people = (DoctorBrief(*cells[10:14]), PatientBrief(*cells[14:18]))
    return AppointmentRow(*cells[:10] + people + cells[18:])
