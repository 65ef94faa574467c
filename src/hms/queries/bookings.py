"""What the fourteen checks of a booking need to know, read in two statements once everything is locked."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, false, or_, select
from sqlalchemy.orm import Session

from hms.domain.absences import AbsenceStatus
from hms.domain.appointments import LIVE, Status
from hms.domain.intervals import Span
from hms.domain.slots import DayOfWeek, WeeklyBlock
from hms.models import Appointment, DoctorAbsence, DoctorDay, User
from hms.queries.schedules import blocks_of, closing_on

ALIVE = bindparam("live", [status.value for status in Status if status in LIVE], expanding=True, literal_execute=True)
"""The live states as literals: the planner then knows that the index of live visits holds all it looks for."""

LONGEST = timedelta(days=1)
"""No visit lasts longer (the schema sees to it), so the index on starts bounds every look for overlaps."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A time that somebody wants. ``doctor_id`` and ``user_id`` (the doctor's login) are None for no such doctor.

    ``slot_id`` is None when no slot starts then; ``moving`` is the appointment that would be moved there.
    """

    hospital_id: UUID
    patient_id: UUID
    doctor_id: UUID | None
    user_id: UUID | None
    slot_id: UUID | None
    day: date
    wall: Span[time]
    span: Span[datetime]
    moving: UUID | None = None


@dataclass(frozen=True, slots=True)
class State:
    """How things stand around a wish. ``counted``: patients who count on that day, the moved one left out."""

    patient_is_taken: bool
    doctor_is_taken: bool
    slot_is_held: bool
    login_is_active: bool
    is_holiday: bool
    is_absent: bool
    counted: int
    blocks: tuple[WeeklyBlock, ...]


def state_of(session: Session, wish: Wish) -> State:
    """Read what decides about a wish."""
    row = session.execute(_statement(wish)).one()
    blocks: tuple[WeeklyBlock, ...] = ()
    if wish.doctor_id is not None:
        blocks = tuple(blocks_of(session, [wish.doctor_id], DayOfWeek.of(wish.day))[wish.doctor_id])
    return State(
        patient_is_taken=row.patient_is_taken,
        doctor_is_taken=row.doctor_is_taken,
        slot_is_held=row.slot_is_held,
        login_is_active=bool(row.login_is_active),
        is_holiday=row.is_holiday,
        is_absent=row.is_absent,
        counted=(row.counted or 0) - int(row.counts_itself),
        blocks=blocks,
    )


def _statement(wish: Wish) -> Select[Any]:
    a, day = Appointment, DoctorDay
    counted = select(day.booked).where(day.doctor_id == wish.doctor_id, day.day == wish.day)
    itself: ColumnElement[bool] = false()
    if wish.moving is not None:  # what can be moved is open, so it counts wherever it is
        itself = exists().where(a.id == wish.moving, a.doctor_id == wish.doctor_id, a.appointment_date == wish.day)
    return select(
        _live(a.patient_id == wish.patient_id, wish).label("patient_is_taken"),
        _live(a.doctor_id == wish.doctor_id, wish).label("doctor_is_taken"),
        _held(wish).label("slot_is_held"),
        select(User.is_active).where(User.id == wish.user_id).scalar_subquery().label("login_is_active"),
        exists().where(closing_on(wish.hospital_id, wish.day)).label("is_holiday"),
        _absent(wish).label("is_absent"),
        counted.scalar_subquery().label("counted"),
        itself.label("counts_itself"),
    )


def _live(whose: ColumnElement[bool], wish: Wish) -> ColumnElement[bool]:
    """Tell whether a live visit overlaps the wish; for a wish without length, whether one goes on at its start."""
    a = Appointment
    start, end = wish.span.start, max(wish.span.end, wish.span.start + timedelta(microseconds=1))
    conditions = [
        whose,
        a.status.in_(ALIVE),
        a.starts_at < end,
        a.starts_at > start - LONGEST,
        a.ends_at > start,
    ]
    if wish.moving is not None:
        conditions.append(a.id != wish.moving)
    return exists().where(*conditions)


def _held(wish: Wish) -> ColumnElement[bool]:
    a = Appointment
    if wish.slot_id is None:
        return false()
    held = [a.slot_id == wish.slot_id, a.holds_slot]
    if wish.moving is not None:
        held.append(a.id != wish.moving)
    return exists().where(*held)


def _absent(wish: Wish) -> ColumnElement[bool]:
    b = DoctorAbsence
    return exists().where(
        b.doctor_id == wish.doctor_id,
        b.status == AbsenceStatus.ACTIVE,
        b.start_date <= wish.day,
        b.end_date >= wish.day,
        or_(b.is_full_day, and_(b.start_time < wish.wall.end, b.end_time > wish.wall.start)),
    )
