"""What the fourteen checks of a booking need to know, read in one statement once everything is locked."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    extract,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session

from hms.domain.absences import AbsenceStatus
from hms.domain.appointments import LIVE, Status
from hms.domain.intervals import Span
from hms.domain.slots import DayOfWeek, WeeklyBlock
from hms.models import Appointment, DoctorAbsence, DoctorDay, DoctorSchedule, HospitalHoliday, User

NOBODY = UUID(int=0)
"""Stands for no row in conditions."""

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

    @property
    def weekday(self) -> DayOfWeek:
        """The wished day's place in the week."""
        return DayOfWeek.of(self.day)


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
    start, end = wish.span.start, wish.span.end
    values = {
        "hospital_id": wish.hospital_id,
        "patient_id": wish.patient_id,
        "doctor_id": wish.doctor_id or NOBODY,
        "user_id": wish.user_id or NOBODY,
        "slot_id": wish.slot_id or NOBODY,
        "moving": wish.moving or NOBODY,
        "day": wish.day,
        "month_of_day": wish.day.month,
        "day_of_month": wish.day.day,
        "wall_start": wish.wall.start,
        "wall_end": wish.wall.end,
        "starts_at": start,
        "ends_at": max(end, start + timedelta(microseconds=1)),  # a wish without length: does anything go on then?
        "earliest": start - LONGEST,
        "weekday": wish.weekday,
    }
    found = session.execute(_STATE, values).all()
    row = found[0]
    return State(
        patient_is_taken=row.patient_is_taken,
        doctor_is_taken=row.doctor_is_taken,
        slot_is_held=row.slot_is_held,
        login_is_active=bool(row.login_is_active),
        is_holiday=row.is_holiday,
        is_absent=row.is_absent,
        # What can be moved is open, so it counts wherever it is.
        counted=(row.counted or 0) - int(row.counts_itself),
        blocks=tuple(WeeklyBlock(wish.weekday, *one[-_HOURS:]) for one in found if one.start_time is not None),
    )


def is_live(status: ColumnElement[Any] | None = None) -> ColumnElement[bool]:
    """Build the condition of a live visit, with literals: the planner then sees that the index of live ones fits."""
    column = Appointment.status if status is None else status
    return column.in_([literal_column(f"'{word.value}'") for word in Status if word in LIVE])


def _state_statement() -> Select[Any]:
    """Select how things stand, once for each block of hours of that weekday; once without hours when there is none.

    The tables' columns, not the classes': every booking asks, and rows need no objects.
    """
    a, b, d, s, u = (m.__table__.c for m in (Appointment, DoctorAbsence, DoctorDay, DoctorSchedule, User))
    doctor_id, day = bindparam("doctor_id", type_=a.doctor_id.type), bindparam("day", type_=d.day.type)
    moving = bindparam("moving", type_=a.id.type)
    overlapping = (
        is_live(a.status),
        a.starts_at < bindparam("ends_at"),
        a.starts_at > bindparam("earliest"),
        a.ends_at > bindparam("starts_at"),
        a.id != moving,
    )
    absent = (
        b.doctor_id == doctor_id,
        b.status == AbsenceStatus.ACTIVE,
        b.start_date <= day,
        b.end_date >= day,
        or_(b.is_full_day, and_(b.start_time < bindparam("wall_end"), b.end_time > bindparam("wall_start"))),
    )
    one = select(literal(1).label("one")).subquery("one")
    hours = and_(s.doctor_id == doctor_id, s.day_of_week == bindparam("weekday"), s.is_active)
    return (
        select(
            exists().where(a.patient_id == bindparam("patient_id"), *overlapping).label("patient_is_taken"),
            exists().where(a.doctor_id == doctor_id, *overlapping).label("doctor_is_taken"),
            exists().where(a.slot_id == bindparam("slot_id"), a.holds_slot, a.id != moving).label("slot_is_held"),
            select(u.is_active).where(u.id == bindparam("user_id")).scalar_subquery().label("login_is_active"),
            exists().where(_closing(day)).label("is_holiday"),
            exists().where(*absent).label("is_absent"),
            select(d.booked).where(d.doctor_id == doctor_id, d.day == day).scalar_subquery().label("counted"),
            exists().where(a.id == moving, a.doctor_id == doctor_id, a.appointment_date == day).label("counts_itself"),
        )
        .add_columns(s.start_time, s.end_time, s.break_start, s.break_end)
        .select_from(one.outerjoin(DoctorSchedule.__table__, hours))
    )


def _closing(day: BindParameter[date]) -> ColumnElement[bool]:
    """Build the condition of a holiday that closes the day; 29 February recurs only in leap years."""
    h = HospitalHoliday.__table__.c
    month, day_of_month = bindparam("month_of_day", type_=Integer), bindparam("day_of_month", type_=Integer)
    same = and_(extract("month", h.date) == month, extract("day", h.date) == day_of_month)
    return and_(h.hospital_id == bindparam("hospital_id"), h.is_active, or_(h.date == day, and_(h.is_recurring, same)))


# Built once: building takes longer than reading.
_STATE = _state_statement()
_HOURS = 4
