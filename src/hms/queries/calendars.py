"""Doctors' days side by side, and a month at a glance: what calendar pages show beside the visits themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.models import Appointment, Doctor, DoctorSlot
from hms.queries.bookings import is_live


@dataclass(frozen=True, slots=True)
class GridSlot:
    """One slot of the day. ``taken``: held by a visit, or overlapped by a live one of another grid."""

    id: UUID
    doctor_id: UUID
    start: time
    end: time
    starts_at: datetime
    ends_at: datetime
    blocked_by_hand: bool
    blocked_reason: str | None
    absence_id: UUID | None
    taken: bool

    @property
    def is_blocked(self) -> bool:
        """Tell whether an absence or a person keeps the slot from being booked."""
        return self.blocked_by_hand or self.absence_id is not None


@dataclass(frozen=True, slots=True)
class DayLoad:
    """One day's slots: how many there are, how many are taken, how many of the others are blocked."""

    day: date
    slots: int
    taken: int
    blocked: int

    @property
    def free(self) -> int:
        """Slots that nobody has taken or blocked."""
        return self.slots - self.taken - self.blocked


def slots_of_day(session: Session, actor: Actor, day: date, doctor_id: UUID | None = None) -> list[GridSlot]:
    """Return the day's slots of all doctors, or of one, by start, in one statement."""
    require(actor, Permission.SEE_BOARD)
    s = DoctorSlot
    statement = (
        select(s.id, s.doctor_id, s.start_time, s.end_time, s.starts_at, s.ends_at)
        .add_columns(s.blocked_manually, s.blocked_reason, s.absence_id, _taken())
        .where(*_chosen(actor, day, day, doctor_id))
        .order_by(s.starts_at, s.id)
    )
    return [GridSlot(*row) for row in session.execute(statement)]


def loads(session: Session, actor: Actor, first: date, last: date, doctor_id: UUID | None = None) -> list[DayLoad]:
    """Return how full each day with slots is, of all doctors or of one, in one statement."""
    require(actor, Permission.SEE_BOARD)
    s, taken = DoctorSlot, _taken()
    blocked = and_(or_(s.blocked_manually, s.absence_id.is_not(None)), ~taken)
    statement = (
        select(s.slot_date, func.count(), _number(taken), _number(blocked))
        .where(*_chosen(actor, first, last, doctor_id))
        .group_by(s.slot_date)
        .order_by(s.slot_date)
    )
    return [DayLoad(*row) for row in session.execute(statement)]


def _chosen(actor: Actor, first: date, last: date, doctor_id: UUID | None) -> Sequence[ColumnElement[bool]]:
    s = DoctorSlot
    doctors = select(Doctor.id).where(Doctor.hospital_id == actor.hospital_id)
    whose = s.doctor_id == doctor_id if doctor_id is not None else s.doctor_id.in_(doctors)
    return (s.hospital_id == actor.hospital_id, whose, s.slot_date.between(first, last))


def _taken() -> ColumnElement[bool]:
    """Tell of a slot whether a visit holds it, or a live one without it overlaps it (as ``free_times`` does)."""
    s, a = DoctorSlot, Appointment
    held = exists().where(a.slot_id == s.id, a.holds_slot)
    overlapped = exists().where(
        a.doctor_id == s.doctor_id,
        a.appointment_date == s.slot_date,
        a.slot_id.is_(None),
        is_live(),
        a.starts_at < s.ends_at,
        a.ends_at > s.starts_at,
    )
    return or_(held, overlapped)


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
