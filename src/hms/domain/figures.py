"""Figures about visits: periods, rates, trends, quantiles and bands. What each one means is said here once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

LONGEST_PERIOD = 1100
"""So many days, a little more than three years, are counted at once."""
USUAL_PERIOD = 30
STEADY_POINTS = 0.5
"""A rate that moved by less, in percentage points, is steady."""

DEFINITIONS: dict[str, str] = {
    "appointments": "All visits of the period, by the day for which they were booked, cancelled ones included.",
    "attended": "Visits whose patient came: checked in, with the doctor, or done.",
    "noShows": "Visits marked as missed whose mark stands. A mark that was taken back counts no more.",
    "cancelled": "Visits that were called off, by the patient or by the clinic.",
    "noShowRate": "Missed visits among those that took place or were missed. Cancelled and open ones are left out.",
    "trend": "The no-show rate beside that of as many days just before. Steady: it moved by less than half a point.",
    "penalties": "Penalties for missed visits of the period, by the visit's day. Counting ones were neither waived, "
    "excused nor taken back.",
    "minutesOffered": "Time that could be booked: slots that are not blocked, or are held all the same, and visits "
    "outside of any slot.",
    "minutesBooked": "Time of visits that hold it: all but cancelled ones, and missed ones whose time was given free.",
    "utilisation": "Booked time among the time offered.",
    "released": "Visits whose time was given free before it was over: cancelled, or marked as missed early enough.",
    "rebooked": "Released visits whose time was booked again afterwards.",
    "minutesLost": "Time of missed visits that nobody else took.",
    "toVitals": "Whole minutes from check-in until the first vitals were recorded.",
    "toDoctor": "Whole minutes from the first vitals until the doctor began.",
    "toBegin": "Whole minutes from check-in until the doctor began.",
    "median": "Half of the visits took so long or less.",
    "p90": "Nine of ten visits took so long or less.",
    "leadTime": "Whole days, of 24 hours, between booking and start, of visits that took place or were missed. "
    "Imported visits whose booking time is unknown are left out.",
    "reminders": "No-show rates of visits of which the patient was reminded, or that the patient had confirmed, "
    "beside those of all others.",
    "usual": "The average of this weekday in the eight weeks before, days without any visit left out.",
}
"""What each figure means, by the name that the API has for it; pages and documentation show these words."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which visits a figure is about: those of the hospital's days ``first`` to ``last``, of one doctor if given."""

    first: date
    last: date
    doctor_id: UUID | None = None

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Wanted":
        """As many days just before."""
        length = timedelta(days=self.days)
        return Wanted(self.first - length, self.last - length, self.doctor_id)

    @property
    def with_before(self) -> "Wanted":
        """This period and the one before, as one."""
        return Wanted(self.before.first, self.last, self.doctor_id)

    def each_day(self) -> Iterator[date]:
        """Yield the days, first to last."""
        for number in range(self.days):
            yield self.first + timedelta(days=number)


def week_of(day: date, first_weekday: int) -> date:
    """Return the first day of the week that ``day`` is in; ``first_weekday``: 0 is Monday."""
    return day - timedelta(days=(day.weekday() - first_weekday) % 7)


def whole_months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield the first and the last day of each month that lies wholly from ``first`` to ``last``."""
    begins = first if first.day == 1 else _next_month(first)
    while (ends := _next_month(begins) - timedelta(days=1)) <= last:
        yield begins, ends
        begins = ends + timedelta(days=1)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def percent(part: int, whole: int) -> float | None:
    """Return how many percent ``part`` is of ``whole``, to one decimal; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def written(share: float | None) -> str:
    """Write a percentage as clients read it: "18.2%"; "0.0%" of nothing."""
    return f"{share or 0.0:.1f}%"


class Direction(StrEnum):
    """Where a rate is going. UNKNOWN: one of the two periods has nothing to compare."""

    RISING = "RISING"
    FALLING = "FALLING"
    STEADY = "STEADY"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Trend:
    """A rate beside that of the period before; ``points``: the difference in percentage points."""

    direction: Direction
    points: float | None


def trend_of(now: float | None, before: float | None) -> Trend:
    """Compare two rates in percent."""
    if now is None or before is None:
        return Trend(Direction.UNKNOWN, None)
    points = round(now - before, 1)
    if abs(points) < STEADY_POINTS:
        return Trend(Direction.STEADY, points)
    return Trend(Direction.RISING if points > 0 else Direction.FALLING, points)


class SpanKind(StrEnum):
    """Which time is measured: waits in whole minutes, LEAD in whole days."""

    TO_VITALS = "TO_VITALS"
    TO_DOCTOR = "TO_DOCTOR"
    TO_BEGIN = "TO_BEGIN"
    LEAD = "LEAD"


WAITS = (SpanKind.TO_VITALS, SpanKind.TO_DOCTOR, SpanKind.TO_BEGIN)


def quantile(counted: Iterable[tuple[int, int]], share: float) -> int | None:
    """Return the smallest length that at least ``share`` of the visits do not exceed (nearest rank).

    ``counted``: (length, number of visits of that length), in any order. None of nothing.
    """
    ordered = sorted(counted)
    total = sum(number for _, number in ordered)
    seen = 0
    for length, number in ordered:
        seen += number
        # In whole numbers: 0.9 of 10 must not come out a hair above 9.
        if number and seen * 1000 >= total * round(share * 1000):
            return length
    return None


@dataclass(frozen=True, slots=True)
class Band:
    """Lengths from ``first`` to ``last``, both included; ``last`` is None for all longer ones."""

    first: int
    last: int | None

    def holds(self, length: int) -> bool:
        """Tell whether a length falls into it."""
        return self.first <= length and (self.last is None or length <= self.last)


def bands(*firsts: int) -> Sequence[Band]:
    """Build adjoining bands from where each begins; the last one has no end."""
    ends: list[int | None] = [first - 1 for first in firsts[1:]]
    return [Band(first, last) for first, last in zip(firsts, [*ends, None], strict=True)]


WAIT_BANDS = bands(0, 10, 20, 30, 45, 60, 90, 120)
LEAD_BANDS = bands(0, 1, 3, 7, 14, 30)
