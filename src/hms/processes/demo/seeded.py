"""Chance that repeats: the same seed gives the same hospital, identifiers included."""

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

Row = dict[str, object]
"""One row to insert, by attribute name."""


class Seeded(Random):
    """A random source that also makes identifiers and instants."""

    def id_at(self, at: datetime) -> UUID:
        """Make the time-ordered UUID (version 7) that a row written at ``at`` could have had."""
        milliseconds = int(at.timestamp() * 1000) & (1 << 48) - 1
        chance = self.getrandbits(74)
        value = milliseconds << 80 | 0x7 << 76 | (chance >> 62) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
        return UUID(int=value)

    def instant(self, start: datetime, end: datetime) -> datetime:
        """Return a whole second in start ≤ t < end; ``start`` itself when there is no room."""
        return start + timedelta(seconds=int(self.random() * max((end - start).total_seconds(), 0)))

    def happens(self, probability: float) -> bool:
        """Tell whether something of this probability happens."""
        return self.random() < probability
