"""The only place that reads the time.

Two clocks are injected everywhere. The *hospital clock* drives every rule and schedule and may be shifted
and scaled by a demo. The *machine clock* is never scaled; it drives tokens, leases, takeover and backoff.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tell the present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """Tell the machine's own time."""

    def now(self) -> datetime:
        """Return the machine's present instant in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """Stand still until told to move (tests and reproducible runs)."""

    def __init__(self, at: datetime) -> None:
        self._at = as_utc(at)

    def now(self) -> datetime:
        """Return the instant last set."""
        return self._at

    def move_to(self, at: datetime) -> None:
        """Jump to ``at``, forward or back; naive instants are refused."""
        self._at = as_utc(at)

    def advance(self, by: timedelta) -> None:
        """Jump by ``by``."""
        self._at += by


class ScaledClock:
    """Run from ``origin`` at ``speed`` times the machine's pace, counted from ``started`` on the machine."""

    def __init__(self, origin: datetime, started: datetime, speed: float, machine: Clock) -> None:
        if speed <= 0:
            raise ValueError("The speed of a clock must be positive.")
        self.origin, self.started, self.speed = as_utc(origin), as_utc(started), speed
        self._machine = machine

    def now(self) -> datetime:
        """Return the scaled present instant in UTC."""
        return self.origin + (self._machine.now() - self.started) * self.speed


@dataclass(frozen=True, slots=True)
class Clocks:
    """The pair of clocks that the composition root hands out."""

    hospital: Clock
    machine: Clock

    @property
    def speed(self) -> float:
        """Tell how many hospital seconds pass in one machine second."""
        return self.hospital.speed if isinstance(self.hospital, ScaledClock) else 1.0


def system_clocks() -> Clocks:
    """Build the pair that production uses: both are the machine's own time."""
    clock = SystemClock()
    return Clocks(hospital=clock, machine=clock)


def as_utc(instant: datetime) -> datetime:
    """Convert an aware instant to UTC; raise ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError(f"An instant needs its offset: {instant.isoformat()}")
    return instant.astimezone(UTC)


def epoch_milliseconds() -> int:
    """Return the machine's milliseconds since 1970, for time-ordered identifiers."""
    return time.time_ns() // 1_000_000


def stopwatch() -> float:
    """Return seconds of a clock that never jumps, for durations only."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Wait on the machine's clock."""
    time.sleep(seconds)
