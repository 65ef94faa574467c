"""What a calendar file says of an appointment."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.scope import not_found, own_patients
from hms.domain.appointments import Status
from hms.models import Appointment, Doctor, Hospital, User


@dataclass(frozen=True, slots=True)
class CalendarVisit:
    """One appointment as it stands now; ``sequence`` rises with every change of it. ``doctor_name`` with title."""

    appointment_id: UUID
    status: Status
    sequence: int
    starts_at: datetime
    ends_at: datetime
    doctor_name: str
    specialization: str
    hospital_name: str
    hospital_address: str


def of_appointment(session: Session, actor: Actor, appointment_id: UUID) -> CalendarVisit:
    """Return it; raise NOT_FOUND for another hospital's, and for a patient another patient's."""
    a = Appointment
    statement = (
        select(a.id, a.status, a.calendar_sequence, a.starts_at, a.ends_at)
        .add_columns(User.first_name, User.last_name, Doctor.specialization, Hospital.name, Hospital.address)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(User, User.id == Doctor.user_id)
        .join(Hospital, Hospital.id == a.hospital_id)
        .where(a.id == appointment_id, a.hospital_id == actor.hospital_id)
    )
    if not (actor.is_system or actor.is_staff):
        statement = statement.where(own_patients(actor, a.patient_id))
    row = session.execute(statement).one_or_none()
    if row is None:
        raise not_found("Appointment")
    return CalendarVisit(
        appointment_id=row.id,
        status=row.status,
        sequence=row.calendar_sequence,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        doctor_name=f"Dr. {row.first_name} {row.last_name}",
        specialization=row.specialization,
        hospital_name=row.name,
        hospital_address=row.address,
    )
