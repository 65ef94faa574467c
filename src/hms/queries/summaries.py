"""A day's no-shows, as admins are told of them in the evening."""

from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hms.domain.appointments import Status
from hms.models import Appointment, Doctor, NoShowLog, Patient, User


@dataclass(frozen=True, slots=True)
class MissedVisit:
    """One visit that was missed, at the hospital's wall time. ``slot_released``: somebody else could have its time."""

    start: time
    patient: str
    doctor: str
    slot_released: bool


def booked_on(session: Session, hospital_id: UUID, day: date) -> int:
    """Count the day's appointments, without the cancelled ones."""
    a = Appointment
    statement = select(func.count()).where(
        a.hospital_id == hospital_id, a.appointment_date == day, a.status != Status.CANCELLED
    )
    return session.scalars(statement).one()


def missed_on(session: Session, hospital_id: UUID, day: date) -> list[MissedVisit]:
    """Return the day's no-shows that stand, by time, in one statement."""
    a, n, p, u = Appointment, NoShowLog, Patient, User
    statement = (
        select(a.start_time, p.first_name, p.last_name, u.first_name, u.last_name, n.slot_released)
        .join(n, n.appointment_id == a.id)
        .join(p, p.id == a.patient_id)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(u, u.id == Doctor.user_id)
        .where(a.hospital_id == hospital_id, a.appointment_date == day, n.voided_at.is_(None))
        .order_by(a.starts_at, a.id)
    )
    return [
        MissedVisit(start, f"{first} {last}", f"Dr. {doctor_first} {doctor_last}", released)
        for start, first, last, doctor_first, doctor_last, released in session.execute(statement)
    ]
