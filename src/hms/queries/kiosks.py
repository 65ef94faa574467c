"""What a kiosk may know: the hospital it stands in, and today's visits of who knows their number and birth date."""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.scope import not_found
from hms.domain.appointments import OPEN, Status
from hms.domain.people import PatientStatus
from hms.domain.policy import Policy
from hms.models import Appointment, Doctor, Hospital, Patient, User


@dataclass(frozen=True, slots=True)
class Kiosk:
    """A hospital that has its kiosk switched on. ``minutes_before``: how long before the start one may check in."""

    hospital_id: UUID
    code: str
    name: str
    zone: ZoneInfo
    locale: str
    minutes_before: int


@dataclass(frozen=True, slots=True)
class KioskVisit:
    """A visit as a kiosk shows it; wall time is the hospital's."""

    appointment_id: UUID
    status: Status
    start_time: time
    starts_at: datetime
    due_at: datetime
    doctor_name: str


def one(session: Session, hospital_code: str) -> Kiosk:
    """Return a hospital's kiosk; raise NOT_FOUND for no such hospital as for one that has it switched off."""
    h = Hospital
    row = session.execute(
        select(h.id, h.code, h.name, h.timezone, h.locale, h.settings).where(h.code == hospital_code.upper())
    ).one_or_none()
    policy = Policy.from_settings(row.settings) if row else Policy()
    if row is None or not policy.kiosk_check_in:
        raise not_found("Kiosk")
    return Kiosk(row.id, row.code, row.name, ZoneInfo(row.timezone), row.locale, policy.kiosk_minutes_before)


def visits(session: Session, hospital_id: UUID, mrn: str, date_of_birth: date, today: date) -> list[KioskVisit]:
    """Return today's open and checked-in visits of a patient, by start; none for a wrong number or birth date.

    One statement whatever is wrong: its time tells nothing either.
    """
    a, p, u = Appointment, Patient, User
    statement = (
        select(a.id, a.status, a.start_time, a.starts_at, a.no_show_due_at, u.first_name, u.last_name)
        .join(p, p.id == a.patient_id)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(u, u.id == Doctor.user_id)
        .where(
            a.hospital_id == hospital_id,
            a.appointment_date == today,
            a.status.in_([*sorted(OPEN), Status.CHECKED_IN]),
            p.mrn == mrn,
            p.date_of_birth == date_of_birth,
            p.status != PatientStatus.INACTIVE,
        )
        .order_by(a.starts_at, a.id)
    )
    return [
        KioskVisit(visit_id, status, start, starts_at, due_at, f"{first} {last}")
        for visit_id, status, start, starts_at, due_at, first, last in session.execute(statement)
    ]
