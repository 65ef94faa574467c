"""Who can be visited, and when at the earliest: what a patient chooses a doctor by."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    exists,
    func,
    nulls_last,
    select,
)
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.models import Appointment, Doctor, DoctorDay, DoctorSlot, User
from hms.queries.bookings import is_live

LONGEST = timedelta(hours=8)
"""No slot lasts longer (the schema sees to it), so one that ends from now on began no earlier than that before."""


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


@dataclass(frozen=True, slots=True)
class FreeTimeWish:
    """Whose free times to look for, and between which days. ``ends_from``: as in ``doctors``."""

    ends_from: datetime
    first: date
    last: date
    specialization: str | None = None
    limit: int = 1


@dataclass(frozen=True, slots=True)
class FreeTime:
    """A time that can be booked now, and with whom. Instants are in UTC."""

    slot_id: UUID
    doctor_id: UUID
    first_name: str
    last_name: str
    specialization: str
    slot_date: date
    start_time: time
    end_time: time
    starts_at: datetime
    ends_at: datetime


def doctors(session: Session, actor: Actor, ends_from: datetime, first: date, last: date) -> list[DoctorChoice]:
    """Return the doctors who take patients, by specialty and name, in one statement.

    ``ends_from``: a time that ends before it is past (now + rebook buffer); ``first`` to ``last``: days to look at.
    The same conditions as ``slots.of_range``; closed days need none, because they keep no free slots.
    """
    require(actor, Permission.SEE_DOCTORS)
    d, u = Doctor, User
    statement = (
        select(d.id, u.first_name, u.last_name, d.specialization, _earliest())
        .join(u, u.id == d.user_id)
        .where(d.hospital_id == actor.hospital_id, d.is_available, u.is_active)
        .order_by(d.specialization, u.last_name, u.first_name, d.id)
    )
    values = {"begins_from": ends_from - LONGEST, "ends_from": ends_from, "first": first, "last": last}
    return [DoctorChoice(*row) for row in session.execute(statement, values)]


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


def first_free(session: Session, actor: Actor, wish: FreeTimeWish) -> list[FreeTime]:
    """Return the first free time of each doctor of a specialty, the earliest first, in one statement.

    Doctors who take no patients, or have no time before the wish ends, are not among them.
    """
    require(actor, Permission.SEE_DOCTORS)
    values = {
        "hospital_id": actor.hospital_id,
        "specialization": wish.specialization,
        "begins_from": wish.ends_from - LONGEST,
        "ends_from": wish.ends_from,
        "first": wish.first,
        "last": wish.last,
        "most": wish.limit,
    }
    statement = _OF_ALL if wish.specialization is None else _OF_SPECIALTY
    return [FreeTime(*row) for row in session.execute(statement, values)]


def _first_free(*chosen: ColumnElement[bool]) -> Select[Any]:
    d, u, s = Doctor, User, DoctorSlot
    each = (
        select(d.id, d.specialization, u.first_name, u.last_name, _earliest().label("starts_at"))
        .join(u, u.id == d.user_id)
        .where(d.hospital_id == bindparam("hospital_id"), d.is_available, u.is_active, *chosen)
        .subquery()
    )
    # Who has none sorts last and finds no slot below: a condition here would have each looked for twice.
    first = select(each).order_by(nulls_last(each.c.starts_at), each.c.id).limit(bindparam("most", type_=Integer)).cte()
    e = first.c
    return (
        select(s.id, e.id, e.first_name, e.last_name, e.specialization)
        .add_columns(s.slot_date, s.start_time, s.end_time, s.starts_at, s.ends_at)
        .join(first, and_(s.doctor_id == e.id, s.starts_at == e.starts_at))
        .order_by(s.starts_at, e.id)
    )


def _earliest() -> ScalarSelect[datetime]:
    """Select the start of a doctor's first free time: along their own slots, from now on, until one is free.

    What is taken: a slot that a visit holds, and one that a live visit without slot row overlaps.
    """
    s, a, day = DoctorSlot, Appointment, DoctorDay
    held = exists().where(a.slot_id == s.id, a.holds_slot)
    overlapped = exists().where(
        a.doctor_id == s.doctor_id, a.slot_id.is_(None), is_live(), a.starts_at < s.ends_at, a.ends_at > s.starts_at
    )
    return (
        select(s.starts_at)
        .outerjoin(day, and_(day.doctor_id == s.doctor_id, day.day == s.slot_date))
        .where(
            s.doctor_id == Doctor.id,
            s.starts_at >= bindparam("begins_from"),
            s.ends_at >= bindparam("ends_from"),
            s.slot_date.between(bindparam("first"), bindparam("last")),
            ~s.blocked_manually,
            s.absence_id.is_(None),
            ~held,
            ~overlapped,
            func.coalesce(day.booked, 0) < Doctor.max_patients_per_day,
        )
        .order_by(s.starts_at)
        .limit(1)
        .correlate(Doctor)
        .scalar_subquery()
    )


# Built once: building takes longer than reading.
_OF_ALL = _first_free()
_OF_SPECIALTY = _first_free(Doctor.specialization == bindparam("specialization"))
