"""Who guesses must wait; who waited may try again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hms.gateways.tries import TriesHere
from hms.web.errors import TooManyError
from hms.web.throttle import Throttle

NOW = datetime(2026, 1, 22, 3, 25, tzinfo=UTC)
WINDOW = timedelta(minutes=15)


def failed_often(times: int, key: str = "a") -> Throttle:
    guard = Throttle("door", TriesHere(), 3, WINDOW)
    for number in range(times):
        guard.failed(key, NOW + timedelta(seconds=number))
    return guard


def test_the_limit_is_reached_by_one_key_alone() -> None:
    guard = failed_often(3)
    with pytest.raises(TooManyError) as caught:
        guard.check("a", NOW + timedelta(minutes=5))
    assert caught.value.seconds == 601
    assert "10 minutes" in caught.value.message
    guard.check("b", NOW)


def test_doors_with_one_count_are_told_apart() -> None:
    guard = failed_often(3)
    assert Throttle("other", guard.tries, 3, WINDOW).check("a", NOW) is None  # type: ignore[func-returns-value]


def test_waiting_opens_the_door_again() -> None:
    guard = failed_often(3)
    with pytest.raises(TooManyError):
        guard.check("a", NOW + WINDOW - timedelta(seconds=1))
    guard.check("a", NOW + WINDOW)


def test_success_forgets_the_failures() -> None:
    guard = failed_often(2)
    guard.succeeded("a")
    guard.failed("a", NOW)
    guard.check("a", NOW)
    assert failed_often(2).check("a", NOW) is None  # type: ignore[func-returns-value]
