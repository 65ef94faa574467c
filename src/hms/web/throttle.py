"""Slow down whoever guesses: count failures per key within a window of the machine clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hms.gateways.tries import Tries
from hms.web.errors import TooManyError


@dataclass(frozen=True, slots=True)
class Throttle:
    """Let ``limit`` failures pass within ``window``; after that, refuse until the oldest has left the window.

    ``name`` keeps its keys apart from those of others; ``what`` is what there were too many of.
    """

    name: str
    tries: Tries
    limit: int
    window: timedelta
    what: str = "failed tries"

    def check(self, key: str, now: datetime) -> None:
        """Raise TooManyError, which says how long to wait, when ``key`` has failed too often."""
        failures = self.tries.since(self._own(key), now - self.window)[-self.limit :]
        if len(failures) < self.limit:
            return
        wait = failures[0] + self.window - now
        seconds = max(1, int(wait.total_seconds()) + 1)
        raise TooManyError(f"Too many {self.what}. Please wait {_in_words(seconds)} and try again.", seconds)

    def failed(self, key: str, now: datetime) -> None:
        """Count one failure."""
        self.tries.add(self._own(key), now, self.window, self.limit)

    def succeeded(self, key: str) -> None:
        """Forget the failures of ``key``."""
        self.tries.forget(self._own(key))

    def _own(self, key: str) -> str:
        return f"{self.name}|{key}"


def _in_words(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{seconds // 60} minutes"
