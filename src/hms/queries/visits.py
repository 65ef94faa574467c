"""Booked visits as messages speak of them: when, with which doctor, and how to reach both."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ColumnExpressionArgument, Select, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.appointments import OPEN, Status
from hms.domain.events import Visit
from hms.domain.intervals import Span
from hms.domain.people import Contact
from hms.models import Appointment, Doctor, Patient, User
from hms.models.engines import aside


@dataclass(frozen=True, slots=True)
class OpenVisit:
    """An open appointment as the sweep weighs and marks it; ``told``: what messages say of it."""

    id: UUID
    patient_id: UUID
    doctor_id: UUID
    status: Status
    appointment_date: date
    start_time: time
    end_time: time
    starts_at: datetime
    no_show_due_at: datetime
    duration_minutes: int
    imported: bool
    mrn: str
    told: Visit


def _all(_day: date, _wall: Span[time]) -> bool:
    return True


def ahead(
    session: Session,
    actor: Actor,
    now: datetime,
    *conditions: ColumnElement[bool],
    keep: Callable[[date, Span[time]], bool] = _all,
) -> list[Visit]:
    """Return the hospital's open visits from ``now`` on that meet all conditions, by start, in one statement.

    ``keep`` decides by day and wall time, where SQL cannot.
    """
    a = Appointment
    statement = (
        _with_people(a.end_time)
        .where(a.hospital_id == actor.hospital_id, a.status.in_(OPEN), a.starts_at >= now, *conditions)
        .order_by(a.starts_at, a.id)
    )
    return [_visit(row) for row in session.execute(statement) if keep(row[2], Span(row[3], row[5]))]


def due(
    session: Session,
    hospital_id: UUID,
    *conditions: ColumnExpressionArgument[bool],
    locked: Collection[UUID] | None = None,
    limit: int | None = None,
) -> list[OpenVisit]:
    """Return the hospital's visits that meet all conditions, by (due instant, id), in one statement.

    ``locked``: only these, locked first, in the order of their ids, and read as they are then.
    """
    a = Appointment
    statement = _with_people(
        a.end_time, a.doctor_id, a.status, a.no_show_due_at, a.duration_minutes, a.imported, Patient.mrn
    ).where(*conditions)
    if locked is None:
        statement = statement.where(a.hospital_id == hospital_id).order_by(a.no_show_due_at, a.id)
        return [_open_visit(row) for row in session.execute(statement.limit(limit))]
    statement = statement.where(aside(a.hospital_id) == hospital_id, a.id.in_(locked)).order_by(a.id)
    visits = [_open_visit(row) for row in session.execute(statement.with_for_update(key_share=True, of=a))]
    return sorted(visits, key=lambda visit: (visit.no_show_due_at, visit.id))


def _with_people(*more: Any) -> Select[Any]:
    """Ask for appointments, then ``more`` of them, with how to reach patient and doctor at the end."""
    a, p, u = Appointment, Patient, User
    return (
        select(a.id, a.patient_id, a.appointment_date, a.start_time, a.starts_at, *more)
        .add_columns(p.user_id, p.first_name, p.last_name, p.email, p.phone, p.language)
        .add_columns(u.id, u.first_name, u.last_name, u.email, u.phone, u.language)
        .join(p, p.id == a.patient_id)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(u, u.id == Doctor.user_id)
    )


def _visit(row: Sequence[Any]) -> Visit:
    appointment_id, patient_id, day, start, starts_at = row[:5]
    user_id, first, last, email, phone, language = row[-12:-6]
    doctor_user, doctor_first, doctor_last, doctor_email, doctor_phone, doctor_language = row[-6:]
    name = f"{doctor_first} {doctor_last}"
    patient = Contact(f"{first} {last}", patient_id, user_id, email, phone, language)
    doctor = Contact(name, None, doctor_user, doctor_email, doctor_phone, doctor_language)
    return Visit(appointment_id, patient, doctor, name, day, start, starts_at)


def _open_visit(row: Sequence[Any]) -> OpenVisit:
    row_id, patient_id, day, start, starts_at, end, doctor_id, status, due_at, minutes, imported, mrn = row[:12]
    return OpenVisit(
        id=row_id,
        patient_id=patient_id,
        doctor_id=doctor_id,
        status=status,
        appointment_date=day,
        start_time=start,
        end_time=end,
        starts_at=starts_at,
        no_show_due_at=due_at,
        duration_minutes=minutes,
        imported=imported,
        mrn=mrn,
        told=_visit(row),
    )
