"""Which days a hospital's list of holidays closes, and what may be added to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from hms.domain.errors import Code, Detail, DomainError
from hms.domain.slots import Holiday

LEAP_CYCLE = timedelta(days=8 * 366)
"""No recurring day lets wait longer for its next time, 29 February across an uneven century included."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the list; an inactive one closes nothing."""

    id: UUID
    name: str
    day: date
    is_recurring: bool = False
    is_active: bool = True

    @property
    def holiday(self) -> Holiday:
        """What it closes while it is active."""
        return Holiday(self.day, self.is_recurring)


@dataclass(frozen=True, slots=True)
class PublicHoliday:
    """A day that a country keeps, with its name there."""

    day: date
    name: str


def occurrences(holiday: Holiday, first: date, last: date) -> list[date]:
    """Return the days from ``first`` to ``last`` that a holiday closes, in order."""
    if not holiday.is_recurring:
        return [holiday.day] if first <= holiday.day <= last else []
    found = []
    for year in range(first.year, last.year + 1):
        try:
            day = holiday.day.replace(year=year)
        except ValueError:  # 29 February of a common year
            continue
        if first <= day <= last:
            found.append(day)
    return found


def next_closed(holiday: Holiday, today: date) -> date | None:
    """Return the first day from today on that a holiday closes, None for one that is over."""
    if not holiday.is_recurring:
        return holiday.day if holiday.day >= today else None
    return next(iter(occurrences(holiday, today, today + LEAP_CYCLE)), None)


def clash(entries: Iterable[Entry], wanted: Holiday) -> Entry | None:
    """Return the entry that stands in the way of another: of the same date, or closing that day every year already."""
    for entry in entries:
        if entry.day == wanted.day:
            return entry
        every_year = entry.is_active and entry.is_recurring
        if every_year and entry.holiday.closes(wanted.day):
            return entry
    return None


def require_new(entries: Iterable[Entry], wanted: Holiday) -> None:
    """Raise HOLIDAY_EXISTS, naming what is in the way and what to do about it."""
    entry = clash(entries, wanted)
    if entry is None:
        return
    day = f"{wanted.day.day} {wanted.day:%B %Y}"
    if not entry.is_active:
        reason = f"is in the list already, but not active ({entry.name})"
        way = "Activate that entry instead, or delete it first."
    elif entry.is_recurring:
        reason = f"is closed already, every year ({entry.name})"
        way = "Edit that entry instead, or choose another date."
    else:
        reason = f"is in the list already ({entry.name})"
        way = "Edit that entry instead, or choose another date."
    raise DomainError(Code.HOLIDAY_EXISTS, f"{day} {reason}. {way}", [Detail("date", reason)])
