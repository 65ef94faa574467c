"""The evidence gate: silence in a visit's time, sessions without a check-in; and both against a model in minutes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms.domain.evidence import DueVisit, Evidence, Session, longest_silence, silence_allowed, weigh
from hms.domain.intervals import Span

ENOUGH, NOT_YET, NO_HEARTBEAT, NO_CHECK_INS = Evidence
MINUTE = timedelta(minutes=1)


def at(wall: str) -> datetime:
    return datetime.combine(datetime(2026, 1, 22, tzinfo=UTC), time.fromisoformat(wall), UTC)


def beats(text: str) -> list[Span[datetime]]:
    """Read stretches such as "08:00-09:05 09:13-12:00"."""
    return [Span(*map(at, stretch.split("-"))) for stretch in text.split()]


@pytest.mark.parametrize(("minutes", "allowed"), [(10, 5), (15, 7.5), (20, 10), (30, 15), (31, 15), (60, 15), (1, 0.5)])
def test_silence_allowed(minutes: int, allowed: float) -> None:
    assert silence_allowed(timedelta(minutes=minutes)) == timedelta(minutes=allowed)


@pytest.mark.parametrize(
    ("stretches", "minutes"),
    [
        ("", 30),
        ("08:00-12:00", 0),
        ("09:00-09:30", 0),
        ("08:00-09:00", 30),
        ("08:00-08:59", 30),
        ("09:31-12:00", 30),
        ("08:00-09:05 09:13-12:00", 8),
        ("09:13-12:00 08:00-09:05", 8),
        ("08:00-09:10 09:00-09:05 09:20-09:21", 10),
        ("09:10-09:10", 20),
        ("08:00-09:03 09:20-12:00", 17),
    ],
)
def test_longest_silence_of_half_an_hour(stretches: str, minutes: int) -> None:
    assert longest_silence(at("09:00"), at("09:30"), beats(stretches)) == minutes * MINUTE


@pytest.mark.parametrize(
    ("stretches", "checked_in", "now", "evidence"),
    [
        ("08:00-12:00", "09:05", "09:15", ENOUGH),
        ("08:00-12:00", None, "09:15", NOT_YET),
        ("08:00-12:00", None, "12:59", NOT_YET),
        ("08:00-12:00", None, "13:00", NO_CHECK_INS),
        ("08:00-12:00", "12:59", "12:59", ENOUGH),
        ("08:00-12:00", "13:00", "13:00", ENOUGH),
        ("08:00-12:00", "13:01", "13:05", NO_CHECK_INS),
        ("08:00-09:04 09:11:30-12:00", "09:01", "09:15", ENOUGH),
        ("08:00-09:04 09:11:31-12:00", "09:01", "09:15", NO_HEARTBEAT),
        ("08:00-09:07:29", "09:01", "10:00", NO_HEARTBEAT),
        ("08:00-09:07:30", "09:01", "10:00", ENOUGH),
        ("", None, "09:15", NO_HEARTBEAT),
    ],
)
def test_a_quarter_from_nine_in_a_session_until_one(
    stretches: str, checked_in: str | None, now: str, evidence: Evidence
) -> None:
    visit = DueVisit(at("09:00"), at("09:15"), 15 * MINUTE)
    session = Session(at("13:00"), at(checked_in) if checked_in else None)
    assert weigh(visit, beats(stretches), session, at(now)) is evidence


def silence_by_the_minute(start: int, due: int, up: set[int]) -> int:
    """Walk through the minutes with a stopwatch that every beat sets back to zero."""
    longest = watch = 0
    for minute in range(start, due + 1):
        watch = watch + 1 if minute > start else 0
        longest = max(longest, watch)
        if minute in up:
            watch = 0
    return longest


@given(
    start=st.integers(0, 40),
    length=st.integers(1, 40),
    late=st.integers(0, 10),
    up=st.sets(st.integers(0, 90)),
    first=st.none() | st.integers(0, 120),
    end=st.integers(30, 120),
    more=st.integers(0, 60),
)
def test_it_weighs_as_a_model_that_listens_minute_by_minute(
    start: int, length: int, late: int, up: set[int], first: int | None, end: int, more: int
) -> None:
    due = start + length + late
    now = due + more
    if silence_by_the_minute(start, due, up) > min(15, length / 2):
        expected = NO_HEARTBEAT
    elif first is not None and first <= end:
        expected = ENOUGH
    else:
        expected = NOT_YET if now < end else NO_CHECK_INS
    zero = at("09:00")
    visit = DueVisit(zero + start * MINUTE, zero + due * MINUTE, length * MINUTE)
    session = Session(zero + end * MINUTE, None if first is None else zero + first * MINUTE)
    single = [Span(zero + minute * MINUTE, zero + minute * MINUTE) for minute in sorted(up, key=lambda m: -m % 7)]
    assert weigh(visit, single, session, zero + now * MINUTE) is expected
