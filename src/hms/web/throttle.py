"""Slow down whoever guesses: count failures per key within a window of the machine clock, in this process."""

import threading
from collections import deque
from datetime import datetime, timedelta

from hms.web.errors import TooManyError

MAX_KEYS = 20_000


class Throttle:
    """Let ``limit`` failures pass within ``window``; after that, refuse until the oldest has left the window."""

    def __init__(self, limit: int, window: timedelta, what: str = "failed tries") -> None:
        self._limit, self._window, self._what = limit, window, what
        self._failures: dict[str, deque[datetime]] = {}
        self._guard = threading.Lock()

    def check(self, key: str, now: datetime) -> None:
        """Raise TooManyError, which says how long to wait, when ``key`` has failed too often."""
        with self._guard:
            failures = self._recent(key, now)
            if failures is None or len(failures) < self._limit:
                return
            wait = failures[0] + self._window - now
        seconds = max(1, int(wait.total_seconds()) + 1)
        raise TooManyError(f"Too many {self._what}. Please wait {_in_words(seconds)} and try again.", seconds)

    def failed(self, key: str, now: datetime) -> None:
        """Count one failure."""
        with self._guard:
            failures = self._recent(key, now)
            if failures is None:
                if len(self._failures) >= MAX_KEYS:
                    self._forget_old(now)
                failures = self._failures[key] = deque(maxlen=self._limit)
            failures.append(now)

    def succeeded(self, key: str) -> None:
        """Forget the failures of ``key``."""
        with self._guard:
            self._failures.pop(key, None)

    def _recent(self, key: str, now: datetime) -> deque[datetime] | None:
        failures = self._failures.get(key)
        if failures is None:
            return None
        while failures and now - failures[0] >= self._window:
            failures.popleft()
        return failures

    def _forget_old(self, now: datetime) -> None:
        for key in [key for key, times in self._failures.items() if not times or now - times[-1] >= self._window]:
            del self._failures[key]
        while len(self._failures) >= MAX_KEYS:
            del self._failures[next(iter(self._failures))]


def _in_words(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 120 else f"{seconds // 60} minutes"
