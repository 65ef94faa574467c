"""Who can be visited, and when at the earliest: what a patient chooses a doctor by."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.domain.appointments import LIVE
from hms.models import Appointment, Doctor, DoctorDay, DoctorSlot, User


@dataclass(frozen=True, slots=True)
class DoctorChoice:
    """A doctor who takes patients. ``earliest``: the start of their first free time, None when there is none."""

    id: UUID
    first_name: str
    last_name: str
    specialization: str
    earliest: datetime | None

    @property
    def name(self) -> str:
        """The name with title."""
        return f"Dr. {self.first_name} {self.last_name}"


def doctors(session: Session, actor: Actor, ends_from: datetime, first: date, last: date) -> list[DoctorChoice]:
    """Return the doctors who take patients, by specialty and name, in one statement.

    ``ends_from``: a time that ends before it is past (now + rebook buffer); ``first`` to ``last``: days to look at.
    The same conditions as ``slots.of_range``; closed days need none, because they keep no free slots.
    """
    require(actor, Permission.SEE_DOCTORS)
    d, u = Doctor, User
    earliest = _earliest(actor, ends_from, first, last)
    statement = (
        select(d.id, u.first_name, u.last_name, d.specialization, earliest.c.starts_at)
        .join(u, u.id == d.user_id)
        .outerjoin(earliest, earliest.c.doctor_id == d.id)
        .where(d.hospital_id == actor.hospital_id, d.is_available, u.is_active)
        .order_by(d.specialization, u.last_name, u.first_name, d.id)
    )
    return [DoctorChoice(*row) for row in session.execute(statement)]


def doctor(session: Session, actor: Actor, doctor_id: UUID) -> DoctorChoice | None:
    """Return a doctor of the hospital without looking for free times; None when there is no such doctor."""
    require(actor, Permission.SEE_DOCTORS)
    d, u = Doctor, User
    statement = (
        select(d.id, u.first_name, u.last_name, d.specialization)
        .join(u, u.id == d.user_id)
        .where(d.hospital_id == actor.hospital_id, d.id == doctor_id)
    )
    row = session.execute(statement).one_or_none()
    return None if row is None else DoctorChoice(*row, earliest=None)


def _earliest(actor: Actor, ends_from: datetime, first: date, last: date):  # type: ignore[no-untyped-def]
    s, a, day = DoctorSlot, Appointment, DoctorDay
    taken = (
        select(a.id)
        .where(
            a.doctor_id == s.doctor_id,
            a.appointment_date == s.slot_date,
            a.holds_slot,
            or_(a.slot_id == s.id, and_(a.status.in_(LIVE), a.starts_at < s.ends_at, a.ends_at > s.starts_at)),
        )
        .exists()
    )
    return (
        select(s.doctor_id, func.min(s.starts_at, type_=s.starts_at.type).label("starts_at"))
        .join(Doctor, Doctor.id == s.doctor_id)
        .outerjoin(day, and_(day.doctor_id == s.doctor_id, day.day == s.slot_date))
        .where(
            s.hospital_id == actor.hospital_id,
            s.slot_date.between(first, last),
            s.ends_at >= ends_from,
            ~s.blocked_manually,
            s.absence_id.is_(None),
            func.coalesce(day.booked, 0) < Doctor.max_patients_per_day,
            ~taken,
        )
        .group_by(s.doctor_id)
        .subquery()
    )
