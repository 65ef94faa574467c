"""When somebody tried something: counted in Redis where processes share one, else in this process.

Never the truth: all of it may vanish, and whoever was slowed down may then try again.
"""

import hashlib
import threading
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from hms.clock import stopwatch

if TYPE_CHECKING:
    pass

MAX_KEYS = 20_000
PATIENCE = 1.0
"""Seconds that an answer of Redis may take."""
AWAY = 30.0
"""So long Redis is not asked again after it did not answer: nobody who signs in waits for it each time."""
log = structlog.get_logger(__name__)


class Tries(Protocol):
    """Instants of tries by key, the newest ``most`` of each, for as long as ``window``."""

    def since(self, key: str, after: datetime) -> list[datetime]:
        """Return the tries of ``key`` after an instant, oldest first."""
        ...

    def add(self, key: str, at: datetime, window: timedelta, most: int) -> None:
        """Note a try."""
        ...

    def forget(self, key: str) -> None:
        """Forget the tries of ``key``."""
        ...


class TriesHere:
    """Tries that this process alone knows of, in bounded memory."""

    def __init__(self) -> None:
        self._tries: dict[str, deque[datetime]] = {}
        self._guard = threading.Lock()

    def since(self, key: str, after: datetime) -> list[datetime]:
        """Return the tries of ``key`` after an instant, oldest first."""
        with self._guard:
            return [at for at in self._tries.get(key, ()) if at > after]

    def add(self, key: str, at: datetime, window: timedelta, most: int) -> None:
        """Note a try; among too many keys, those that have been quiet for ``window`` are forgotten, then the oldest."""
        with self._guard:
            if key not in self._tries and len(self._tries) >= MAX_KEYS:
                self._make_room(at - window)
            self._tries.setdefault(key, deque(maxlen=most)).append(at)

    def forget(self, key: str) -> None:
        """Forget the tries of ``key``."""
        with self._guard:
            self._tries.pop(key, None)

    def _make_room(self, quiet_since: datetime) -> None:
        for key in [key for key, tries in self._tries.items() if tries[-1] <= quiet_since]:
            del self._tries[key]
        while len(self._tries) >= MAX_KEYS:
            del self._tries[next(iter(self._tries))]


class SharedTries:
    """Tries that all processes know of, by Redis; while it is away, each process knows its own."""

    def __init__(self, url: str) -> None:
        import redis  # noqa: PLC0415 -- heavy, and a set-up without it never needs it

        self._refusal = redis.RedisError
        self._redis: redis.Redis = redis.Redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, decode_responses=True
        )
        self._here = TriesHere()
        self._away_until = 0.0

    def since(self, key: str, after: datetime) -> list[datetime]:
        """Return the tries of ``key`` after an instant, oldest first."""
        here = self._here.since(key, after)
        if self._is_away:
            return here
        try:
            noted = self._redis.lrange(_name(key), 0, -1)
        except self._refusal as error:
            self._gone(error)
            return here
        instants = (datetime.fromtimestamp(int(one) / 1000, UTC) for one in noted)
        return sorted([*here, *(at for at in instants if at > after)])

    def add(self, key: str, at: datetime, window: timedelta, most: int) -> None:
        """Note a try, here if Redis does not answer."""
        if not self._is_away:
            name = _name(key)
            try:
                with self._redis.pipeline() as pipe:
                    pipe.rpush(name, round(at.timestamp() * 1000))
                    pipe.ltrim(name, -most, -1)
                    pipe.pexpire(name, window)
                    pipe.execute()
            except self._refusal as error:
                self._gone(error)
            else:
                return
        self._here.add(key, at, window, most)

    def forget(self, key: str) -> None:
        """Forget the tries of ``key``."""
        self._here.forget(key)
        if self._is_away:
            return
        try:
            self._redis.delete(_name(key))
        except self._refusal as error:
            self._gone(error)

    @property
    def _is_away(self) -> bool:
        return stopwatch() < self._away_until

    def _gone(self, error: Exception) -> None:
        self._away_until = stopwatch() + AWAY
        log.warning("tries_not_shared", error=type(error).__name__)


def tries_of(redis_url: str) -> Tries:
    """Build the count: shared by Redis, or for this process alone where the address is empty."""
    return SharedTries(redis_url) if redis_url else TriesHere()


def _name(key: str) -> str:
    # Keys hold mail addresses; Redis need not.
    return f"hms:tries:{hashlib.sha256(key.encode()).hexdigest()}"
