"""Where answers that were dear to find are kept for some minutes: in Redis when there is one, else in this process.

Never the truth: all of it may vanish. Of many who ask for the same at once one looks for it; the others get the old
answer meanwhile, or wait for the first one. Who dies while looking loses the claim after half a minute.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import structlog
from dogpile.cache import CacheRegion, make_region, register_backend
from dogpile.cache.backends.redis import RedisBackend

from hms.settings import Settings

CLAIM_SECONDS = 30
KEPT_SECONDS = 3600
"""So long an old answer can still be had while a new one is looked for."""
MOST_KEPT = 500
log = structlog.get_logger(__name__)


class _Bounded(OrderedDict[str, Any]):
    """A dictionary that forgets its oldest entry when it gets too many."""

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        while len(self) > MOST_KEPT:
            self.popitem(last=False)


class TimedRedisBackend(RedisBackend):
    """The library's own, without the command (SETEX) that its driver calls deprecated."""

    def set_serialized(self, key: str, value: bytes) -> None:
        """Keep a value for as long as old ones are."""
        self.writer_client.set(key, value, ex=self.redis_expiration_time)


register_backend("hms.redis", __name__, TimedRedisBackend.__name__)  # type: ignore[no-untyped-call]


class Shelf:
    """Texts by name, each with its age."""

    def __init__(self, redis_url: str = "") -> None:
        self._here = make_region().configure("dogpile.cache.memory", arguments={"cache_dict": _Bounded()})
        self._shared = _shared(redis_url) if redis_url else None

    def get(self, name: str, make: Callable[[], str], fresh_seconds: float) -> str:
        """Return the text of that name if it is no older than ``fresh_seconds``, else what ``make`` returns.

        While somebody else makes it anew, the old one. Without an answer from Redis, the process's own shelf serves.
        """
        made: list[str] = []

        def once() -> str:
            if not made:
                made.append(make())
            return made[0]

        if self._shared is not None:
            import redis  # noqa: PLC0415 - heavy, and a set-up without it never needs it

            try:
                return str(self._shared.get_or_create(name, once, fresh_seconds))
            except redis.RedisError as error:
                log.warning("shelf_not_shared", error=type(error).__name__)
        return str(self._here.get_or_create(name, once, fresh_seconds))


def shelf_of(settings: Settings) -> Shelf:
    """Build the shelf: shared where the processes share a Redis broker."""
    return Shelf(settings.shared_redis_url)


def _shared(url: str) -> CacheRegion:
    return make_region(serializer=str.encode, deserializer=bytes.decode).configure(
        "hms.redis",
        arguments={
            "url": url,
            "distributed_lock": True,
            "thread_local_lock": False,
            "lock_timeout": CLAIM_SECONDS,
            "lock_blocking_timeout": CLAIM_SECONDS,
            "redis_expiration_time": KEPT_SECONDS,
            "socket_timeout": 2.0,
            "socket_connect_timeout": 1.0,
        },
    )
