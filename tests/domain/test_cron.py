"""Schedules are read on the hospital's wall, through summer time and back."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hms.domain.cron import Cron

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(hours=24)


def last(schedule: str, now: str, within: timedelta = DAY) -> str | None:
    instant = Cron.parse(schedule).last(datetime.fromisoformat(now).astimezone(UTC), BERLIN, within)
    return instant.astimezone(BERLIN).strftime("%d %H:%M") if instant else None


@pytest.mark.parametrize(
    ("schedule", "now", "expected"),
    [
        ("*/5 7-22 * * *", "2026-01-22T09:03+01:00", "22 09:00"),
        ("*/5 7-22 * * *", "2026-01-22T09:05+01:00", "22 09:05"),
        ("*/5 7-22 * * *", "2026-01-22T03:00+01:00", "21 22:55"),
        ("0 1 * * *", "2026-01-22T00:59+01:00", "21 01:00"),
        ("0,30 8 * * *", "2026-01-22T08:29+01:00", "22 08:00"),
        ("10/20 8 * * *", "2026-01-22T08:49+01:00", "22 08:30"),
        ("0 9 1 * *", "2026-02-01T09:00+01:00", "01 09:00"),
        ("0 9 1 * *", "2026-01-22T10:00+01:00", None),
        ("0 9 */2 * *", "2026-01-22T08:00+01:00", "21 09:00"),
        ("0 9 */2 * *", "2026-01-22T10:00+01:00", None),  # the odd days
        ("0 9 * * 4", "2026-01-22T10:00+01:00", "22 09:00"),  # a Thursday
        ("0 9 * * 0", "2026-01-25T10:00+01:00", "25 09:00"),  # Sunday is 0 or 7
        ("0 9 * * 7", "2026-01-25T10:00+01:00", "25 09:00"),
        ("0 9 1 * 4", "2026-01-22T10:00+01:00", "22 09:00"),  # either day will do
        ("0 9 * 2 *", "2026-01-22T10:00+01:00", None),
    ],
)
def test_the_latest_time_that_was_due(schedule: str, now: str, expected: str | None) -> None:
    assert last(schedule, now) == expected


def test_a_time_that_summer_time_leaves_out_comes_an_hour_later() -> None:
    assert last("30 2 * * *", "2026-03-29T03:29+02:00") == "28 02:30"
    assert last("30 2 * * *", "2026-03-29T03:30+02:00") == "29 03:30"


def test_a_time_that_comes_twice_counts_once() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    daily = Cron.parse("30 2 * * *")
    assert [daily.last(first + timedelta(minutes=m), BERLIN, DAY) for m in (0, 60, 120)] == [first] * 3


def test_a_schedule_of_every_hour_has_no_hole_when_the_clocks_go_back() -> None:
    every = Cron.parse("*/5 * * * *")
    midnight = datetime(2026, 10, 24, 22, tzinfo=UTC)
    instants = [midnight + timedelta(minutes=5 * step) for step in range(25 * 12)]
    assert [every.last(instant, BERLIN, timedelta(minutes=1)) for instant in instants] == instants


@pytest.mark.parametrize(
    ("schedule", "now", "expected"),
    [
        ("*/5 7-22 * * *", "2026-01-22T08:55", "2026-01-22T09:00"),
        ("*/5 7-22 * * *", "2026-01-22T22:55", "2026-01-23T07:00"),
        ("0 8 * * *", "2026-03-28T08:00", "2026-03-29T08:00"),
        ("0 9 1 * *", "2026-01-22T08:55", "2026-02-01T09:00"),
        ("0 9 29 2 *", "2026-01-22T08:55", None),
    ],
)
def test_the_next_time(schedule: str, now: str, expected: str | None) -> None:
    found = Cron.parse(schedule).next(datetime.fromisoformat(now).replace(tzinfo=BERLIN), BERLIN)
    assert found == (datetime.fromisoformat(expected).replace(tzinfo=BERLIN) if expected else None)


def test_what_is_too_long_ago_is_not_due() -> None:
    assert last("0 1 * * *", "2026-01-22T03:00+01:00", timedelta(hours=2)) is None
    assert last("0 1 * * *", "2026-01-22T02:59+01:00", timedelta(hours=2)) == "22 01:00"


@pytest.mark.parametrize(
    "schedule", ["", "* * * *", "60 * * * *", "x * * * *", "5-1 * * * *", "*/0 * * * *", "* 24 * * *", "* * 0 * *"]
)
def test_what_is_no_schedule_is_refused(schedule: str) -> None:
    with pytest.raises(ValueError, match=r"schedule|outside"):
        Cron.parse(schedule)
