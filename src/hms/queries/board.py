"""One day of a hospital's visits, as reception's board and a doctor's day show them."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.appointments import Status
from hms.domain.consultations import ConsultationStatus
from hms.domain.people import PatientStatus, Sex
from hms.models import Appointment, Consultation, Doctor, Patient, User


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One visit with its patient and doctor. Times of day are the hospital's; instants are in UTC.

    ``consultation_id``: the visit's consultation that was not abandoned, if any. ``search_text`` is folded.
    """

    id: UUID
    version: int
    status: Status
    day: date
    start: time
    end: time
    starts_at: datetime
    ends_at: datetime
    holds_slot: bool
    under_review: bool
    type: str
    reason: str | None
    checked_in_at: datetime | None
    vitals_recorded_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    patient_id: UUID
    patient_first: str
    patient_last: str
    mrn: str
    date_of_birth: date | None
    sex: Sex
    phone: str | None
    patient_status: PatientStatus
    no_show_count: int
    search_text: str
    doctor_id: UUID
    doctor_first: str
    doctor_last: str
    specialization: str
    consultation_id: UUID | None

    @property
    def patient_name(self) -> str:
        """The patient's name as people write it."""
        return f"{self.patient_first} {self.patient_last}"

    @property
    def doctor_name(self) -> str:
        """The doctor's name with title."""
        return f"Dr. {self.doctor_first} {self.doctor_last}"


def of_day(session: Session, actor: Actor, day: date) -> list[BoardRow]:
    """Return all of the hospital's visits of a day by start, then doctor, in one statement; FORBIDDEN to patients."""
    require(actor, Permission.SEE_BOARD)
    statement = _visits(actor).where(Appointment.appointment_date == day)
    order = (Appointment.starts_at, User.last_name, User.first_name, Appointment.booked_at)
    return [BoardRow(*row) for row in session.execute(statement.order_by(*order))]


def visit(session: Session, actor: Actor, appointment_id: UUID) -> BoardRow:
    """Return one visit; raise NOT_FOUND for another hospital's, FORBIDDEN for patients."""
    require(actor, Permission.SEE_BOARD)
    row = session.execute(_visits(actor).where(Appointment.id == appointment_id)).one_or_none()
    if row is None:
        raise not_found("Appointment")
    return BoardRow(*row)


def _visits(actor: Actor) -> Select[Any]:
    a, p, u = Appointment, Patient, User
    consultation = and_(
        Consultation.appointment_id == a.id,
        Consultation.status != ConsultationStatus.ABANDONED,
    )
    return (
        select(a.id, a.version, a.status, a.appointment_date, a.start_time, a.end_time, a.starts_at, a.ends_at)
        .add_columns(a.holds_slot, a.under_review, a.type, a.reason)
        .add_columns(a.checked_in_at, a.vitals_recorded_at, a.started_at, a.completed_at)
        .add_columns(p.id, p.first_name, p.last_name, p.mrn, p.date_of_birth, p.sex, p.phone, p.status)
        .add_columns(p.no_show_count, p.search_text)
        .add_columns(Doctor.id, u.first_name, u.last_name, Doctor.specialization, Consultation.id)
        .join(p, p.id == a.patient_id)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(u, u.id == Doctor.user_id)
        .outerjoin(Consultation, consultation)
        .where(a.hospital_id == actor.hospital_id)
    )
