"""Doctors' slots and whether each can be booked now."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BindParameter,
    Row,
    ScalarSelect,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.errors import Code, DomainError
from hms.domain.intervals import Span
from hms.domain.policy import Policy
from hms.domain.slots import Holiday, last_day
from hms.models import Appointment, Doctor, DoctorDay, DoctorSlot, Hospital, HospitalHoliday, User
from hms.models.engines import Source
from hms.queries import hospitals, schedules
from hms.queries.bookings import is_live


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One slot. ``is_available``: checks 4-14 of a booking would pass now (rules §2). Instants are in UTC."""

    id: UUID
    doctor_id: UUID
    slot_date: date
    start_time: time
    end_time: time
    starts_at: datetime
    ends_at: datetime
    is_booked: bool
    is_blocked: bool
    is_available: bool


@dataclass(frozen=True, slots=True)
class _Openness:
    """What decides, beside the slot itself, whether it can be booked: asked once for all slots of an answer."""

    takes_patients: bool
    max_patients: int
    ends_from: datetime
    latest: date
    holidays: tuple[Holiday, ...]

    def closes(self, day: date) -> bool:
        return any(holiday.closes(day) for holiday in self.holidays)


def of_day(source: Source, actor: Actor, doctor_id: UUID, day: date, now: datetime) -> list[SlotRow]:
    """Return a doctor's slots of a day in order, in one statement; raise DOCTOR_NOT_FOUND for another hospital's."""
    return of_range(source, actor, doctor_id, day, day, now)


def of_range(source: Source, actor: Actor, doctor_id: UUID, first: date, last: date, now: datetime) -> list[SlotRow]:
    """Return a doctor's slots from ``first`` to ``last`` in order, in one statement."""
    require(actor, Permission.SEE_DOCTORS)
    values = {"doctor_id": doctor_id, "hospital_id": actor.hospital_id, "first": first, "last": last}
    found = source.execute(_OF_RANGE, values).all()
    if not found:
        raise DomainError(Code.DOCTOR_NOT_FOUND, "There is no such doctor.")
    return _rows(found, doctor_id, now)


def available(session: Session, actor: Actor, doctor_id: UUID, now: datetime) -> list[SlotRow]:
    """Return all slots of a doctor that can be booked now, the earliest first."""
    require(actor, Permission.SEE_DOCTORS)
    hospital = hospitals.rules(session, actor.hospital_id)
    today, policy = now.astimezone(hospital.zone).date(), hospital.policy
    rows = of_range(session, actor, doctor_id, today, today + timedelta(days=policy.booking_days_ahead), now)
    return [row for row in rows if row.is_available]


def one(session: Session, actor: Actor, slot_id: UUID, now: datetime) -> SlotRow:
    """Return one slot; raise NOT_FOUND for another hospital's."""
    require(actor, Permission.SEE_DOCTORS)
    slot = DoctorSlot
    where = select(slot.doctor_id, slot.slot_date).where(slot.id == slot_id, slot.hospital_id == actor.hospital_id)
    found = session.execute(where).one_or_none()
    if found is None:
        raise not_found("Slot")
    day = found.slot_date
    return next(row for row in of_day(session, actor, found.doctor_id, day, now) if row.id == slot_id)


def days_to_generate(
    session: Session, actor: Actor, doctor_id: UUID, first: date, last: date, now: datetime
) -> list[date]:
    """Return the days of a span that have no slots yet but should: within the horizon, not closed, worked.

    Ask it when a day reads empty, and run ``slots.ensure_day`` for each of the answer.
    """
    require(actor, Permission.SEE_DOCTORS)
    hospital = hospitals.rules(session, actor.hospital_id)
    today = now.astimezone(hospital.zone).date()
    first, last = max(first, today), min(last, last_day(today, hospital.policy))
    if first > last:
        return []
    slot = DoctorSlot
    present = select(slot.slot_date).where(slot.doctor_id == doctor_id, slot.slot_date.between(first, last)).distinct()
    days = set(session.scalars(present))
    calendar = schedules.calendars(session, hospital, [doctor_id], first, last).get(doctor_id)
    if calendar is None:
        raise DomainError(Code.DOCTOR_NOT_FOUND, "There is no such doctor.")
    every = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return [day for day in every if day not in days and calendar.slots_of(day)]


def occupied(
    session: Session, doctor_ids: Collection[UUID], first: date, last: date
) -> list[tuple[UUID, Span[datetime]]]:
    """Return what new slots must keep clear of: present slots, and live visits that have no slot row."""
    slot = DoctorSlot
    present = select(slot.doctor_id, slot.starts_at, slot.ends_at).where(
        slot.doctor_id.in_(doctor_ids), slot.slot_date.between(first, last)
    )
    rows = session.execute(union_all(present, slotless(doctor_ids, first, last)))
    return [(doctor_id, Span(starts_at, ends_at)) for doctor_id, starts_at, ends_at in rows]


def slotless(doctor_ids: Collection[UUID], first: date, last: date) -> Select[UUID, datetime, datetime]:
    """Build the selection of live visits without a slot row: a late arrival after the week had changed."""
    a = Appointment
    return select(a.doctor_id, a.starts_at, a.ends_at).where(
        a.doctor_id.in_(doctor_ids),
        a.appointment_date.between(first, last),
        is_live(),
        a.slot_id.is_(None),
    )


def _rows(found: Sequence[Row[*tuple[Any, ...]]], doctor_id: UUID, now: datetime) -> list[SlotRow]:
    openness = _openness(found[0][-_OPENNESS_COLUMNS:], now)
    rows: list[SlotRow] = []
    previous: UUID | None = None
    day: date | None = None
    day_open = False
    for slot_id, slot_date, start, end, starts_at, ends_at, by_hand, absence, taken_by, booked, *_ in found:
        if slot_id == previous:
            continue  # taken twice, or none at all: a doctor without slots gives one empty row
        if slot_date != day:
            room = (booked or 0) < openness.max_patients
            day_open = openness.takes_patients and room and slot_date <= openness.latest
            day_open, day = day_open and not openness.closes(slot_date), slot_date
        is_blocked, is_booked = by_hand or absence is not None, taken_by is not None
        is_available = day_open and not is_booked and not is_blocked and ends_at >= openness.ends_from
        previous = slot_id
        rows.append(
            SlotRow(slot_id, doctor_id, slot_date, start, end, starts_at, ends_at, is_booked, is_blocked, is_available)
        )
    return rows


def _openness(columns: Sequence[Any], now: datetime) -> _Openness:
    doctor_available, login_active, max_patients, timezone, settings, holidays = columns
    policy = _policy_of(settings)
    today = now.astimezone(ZoneInfo(timezone)).date()
    return _Openness(
        takes_patients=doctor_available and login_active,
        max_patients=max_patients,
        ends_from=now + policy.rebook_buffer,
        latest=today + timedelta(days=policy.booking_days_ahead),
        holidays=_holidays_of(holidays) if holidays else (),
    )


@lru_cache(maxsize=256)
def _policy_of(settings: str) -> Policy:
    return Policy.from_settings(json.loads(settings))


@lru_cache(maxsize=256)
def _holidays_of(text: str) -> tuple[Holiday, ...]:
    return tuple(
        Holiday(date.fromisoformat(one.removesuffix(_EVERY_YEAR)), one.endswith(_EVERY_YEAR)) for one in text.split(",")
    )


_EVERY_YEAR = "*"
_OPENNESS_COLUMNS = 6


def _statement() -> Select[Any]:
    """Select a doctor's slots with who takes them, how full their day is, and what opens or closes them.

    One statement, since the questions around the slots cost more than their answers, which each row repeats. The
    tables' columns, not the classes': it runs most of all, and rows need no objects. A slot may come twice.
    """
    slot, a, day = (m.__table__.c for m in (DoctorSlot, Appointment, DoctorDay))
    doctor, user, hospital = (m.__table__.c for m in (Doctor, User, Hospital))
    # The holder has the slot's own times; a live visit without slot row, or of another grid, takes it by overlap.
    taken = and_(
        a.doctor_id == slot.doctor_id,
        a.appointment_date == slot.slot_date,
        a.holds_slot,
        or_(a.slot_id == slot.id, and_(is_live(a.status), a.starts_at < slot.ends_at, a.ends_at > slot.starts_at)),
    )
    first, last = (bindparam(name, type_=slot.slot_date.type) for name in ("first", "last"))
    origin = (
        Doctor.__table__.join(User.__table__, user.id == doctor.user_id)
        .join(Hospital.__table__, hospital.id == doctor.hospital_id)
        .outerjoin(DoctorSlot.__table__, and_(slot.doctor_id == doctor.id, slot.slot_date.between(first, last)))
        .outerjoin(Appointment.__table__, taken)
        .outerjoin(DoctorDay.__table__, and_(day.doctor_id == slot.doctor_id, day.day == slot.slot_date))
    )
    return (
        select(slot.id, slot.slot_date, slot.start_time, slot.end_time, slot.starts_at, slot.ends_at)
        .add_columns(slot.blocked_manually, slot.absence_id, a.id.label("taken_by"), day.booked)
        .add_columns(doctor.is_available, user.is_active, doctor.max_patients_per_day)
        .add_columns(hospital.timezone, cast(hospital.settings, Text), _closing(first, last))
        .select_from(origin)
        .where(doctor.id == bindparam("doctor_id"), doctor.hospital_id == _HOSPITAL_ID)
        .order_by(slot.starts_at)
    )


def _closing(first: BindParameter[date], last: BindParameter[date]) -> ScalarSelect[str]:
    """Select the holidays that may close a span as one text: dates, those of every year marked."""
    holiday = HospitalHoliday.__table__.c
    one = cast(holiday.date, Text) + case((holiday.is_recurring, _EVERY_YEAR), else_="")
    return (
        select(func.aggregate_strings(one, ","))
        .where(holiday.hospital_id == _HOSPITAL_ID, holiday.is_active)
        .where(or_(holiday.is_recurring, holiday.date.between(first, last)))
        .scalar_subquery()
    )


# Built once: building takes longer than reading.
_HOSPITAL_ID = bindparam("hospital_id", type_=Doctor.__table__.c.hospital_id.type)
_OF_RANGE = _statement()
