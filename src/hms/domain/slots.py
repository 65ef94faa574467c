"""From a weekly template to bookable slots, right across changes of daylight saving time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from hms.domain.intervals import Span
from hms.domain.policy import Policy


class DayOfWeek(StrEnum):
    """The days, in the order of ``date.weekday()``."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"

    @classmethod
    def of(cls, day: date) -> "DayOfWeek":
        """Return the day of the week of a date."""
        return _DAYS[day.weekday()]


_DAYS = tuple(DayOfWeek)


@dataclass(frozen=True, slots=True)
class WeeklyBlock:
    """One row of a doctor's week, in wall times of the hospital, with at most one break."""

    day_of_week: DayOfWeek
    start: time
    end: time
    break_start: time | None = None
    break_end: time | None = None
    is_active: bool = True

    @property
    def hours(self) -> Span[time]:
        """From the first to the last minute, the break included."""
        return Span(self.start, self.end)

    @property
    def pause(self) -> Span[time] | None:
        """The break."""
        return Span(self.break_start, self.break_end) if self.break_start and self.break_end else None

    def sessions(self) -> tuple[Span[time], ...]:
        """Return the hours worked: before and after the break."""
        if self.pause is None:
            return (self.hours,)
        return (Span(self.start, self.pause.start), Span(self.pause.end, self.end))


@dataclass(frozen=True, slots=True)
class Holiday:
    """A closed day, once or on the same month and day of every year (29 February: leap years only)."""

    day: date
    is_recurring: bool = False

    def closes(self, day: date) -> bool:
        """Tell whether the hospital is closed that day."""
        if self.is_recurring:
            return (self.day.month, self.day.day) == (day.month, day.day)
        return self.day == day


@dataclass(frozen=True, slots=True)
class Absence:
    """An active absence: whole days, or ``part`` of one day."""

    id: UUID
    first: date
    last: date
    part: Span[time] | None = None

    def covers(self, day: date, wall: Span[time]) -> bool:
        """Tell whether the doctor is away at any moment of that span of that day."""
        return self.first <= day <= self.last and (self.part is None or self.part.overlaps(wall))


@dataclass(frozen=True, slots=True)
class PlannedSlot:
    """One slot of the grid: wall times of its day, and the instants (UTC) that they are."""

    day: date
    start: time
    end: time
    starts_at: datetime
    ends_at: datetime

    @property
    def wall(self) -> Span[time]:
        """The span in wall time."""
        return Span(self.start, self.end)

    @property
    def span(self) -> Span[datetime]:
        """The span in instants."""
        return Span(self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that decides which slots a doctor has. ``slot_duration`` in minutes."""

    zone: ZoneInfo
    slot_duration: int
    blocks: tuple[WeeklyBlock, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    absences: tuple[Absence, ...] = ()

    def is_closed(self, day: date) -> bool:
        """Tell whether a holiday closes the day."""
        return any(holiday.closes(day) for holiday in self.holidays)

    def slots_of(self, day: date) -> list[PlannedSlot]:
        """Return the day's grid in order; none on a holiday. Absences leave it as it is: their slots are blocked."""
        if self.is_closed(day):
            return []
        today = DayOfWeek.of(day)
        sessions = [
            session
            for block in self.blocks
            if block.is_active and block.day_of_week is today
            for session in block.sessions()
        ]
        sessions.sort(key=lambda session: session.start)
        return list(_grid(day, tuple(sessions), self.slot_duration, self.zone))

    def slots_between(self, first: date, last: date) -> Iterator[PlannedSlot]:
        """Yield the grids of all days from ``first`` to ``last``."""
        for offset in range((last - first).days + 1):
            yield from self.slots_of(first + timedelta(days=offset))

    def absence_at(self, day: date, wall: Span[time]) -> UUID | None:
        """Return the absence that covers a span of a day, if any."""
        return next((absence.id for absence in self.absences if absence.covers(day, wall)), None)


def last_day(today: date, policy: Policy) -> date:
    """Return the last day that is generated on demand: the horizon, or as far as bookings may reach."""
    return today + timedelta(days=max(policy.horizon_days, policy.booking_days_ahead))


def instant_of(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) of a wall time; of one that exists twice the first, of a skipped one the later."""
    return datetime.combine(day, wall.replace(fold=0), tzinfo=zone).astimezone(UTC)


def wall_end(start: time, minutes: int) -> time | None:
    """Return the wall time that many minutes after ``start``, or None when that is past midnight."""
    end = start.hour * 60 + start.minute + minutes
    return time(end // 60, end % 60, start.second) if end < 24 * 60 else None


@lru_cache(maxsize=512)
def _grid(day: date, sessions: tuple[Span[time], ...], minutes: int, zone: ZoneInfo) -> tuple[PlannedSlot, ...]:
    """Return the slots of a day's sessions; kept for a while, since many doctors work the same hours."""
    grid: list[PlannedSlot] = []
    for session in sessions:
        for slot in _steps(day, session, minutes, zone):
            # A slot that runs into a skipped hour could reach into the session after it.
            if not grid or grid[-1].ends_at <= slot.starts_at:
                grid.append(slot)
    return tuple(grid)


def _steps(day: date, session: Span[time], minutes: int, zone: ZoneInfo) -> Iterator[PlannedSlot]:
    offset = _offset_of(day, zone)
    if offset is None:
        return _careful_steps(day, session, minutes, zone)
    return _plain_steps(day, session, minutes, datetime.combine(day, time.min, UTC) - offset)


def _plain_steps(day: date, session: Span[time], minutes: int, midnight: datetime) -> Iterator[PlannedSlot]:
    """Step through a session of a day whose every wall time is one instant, so many minutes after midnight."""
    duration = timedelta(minutes=minutes)
    starts_at = midnight + (datetime.combine(day, session.start) - datetime.combine(day, time.min))
    start: time | None = session.start
    while start is not None and (end := wall_end(start, minutes)) is not None and end <= session.end:
        ends_at = starts_at + duration
        yield PlannedSlot(day, start, end, starts_at, ends_at)
        start, starts_at = end, ends_at


def _careful_steps(day: date, session: Span[time], minutes: int, zone: ZoneInfo) -> Iterator[PlannedSlot]:
    """Step through a session of a day on which the clocks change; leave out what does not exist or lasts otherwise."""
    start: time | None = session.start
    duration = timedelta(minutes=minutes)
    while start is not None and (end := wall_end(start, minutes)) is not None and end <= session.end:
        starts_at, ends_at = instant_of(day, start, zone), instant_of(day, end, zone)
        exists = starts_at.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, start)
        if exists and ends_at - starts_at == duration:
            yield PlannedSlot(day, start, end, starts_at, ends_at)
        start = end


@lru_cache(maxsize=1024)
def _offset_of(day: date, zone: ZoneInfo) -> timedelta | None:
    """Return the one offset from UTC that holds all day, None on a day on which the clocks change.

    Asked of instants, not of wall times: a skipped wall time gives the offset before it. Nowhere do clocks change twice
    within a quarter of an hour, so that each change shows at the next quarter.
    """
    midnight = instant_of(day, time.min, zone)
    offset = midnight.astimezone(zone).utcoffset()
    if offset is None or (midnight + offset).replace(tzinfo=None) != datetime.combine(day, time.min):
        return None
    quarters = (midnight + timedelta(minutes=15 * number) for number in range(1, 97))
    return offset if all(instant.astimezone(zone).utcoffset() == offset for instant in quarters) else None
