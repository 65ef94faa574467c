"""A patient's visits so far, with what was found, as far as it is the reader's to know."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select, tuple_
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.appointments import Status
from hms.domain.consultations import ConsultationStatus
from hms.models import Appointment, Consultation, Doctor, User
from hms.queries import patients
from hms.queries.appointments import DoctorBrief
from hms.queries.consultations import readable_by

Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One visit. Complaint, diagnosis, notes and prescriptions are None where there are none for the reader."""

    appointment_id: UUID
    date: date
    start_time: time
    starts_at: datetime
    status: Status
    type: str
    doctor: DoctorBrief
    consultation_id: UUID | None
    chief_complaint: str | None
    diagnosis: list[dict[str, Any]] | None
    treatment_notes: str | None
    prescriptions: list[dict[str, Any]] | None


def of_patient(
    session: Session, actor: Actor, patient_id: UUID, now: datetime, *, after: Place | None, limit: int
) -> list[HistoryRow]:
    """Return up to ``limit`` visits that have begun, the latest first, in two statements; NOT_FOUND as `patients.one`.

    All staff see the visits. What was found is for admins, the doctors who lead or were asked into the consultation,
    and the patient, who reads it once it is completed.
    """
    patients.one(session, actor, patient_id)
    a, c, u = Appointment, Consultation, User
    statement = (
        select(a.id, a.appointment_date, a.start_time, a.starts_at, a.status, a.type)
        .add_columns(Doctor.id, u.first_name, u.last_name, Doctor.specialization)
        .add_columns(c.id, c.chief_complaint, c.diagnosis, c.treatment_notes, c.prescriptions)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(u, u.id == Doctor.user_id)
        .outerjoin(c, and_(c.appointment_id == a.id, c.status != ConsultationStatus.ABANDONED, readable_by(actor)))
        .where(a.hospital_id == actor.hospital_id, a.patient_id == patient_id, a.starts_at <= now)
        .order_by(a.starts_at.desc(), a.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(a.starts_at, a.id) < after)
    return [_row(tuple(row)) for row in session.execute(statement)]


def _row(cells: tuple[Any, ...]) -> HistoryRow:
    doctor: tuple[Any, ...] = (DoctorBrief(*cells[6:10]),)
    return HistoryRow(*cells[:6] + doctor + cells[10:])
