"""What stands in somebody's private calendar, found by the hash of its secret."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.domain.appointments import Status
from hms.domain.people import PatientStatus
from hms.models import Appointment, CalendarFeed, Doctor, Hospital, Patient, User

PAST = timedelta(days=14)
"""How far back a feed reaches; calendars keep by themselves what they have shown."""


@dataclass(frozen=True, slots=True)
class FeedState:
    """Whether there is an address at present, and since when (machine clock)."""

    is_active: bool
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class FeedVisit:
    """One visit as it stands now. ``doctor_name`` with title; ``mrn`` is the patient's."""

    appointment_id: UUID
    status: Status
    sequence: int
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    doctor_name: str
    mrn: str


@dataclass(frozen=True, slots=True)
class Feed:
    """One owner's visits, by start. ``of_doctor``: a doctor's own calendar, otherwise a patient's."""

    of_doctor: bool
    owner: str
    hospital_name: str
    hospital_address: str
    timezone: str
    visits: tuple[FeedVisit, ...]

    @property
    def tag(self) -> str:
        """A word that changes with whatever is shown."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:32]


def state(session: Session, actor: Actor) -> FeedState:
    """Return how things stand with the actor's own address; it is never shown again."""
    require(actor, Permission.HAVE_CALENDAR_FEED)
    f = CalendarFeed
    own = f.doctor_id == actor.doctor_id if actor.doctor_id else f.patient_id == actor.patient_id
    created_at = session.scalar(select(f.created_at).where(f.hospital_id == actor.hospital_id, own))
    return FeedState(created_at is not None, created_at)


def by_digest(session: Session, digest: str, now: datetime) -> Feed | None:
    """Return the feed whose secret has this hash, in two statements.

    None when there is none, or when its owner's login or record has been closed since.
    """
    f, p, d = CalendarFeed, Patient, Doctor
    login = aliased(User)
    statement = (
        select(f.hospital_id, f.doctor_id, f.patient_id, login.first_name, login.last_name)
        .add_columns(p.first_name.label("patient_first"), p.last_name.label("patient_last"))
        .add_columns(Hospital.name, Hospital.address, Hospital.timezone)
        .join(Hospital, Hospital.id == f.hospital_id)
        .outerjoin(d, d.id == f.doctor_id)
        .outerjoin(p, and_(p.id == f.patient_id, p.status != PatientStatus.INACTIVE))
        .join(login, login.id == func.coalesce(d.user_id, p.user_id))
        .where(f.digest == digest, login.is_active)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        return None
    of_doctor = row.doctor_id is not None
    a = Appointment
    whose = a.doctor_id == row.doctor_id if of_doctor else a.patient_id == row.patient_id
    owner = f"Dr. {row.first_name} {row.last_name}" if of_doctor else f"{row.patient_first} {row.patient_last}"
    return Feed(
        of_doctor=of_doctor,
        owner=owner,
        hospital_name=row.name,
        hospital_address=row.address,
        timezone=row.timezone,
        visits=_visits(
            session, and_(a.hospital_id == row.hospital_id, whose, a.appointment_date >= (now - PAST).date())
        ),
    )


def _visits(session: Session, chosen: ColumnElement[bool]) -> tuple[FeedVisit, ...]:
    a, u = Appointment, User
    statement = (
        select(a.id, a.status, a.calendar_sequence, a.starts_at, a.ends_at, a.updated_at)
        .add_columns(u.first_name, u.last_name, Patient.mrn)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(u, u.id == Doctor.user_id)
        .join(Patient, Patient.id == a.patient_id)
        .where(chosen)
        .order_by(a.starts_at, a.id)
    )
    visits = []
    for row in session.execute(statement):
        appointment_id, status, sequence, starts_at, ends_at, changed_at, first, last, mrn = row
        doctor = f"Dr. {first} {last}"
        visits.append(FeedVisit(appointment_id, status, sequence, starts_at, ends_at, changed_at, doctor, mrn))
    return tuple(visits)
