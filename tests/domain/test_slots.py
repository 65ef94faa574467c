from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms.domain.intervals import Span
from hms.domain.policy import Policy
from hms.domain.slots import Absence, Calendar, DayOfWeek, Holiday, WeeklyBlock, instant_of, last_day, wall_end

KOLKATA, BERLIN, NEW_YORK, LORD_HOWE, APIA = (
    ZoneInfo(name)
    for name in ("Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
)
THURSDAY = date(2026, 1, 22)
SOMEBODY = UUID(int=7)
WHOLE_DAY = (time(9), time(17), time(13), time(14))


def calendar(
    minutes: int,
    *hours: tuple[time, time] | tuple[time, time, time, time],
    zone: ZoneInfo = KOLKATA,
    holidays: tuple[Holiday, ...] = (),
    absences: tuple[Absence, ...] = (),
) -> Calendar:
    blocks = tuple(WeeklyBlock(day, *given_hours) for day in DayOfWeek for given_hours in hours)
    return Calendar(zone, minutes, blocks, holidays, absences)


def starts(found: Calendar, day: date) -> list[str]:
    return [f"{slot.start:%H:%M}" for slot in found.slots_of(day)]


@pytest.mark.parametrize(("minutes", "count"), [(15, 28), (20, 21), (30, 14), (45, 9), (60, 7)])
def test_day_of_the_rules_gives_as_many_slots_as_they_say(minutes: int, count: int) -> None:
    assert len(calendar(minutes, WHOLE_DAY).slots_of(THURSDAY)) == count


def test_slots_step_from_the_start_and_again_from_the_end_of_the_break() -> None:
    found = calendar(45, WHOLE_DAY).slots_of(THURSDAY)
    assert [f"{slot.start:%H:%M}-{slot.end:%H:%M}" for slot in found] == [
        *("09:00-09:45", "09:45-10:30", "10:30-11:15", "11:15-12:00", "12:00-12:45"),
        *("14:00-14:45", "14:45-15:30", "15:30-16:15", "16:15-17:00"),
    ]
    assert found[0].starts_at == datetime(2026, 1, 22, 3, 30, tzinfo=UTC)
    assert found[0].ends_at == datetime(2026, 1, 22, 4, 15, tzinfo=UTC)


def test_several_blocks_of_a_day_come_in_order_and_other_days_and_resting_rows_give_none() -> None:
    thursday = DayOfWeek.THURSDAY
    found = Calendar(
        KOLKATA,
        60,
        (
            WeeklyBlock(thursday, time(15), time(17)),
            WeeklyBlock(thursday, time(8), time(10)),
            WeeklyBlock(thursday, time(19), time(20), is_active=False),
            WeeklyBlock(DayOfWeek.FRIDAY, time(11), time(12)),
        ),
    )
    assert starts(found, THURSDAY) == ["08:00", "09:00", "15:00", "16:00"]


def test_nothing_fits_when_hours_are_shorter_than_a_slot() -> None:
    assert calendar(30, (time(9), time(9, 29)), (time(23, 45), time(23, 59))).slots_of(THURSDAY) == []


@pytest.mark.parametrize(
    ("holiday", "closed", "open_"),
    [
        (Holiday(THURSDAY), THURSDAY, THURSDAY.replace(year=2027)),
        (Holiday(date(2020, 1, 22), is_recurring=True), THURSDAY, THURSDAY + timedelta(days=1)),
        (Holiday(date(2024, 2, 29), is_recurring=True), date(2028, 2, 29), date(2027, 2, 28)),
    ],
)
def test_holidays_have_no_slots(holiday: Holiday, closed: date, open_: date) -> None:
    found = calendar(30, WHOLE_DAY, holidays=(holiday,))
    assert starts(found, closed) == []
    assert len(starts(found, open_)) == 14


@pytest.mark.parametrize(
    ("part", "blocked"),
    [
        (None, ["09:00", "10:00", "11:00"]),
        (Span(time(10), time(11)), ["10:00"]),
        (Span(time(9, 59), time(10, 1)), ["09:00", "10:00"]),
    ],
)
def test_absence_covers_the_slots_that_it_overlaps(part: Span[time] | None, blocked: list[str]) -> None:
    found = calendar(60, (time(9), time(12)), absences=(Absence(SOMEBODY, THURSDAY, THURSDAY, part),))
    covered = [slot for slot in found.slots_of(THURSDAY) if found.absence_at(slot.day, slot.wall) == SOMEBODY]
    assert [f"{slot.start:%H:%M}" for slot in covered] == blocked
    assert found.absence_at(THURSDAY + timedelta(days=1), Span(time(9), time(10))) is None


@pytest.mark.parametrize(
    ("zone", "day", "hours", "minutes", "expected"),
    [
        pytest.param(
            BERLIN, date(2026, 3, 29), (time(1), time(4)), 30, ["01:00", "01:30", "03:00", "03:30"], id="skipped hour"
        ),
        # 02:30 is the first one, so 02:30-03:00 would last 90 minutes; 02:00-02:30 lasts 30.
        pytest.param(
            BERLIN,
            date(2026, 10, 25),
            (time(1), time(4)),
            30,
            ["01:00", "01:30", "02:00", "03:00", "03:30"],
            id="twice",
        ),
        pytest.param(NEW_YORK, date(2026, 3, 8), (time(1), time(4)), 60, ["01:00", "03:00"], id="skipped, New York"),
        pytest.param(NEW_YORK, date(2026, 11, 1), (time(0), time(3)), 60, ["00:00", "02:00"], id="twice, New York"),
        pytest.param(LORD_HOWE, date(2026, 10, 4), (time(1), time(4)), 60, ["01:00", "03:00"], id="half an hour"),
        pytest.param(APIA, date(2011, 12, 30), (time(9), time(12)), 60, [], id="a day that never was"),
        # The slot that runs into the skipped hour ends at 03:15, inside what would be the next one.
        pytest.param(
            BERLIN,
            date(2026, 3, 29),
            (time(1, 15), time(4), time(2, 30), time(3)),
            30,
            ["01:15", "01:45", "03:30"],
            id="reaching over the break",
        ),
    ],
)
def test_slots_across_a_change_of_the_clocks(
    zone: ZoneInfo,
    day: date,
    hours: tuple[time, time] | tuple[time, time, time, time],
    minutes: int,
    expected: list[str],
) -> None:
    assert starts(calendar(minutes, hours, zone=zone), day) == expected


def test_first_of_two_equal_wall_times_is_meant() -> None:
    assert instant_of(date(2026, 10, 25), time(2, 30), BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert instant_of(date(2026, 10, 25), time(2, 30, fold=1), BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [(time(9), 45, time(9, 45)), (time(23, 30), 29, time(23, 59)), (time(23, 30), 30, None)],
)
def test_end_of_a_visit_on_its_day(start: time, minutes: int, end: time | None) -> None:
    assert wall_end(start, minutes) == end


@pytest.mark.parametrize(("horizon", "ahead", "days"), [(30, 30, 30), (10, 40, 40), (60, 30, 60)])
def test_days_are_generated_as_far_as_bookings_may_reach(horizon: int, ahead: int, days: int) -> None:
    policy = Policy(horizon_days=horizon, booking_days_ahead=ahead)
    assert last_day(THURSDAY, policy) == THURSDAY + timedelta(days=days)


def _hours(draw: st.DrawFn) -> tuple[time, time, time, time]:
    marks = draw(st.lists(st.integers(0, 24 * 60 - 1), min_size=4, max_size=4, unique=True))
    start, pause, again, end = (time(mark // 60, mark % 60) for mark in sorted(marks))
    return start, end, pause, again


@given(st.data(), st.sampled_from([KOLKATA, BERLIN, NEW_YORK, LORD_HOWE]), st.integers(5, 120), st.integers(0, 730))
def test_slots_of_any_day_last_as_they_should_and_never_overlap(
    data: st.DataObject, zone: ZoneInfo, minutes: int, offset: int
) -> None:
    hours = data.draw(st.composite(_hours)())
    day = date(2026, 1, 1) + timedelta(days=offset)
    slots = calendar(minutes, hours, zone=zone).slots_of(day)
    for slot in slots:
        assert slot.ends_at - slot.starts_at == timedelta(minutes=minutes)
        assert slot.starts_at.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, slot.start)
        assert hours[0] <= slot.start
        assert slot.end <= hours[1]
        assert not slot.wall.overlaps(Span(hours[2], hours[3]))
    assert all(one.ends_at <= other.starts_at for one, other in pairwise(slots))


@given(st.data(), st.integers(5, 120))
def test_no_more_slots_would_fit_on_an_ordinary_day(data: st.DataObject, minutes: int) -> None:
    start, end, pause, again = data.draw(st.composite(_hours)())
    lengths = [(b.hour - a.hour) * 60 + b.minute - a.minute for a, b in ((start, pause), (again, end))]
    assert len(calendar(minutes, (start, end, pause, again)).slots_of(THURSDAY)) == sum(n // minutes for n in lengths)
