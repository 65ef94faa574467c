"""Schedules in cron's five fields, read on a hospital's own wall clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_EVERY = "*"


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed schedule. ``days`` and ``weekdays`` (Monday is 1, Sunday 7) are None when any will do."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None

    @classmethod
    def parse(cls, text: str) -> "Cron":
        """Read ``minute hour day month weekday`` (``*``, lists, ranges, steps); raise ValueError otherwise."""
        words = text.split()
        if len(words) != len(_BOUNDS):
            raise ValueError(f"A schedule has five fields, such as */5 7-22 * * *, not: {text}")
        fields = [_field(word, *bounds) for word, bounds in zip(words, _BOUNDS, strict=True)]
        return cls(
            minutes=fields[0],
            hours=fields[1],
            days=None if words[2] == _EVERY else fields[2],
            months=fields[3],
            weekdays=None if words[4] == _EVERY else frozenset(day or 7 for day in fields[4]),
        )

    def last(self, now: datetime, zone: ZoneInfo, within: timedelta) -> datetime | None:
        """Return the latest instant (UTC) at or before ``now`` that is due and less than ``within`` ago.

        A wall time that a change to summer time leaves out counts as long after midnight as it would have been; one
        that comes twice is meant the first time, except in a schedule that names every hour.
        """
        since = now - within
        day = now.astimezone(zone).date()
        # A day more, because a day of the wall may be longer than a day of the clock.
        for back in range(within.days + 3):
            due = [instant for instant in self._instants(day - timedelta(days=back), zone) if since < instant <= now]
            if due:
                return max(due)
        return None

    def next(self, now: datetime, zone: ZoneInfo, within: timedelta = timedelta(days=366)) -> datetime | None:
        """Return the earliest instant (UTC) after ``now`` that is due, at most ``within`` ahead; as in `last`."""
        day = now.astimezone(zone).date()
        for ahead in range(-1, within.days + 3):
            due = [instant for instant in self._instants(day + timedelta(days=ahead), zone) if instant > now]
            if due:
                return found if (found := min(due)) <= now + within else None
        return None

    def names_hour(self, now: datetime, zone: ZoneInfo) -> bool:
        """Tell whether the schedule has times in the present hour of the present day."""
        wall = now.astimezone(zone)
        return wall.hour in self.hours and self._matches(wall.date())

    def _instants(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        if not self._matches(day):
            return
        for hour in self.hours:
            for minute in self.minutes:
                wall = datetime.combine(day, time(hour, minute), zone)
                yield wall.astimezone(UTC)
                if len(self.hours) == 24:
                    yield wall.replace(fold=1).astimezone(UTC)

    def _matches(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        is_day = self.days is not None and day.day in self.days
        is_weekday = self.weekdays is not None and day.isoweekday() in self.weekdays
        if self.days is not None and self.weekdays is not None:
            return is_day or is_weekday  # as cron has it: either will do when both are given
        return (self.days is None or is_day) and (self.weekdays is None or is_weekday)


def _field(word: str, low: int, high: int) -> frozenset[int]:
    return frozenset(value for part in word.split(",") for value in _part(part, low, high))


def _part(part: str, low: int, high: int) -> range:
    span, slash, step = part.partition("/")
    first, dash, last = span.partition("-")
    try:
        every = int(step) if slash else 1
        if span == _EVERY:
            begin, end = low, high
        else:
            begin = int(first)
            end = int(last) if dash else (high if slash else begin)
    except ValueError:
        raise ValueError(f"This is no part of a schedule: {part}") from None
    if not low <= begin <= end <= high or every < 1:
        raise ValueError(f"{part} is outside {low}-{high}.")
    return range(begin, end + 1, every)
