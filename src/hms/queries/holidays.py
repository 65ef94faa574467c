"""A hospital's holidays: the list, the days that it closes, and the visits booked on them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, may, require
from hms.access.scope import find
from hms.domain.events import Visit
from hms.domain.holidays import LEAP_CYCLE, Entry, next_closed, occurrences
from hms.domain.slots import Holiday
from hms.models import Appointment, HospitalHoliday
from hms.queries import visits

Date = date
"""The type, in rows that have a field of its name."""


@dataclass(frozen=True, slots=True)
class HolidayRow:
    """One entry of the list. ``next_date``: the next day, today included, that it closes while it is active."""

    id: UUID
    name: str
    date: Date
    is_recurring: bool
    is_active: bool
    description: str | None
    next_date: Date | None
    version: int


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day on which the hospital is closed, and why."""

    day: date
    name: str


def listing(
    session: Session, actor: Actor, today: date, first: date | None = None, last: date | None = None
) -> list[HolidayRow]:
    """Return the entries by date, only those that may close a day from ``first`` to ``last`` when these are given.

    Everybody who books needs the closed days; entries that are not active are the admins' alone.
    """
    require(actor, Permission.SEE_DOCTORS)
    h = HospitalHoliday
    statement = select(h).where(h.hospital_id == actor.hospital_id).order_by(h.date, h.id)
    if not may(actor, Permission.MANAGE_HOLIDAYS):
        statement = statement.where(h.is_active)
    low, high = first or date.min, last or date.max
    if first or last:
        statement = statement.where(or_(h.is_recurring, h.date.between(low, high)))
    rows = session.scalars(statement)
    return [_row(holiday, today) for holiday in rows if _touches(holiday, low, high)]


def one(session: Session, actor: Actor, holiday_id: UUID, today: date) -> HolidayRow:
    """Return one entry; raise NOT_FOUND for another hospital's."""
    require(actor, Permission.SEE_DOCTORS)
    return _row(find(session, actor, HospitalHoliday, holiday_id), today)


def closed_days(session: Session, actor: Actor, first: date, last: date) -> list[ClosedDay]:
    """Return the days from ``first`` to ``last`` on which the hospital is closed, in order, each once."""
    require(actor, Permission.SEE_DOCTORS)
    names: dict[date, str] = {}
    for entry in entries(session, actor):
        for day in occurrences(entry.holiday, first, last) if entry.is_active else ():
            names.setdefault(day, entry.name)
    return [ClosedDay(day, names[day]) for day in sorted(names)]


def entries(session: Session, actor: Actor) -> list[Entry]:
    """Return all entries of the hospital's list, by date."""
    h = HospitalHoliday
    statement = (
        select(h.id, h.name, h.date, h.is_recurring, h.is_active)
        .where(h.hospital_id == actor.hospital_id)
        .order_by(h.date, h.id)
    )
    return [Entry(*row) for row in session.execute(statement)]


def visits_on(session: Session, actor: Actor, days: Collection[date], now: datetime) -> list[Visit]:
    """Return the hospital's open visits from ``now`` on that lie on any of the days, by start."""
    return visits.ahead(session, actor, now, Appointment.appointment_date.in_(sorted(days))) if days else []


def _row(holiday: HospitalHoliday, today: date) -> HolidayRow:
    return HolidayRow(
        id=holiday.id,
        name=holiday.name,
        date=holiday.date,
        is_recurring=holiday.is_recurring,
        is_active=holiday.is_active,
        description=holiday.description,
        next_date=next_closed(_holiday(holiday), today) if holiday.is_active else None,
        version=holiday.version,
    )


def _touches(holiday: HospitalHoliday, first: date, last: date) -> bool:
    if not holiday.is_recurring or last - first >= LEAP_CYCLE:
        return True  # the statement has looked at the one's date, and every recurring day lies in so long a span
    return bool(occurrences(_holiday(holiday), first, last))


def _holiday(holiday: HospitalHoliday) -> Holiday:
    return Holiday(holiday.date, holiday.is_recurring)
