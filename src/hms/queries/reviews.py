"""The review list: what waits for a human decision."""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.appointments import OPEN, Status
from hms.domain.no_shows import ReviewReason
from hms.models import Appointment, AppointmentReview, Doctor, Patient, User


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One visit that somebody must look at; ``opened_at`` is None for visits left open at the end of their day."""

    appointment_id: UUID
    reason: ReviewReason
    status: Status
    opened_at: datetime | None
    day: date
    start: time
    version: int
    patient_id: UUID
    patient_name: str
    mrn: str
    doctor_id: UUID
    doctor_name: str


def waiting(session: Session, actor: Actor, today: date, limit: int = 200) -> list[ReviewRow]:
    """Return what waits, oldest visit first; ``today``: the hospital's date.

    Beside what the sweep put there: visits of past days that are still CHECKED_IN or IN_PROGRESS.
    """
    left_open = Appointment.status.in_([Status.CHECKED_IN, Status.IN_PROGRESS]) & (Appointment.appointment_date < today)
    held_back = Appointment.under_review & Appointment.status.in_(sorted(OPEN)) & AppointmentReview.decided_at.is_(None)
    statement = (
        select(Appointment, AppointmentReview, Patient, User)
        .outerjoin(AppointmentReview, AppointmentReview.appointment_id == Appointment.id)
        .join(Patient, Patient.id == Appointment.patient_id)
        .join(Doctor, Doctor.id == Appointment.doctor_id)
        .join(User, User.id == Doctor.user_id)
        .where(
            Appointment.hospital_id == actor.hospital_id,
            or_(left_open, held_back & AppointmentReview.id.is_not(None)),
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(limit)
    )
    return [_row(*row) for row in session.execute(statement)]


def _row(appointment: Appointment, review: AppointmentReview | None, patient: Patient, doctor: User) -> ReviewRow:
    held_back = review is not None and appointment.status in OPEN
    return ReviewRow(
        appointment_id=appointment.id,
        reason=review.reason if review is not None and held_back else ReviewReason.LEFT_OPEN,
        status=appointment.status,
        opened_at=review.opened_at if review is not None and held_back else None,
        day=appointment.appointment_date,
        start=appointment.start_time,
        version=appointment.version,
        patient_id=patient.id,
        patient_name=f"{patient.first_name} {patient.last_name}",
        mrn=patient.mrn,
        doctor_id=appointment.doctor_id,
        doctor_name=f"{doctor.first_name} {doctor.last_name}",
    )
