"""An appointment as the link in a message shows it to whoever holds the link."""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.links import VisitLink
from hms.domain.appointments import Status
from hms.domain.people import Role
from hms.domain.visit_links import is_about
from hms.models import Appointment, Doctor, Hospital, Patient, User


@dataclass(frozen=True, slots=True)
class LinkedVisit:
    """What a link shows: no more than the message that it came in.

    ``actor``: the patient, by the link; ``doctor_name``: without title.
    """

    id: UUID
    actor: Actor
    status: Status
    date: date
    start_time: time
    starts_at: datetime
    sequence: int
    version: int
    first_name: str
    doctor_id: UUID
    doctor_name: str
    specialization: str
    hospital_name: str
    address: str
    phone: str
    timezone: str
    locale: str
    language: str

    @property
    def zone(self) -> ZoneInfo:
        """The hospital's time zone."""
        return ZoneInfo(self.timezone)


def one(session: Session, link: VisitLink, now: datetime) -> LinkedVisit | None:
    """Return the visit that a link opens; None once it began, or was moved after the link was written."""
    a, h, u = Appointment, Hospital, User
    statement = (
        select(a.id, a.hospital_id, a.patient_id, a.status, a.appointment_date, a.start_time, a.starts_at)
        .add_columns(a.calendar_sequence, a.version, Patient.first_name, a.doctor_id, u.first_name, u.last_name)
        .add_columns(Doctor.specialization, h.name, h.address, h.phone, h.timezone, h.locale, Patient.language)
        .join(Patient, Patient.id == a.patient_id)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(u, u.id == Doctor.user_id)
        .join(h, h.id == a.hospital_id)
        .where(a.id == link.appointment_id, a.starts_at > now)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        return None
    found, hospital_id, patient_id, status, day, start, starts_at, sequence, version, name, *others = row
    doctor_id, doctor_first, doctor_last, *rest = others
    if not is_about(link.sequence, sequence, status):
        return None
    return LinkedVisit(
        found,
        Actor(hospital_id, Role.PATIENT, patient_id=patient_id, by_link=True),
        status,
        day,
        start,
        starts_at,
        sequence,
        version,
        name,
        doctor_id,
        f"{doctor_first} {doctor_last}".strip(),
        *rest,
    )
