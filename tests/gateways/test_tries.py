"""Tries are counted once for all processes, and by each for itself while Redis is away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import redis as redis_client

from hms.gateways import tries
from hms.gateways.tries import SharedTries, Tries, TriesHere, tries_of
from tests.support import mortals

NOW = datetime(2026, 1, 22, 3, 25, tzinfo=UTC)
WINDOW = timedelta(minutes=15)


@pytest.fixture(params=["here", "shared"])
def kept(request: pytest.FixtureRequest) -> Tries:
    """Give a count of either kind, empty."""
    return tries_of("" if request.param == "here" else request.getfixturevalue("redis_url"))


def add(kept: Tries, *seconds: int, key: str = "a") -> None:
    for one in seconds:
        kept.add(key, NOW + timedelta(seconds=one), WINDOW, 3)


def test_the_newest_are_known_by_key_oldest_first(kept: Tries) -> None:
    add(kept, 1, 2, 3, 4)
    add(kept, 9, key="b")
    assert kept.since("a", NOW) == [NOW + timedelta(seconds=one) for one in (2, 3, 4)]
    assert kept.since("a", NOW + timedelta(seconds=3)) == [NOW + timedelta(seconds=4)]
    assert kept.since("c", NOW) == []


def test_what_is_forgotten_is_gone(kept: Tries) -> None:
    add(kept, 1)
    add(kept, 1, key="b")
    kept.forget("a")
    kept.forget("never seen")
    assert (kept.since("a", NOW), len(kept.since("b", NOW))) == ([], 1)


def test_all_processes_count_together_and_redis_reads_nobodys_address(redis_url: str) -> None:
    one, other = SharedTries(redis_url), SharedTries(redis_url)
    add(one, 1, key="asha@example.org|10.0.0.7")
    add(other, 2, key="asha@example.org|10.0.0.7")
    assert len(one.since("asha@example.org|10.0.0.7", NOW)) == 2
    with redis_client.Redis.from_url(redis_url, decode_responses=True) as client:
        [name] = client.keys()
        assert "asha" not in name
        assert 0 < client.ttl(name) <= WINDOW.total_seconds()


def test_without_redis_each_counts_for_itself_and_nobody_waits_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [100.0]
    monkeypatch.setattr(tries, "stopwatch", lambda: seconds[0])
    with mortals.redis() as (redis, url):
        redis.start()
        kept = SharedTries(url)
        add(kept, 1)
        redis.kill()
        add(kept, 2, 3)
        assert len(kept.since("a", NOW)) == 2
        redis.start()
        add(kept, 4)
        assert len(kept.since("a", NOW)) == 3  # still its own: Redis is not asked for a while
        seconds[0] += tries.AWAY
        add(kept, 5)
        assert len(kept.since("a", NOW)) == 4  # those of here and those of all
        kept.forget("a")
        assert kept.since("a", NOW) == []


def test_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "MAX_KEYS", 50)
    kept = TriesHere()
    known = [f"key {number}" for number in range(500)]
    for number, key in enumerate(known):
        add(kept, number, key=key)
    left = [key for key in known if kept.since(key, NOW - WINDOW)]
    assert left == known[-50:]
