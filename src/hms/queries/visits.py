"""Booked visits as messages speak of them: when, with which doctor, and how to reach both."""

from collections.abc import Callable
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.appointments import OPEN
from hms.domain.events import Visit
from hms.domain.intervals import Span
from hms.domain.people import Contact
from hms.models import Appointment, Doctor, Patient, User


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
    a, p, u = Appointment, Patient, User
    statement = (
        select(a.id, a.appointment_date, a.start_time, a.end_time, a.starts_at)
        .add_columns(p.id, p.user_id, p.first_name, p.last_name, p.email, p.phone, p.language)
        .add_columns(u.id, u.first_name, u.last_name, u.email, u.phone, u.language)
        .join(p, p.id == a.patient_id)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(u, u.id == Doctor.user_id)
        .where(a.hospital_id == actor.hospital_id, a.status.in_(OPEN), a.starts_at >= now, *conditions)
        .order_by(a.starts_at, a.id)
    )
    visits = []
    for row in session.execute(statement):
        appointment_id, day, start, end, starts_at = row[:5]
        if not keep(day, Span(start, end)):
            continue
        patient_id, user_id, first, last, email, phone, language = row[5:12]
        doctor_user, doctor_first, doctor_last, doctor_email, doctor_phone, doctor_language = row[12:]
        name = f"{doctor_first} {doctor_last}"
        patient = Contact(f"{first} {last}", patient_id, user_id, email, phone, language)
        doctor = Contact(name, None, doctor_user, doctor_email, doctor_phone, doctor_language)
        visits.append(Visit(appointment_id, patient, doctor, name, day, start, starts_at))
    return visits
