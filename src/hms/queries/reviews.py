"""The review list: what waits for a human decision."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select, text, tuple_
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.domain.appointments import OPEN, Status
from hms.domain.no_shows import REVIEW_WORDS, ReviewReason
from hms.models import Appointment, AppointmentReview, Doctor, Patient, User

# The words of the index ix_appointments_to_review, so that the planner sees that it holds all these rows.
TO_REVIEW_HERE = "(appointments.under_review OR appointments.status IN ('CHECKED_IN', 'IN_PROGRESS'))"
Position = tuple[datetime, UUID]
"""A place in the order of (start, appointment id)."""


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One visit that somebody must look at, and in plain words why it is there.

    ``can_decide``: False for visits left open at the end of their day, which end as any other visit does; their
    ``opened_at`` is None.
    """

    appointment_id: UUID
    reason: ReviewReason
    why: str
    can_decide: bool
    status: Status
    opened_at: datetime | None
    day: date
    start: time
    starts_at: datetime
    version: int
    patient_id: UUID
    patient_name: str
    mrn: str
    doctor_id: UUID
    doctor_name: str


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which ones: by reason, and of one doctor."""

    reason: ReviewReason | None = None
    doctor_id: UUID | None = None


EVERYTHING = ReviewFilter()


def waiting(
    session: Session,
    actor: Actor,
    today: date,
    limit: int = 200,
    wanted: ReviewFilter = EVERYTHING,
    *,
    after: Position | None = None,
) -> list[ReviewRow]:
    """Return what waits, oldest visit first, behind ``after``; ``today``: the hospital's date.

    Beside what the sweep put there: visits of past days that are still CHECKED_IN or IN_PROGRESS. The index
    ix_appointments_to_review holds these rows and those of today's patients, no others.
    """
    require(actor, Permission.DECIDE_REVIEWS)
    a, r = Appointment, AppointmentReview
    left_open = a.status.in_([Status.CHECKED_IN, Status.IN_PROGRESS]) & (a.appointment_date < today)
    held_back = and_(a.under_review, a.status.in_(sorted(OPEN)), r.id.is_not(None), r.decided_at.is_(None))
    statement = (
        _reviews()
        .where(a.hospital_id == actor.hospital_id, text(TO_REVIEW_HERE), or_(left_open, held_back))
        .order_by(a.starts_at, a.id)
        .limit(limit)
    )
    if wanted.reason is ReviewReason.LEFT_OPEN:
        statement = statement.where(left_open)
    elif wanted.reason is not None:
        statement = statement.where(held_back, r.reason == wanted.reason)
    if wanted.doctor_id is not None:
        statement = statement.where(a.doctor_id == wanted.doctor_id)
    if after is not None:
        statement = statement.where(tuple_(a.starts_at, a.id) > after)
    return [_row(row) for row in session.execute(statement)]


def _reviews() -> Select[Any]:
    a, r = Appointment, AppointmentReview
    return (
        select(a.id, a.status, a.appointment_date, a.start_time, a.starts_at, a.version, r.reason, r.opened_at)
        .add_columns(Patient.id.label("patient_id"), Patient.first_name, Patient.last_name, Patient.mrn)
        .add_columns(a.doctor_id, User.first_name.label("doctor_first"), User.last_name.label("doctor_last"))
        .outerjoin(r, r.appointment_id == a.id)
        .join(Patient, Patient.id == a.patient_id)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(User, User.id == Doctor.user_id)
    )


def _row(row: Any) -> ReviewRow:
    can_decide = row.status in OPEN
    reason = row.reason if can_decide else ReviewReason.LEFT_OPEN
    return ReviewRow(
        appointment_id=row.id,
        reason=reason,
        why=REVIEW_WORDS[reason],
        can_decide=can_decide,
        status=row.status,
        opened_at=row.opened_at if can_decide else None,
        day=row.appointment_date,
        start=row.start_time,
        starts_at=row.starts_at,
        version=row.version,
        patient_id=row.patient_id,
        patient_name=f"{row.first_name} {row.last_name}",
        mrn=row.mrn,
        doctor_id=row.doctor_id,
        doctor_name=f"{row.doctor_first} {row.doctor_last}",
    )
