"""The grid of a doctor's days held against a second calculation: minute by minute, in instants, without wall times."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hms.domain.intervals import Span
from hms.domain.slots import Absence, Calendar, DayOfWeek, Holiday, PlannedSlot, WeeklyBlock

ZONES = (
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Asia/Kolkata",
    "America/Sao_Paulo",
)
FIRST, LAST = date(2010, 1, 1), date(2030, 12, 31)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AWAY = UUID(int=2)
Minutes = tuple[int, int]


@cache
def changes(name: str) -> tuple[date, ...]:
    """Return the local days around each change of a zone's clocks: the offset differs from noon to noon."""
    zone = ZoneInfo(name)
    noons = [datetime(FIRST.year, 1, 1, 12, tzinfo=UTC) + DAY * number for number in range((LAST - FIRST).days + 1)]
    found = []
    for before, after in pairwise(noons):
        if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            found += [before.astimezone(zone).date(), after.astimezone(zone).date()]
    return tuple(sorted(set(found)))


@cache
def walls(day: date, zone: ZoneInfo) -> dict[int, datetime]:
    """Walk through the instants of a day; return the first instant that shows each minute of its wall clock."""
    instant = datetime.combine(day, time.min, UTC) - timedelta(hours=15)
    shown: dict[int, datetime] = {}
    while instant < datetime.combine(day, time.min, UTC) + timedelta(hours=37):
        local = instant.astimezone(zone)
        if local.date() == day:
            shown.setdefault(local.hour * 60 + local.minute, instant)
        instant += MINUTE
    return shown


def expected(day: date, zone: ZoneInfo, minutes: int, sessions: list[Minutes]) -> list[tuple[int, datetime, datetime]]:
    """Say which slots fit: both wall times are shown that day, the first time so long apart, and none overlaps."""
    shown = walls(day, zone)
    found: list[tuple[int, datetime, datetime]] = []
    for start, end in sorted(sessions):
        for minute in range(start, end - minutes + 1, minutes):
            begins = shown.get(minute)
            if begins is None:
                continue
            # An end that is skipped is as late as it would have been without the change.
            end_mark = minute + minutes
            last = end_mark if end_mark in shown else max(mark for mark in shown if mark < end_mark)
            ends = shown[last] + (end_mark - last) * MINUTE
            if ends - begins != minutes * MINUTE:
                continue
            if not found or found[-1][2] <= begins:
                found.append((minute, begins, ends))
    return found


def as_time(minute: int) -> time:
    return time(minute // 60, minute % 60)


def block(day: date, hours: Minutes, pause: Minutes | None = None) -> WeeklyBlock:
    start, end = (as_time(minute) for minute in hours)
    if pause is None:
        return WeeklyBlock(DayOfWeek.of(day), start, end)
    return WeeklyBlock(DayOfWeek.of(day), start, end, as_time(pause[0]), as_time(pause[1]))


def flat(slots: list[PlannedSlot]) -> list[tuple[int, datetime, datetime]]:
    return [(slot.start.hour * 60 + slot.start.minute, slot.starts_at, slot.ends_at) for slot in slots]


@pytest.mark.parametrize(("name", "least"), list(zip(ZONES, (80, 80, 80, 20, 0, 30), strict=True)))
def test_every_change_of_the_clocks_from_2010_to_2030(name: str, least: int) -> None:
    """Round the clock in slots of several lengths, on the days around each change."""
    zone = ZoneInfo(name)
    days = changes(name)
    assert len(days) >= least
    assert (name == "Asia/Kolkata") == (not days)
    for day in days or (FIRST, date(2026, 3, 29), LAST):
        for minutes in (15, 20, 45):
            sessions = [(0, 24 * 60 - 1)]
            found = Calendar(zone, minutes, (block(day, (0, 24 * 60 - 1)),)).slots_of(day)
            assert flat(found) == expected(day, zone, minutes, sessions), (day, minutes)


@st.composite
def days(draw: st.DrawFn) -> tuple[str, date]:
    """Draw a zone and a day, every second time one around a change of its clocks."""
    name: str = draw(st.sampled_from(ZONES))
    day: date = draw(st.dates(FIRST, LAST))
    near: bool = draw(st.booleans())
    later = [change for change in changes(name) if change >= day]
    return (name, later[0]) if near and later else (name, day)


@st.composite
def weeks(draw: st.DrawFn) -> list[tuple[Minutes, Minutes | None]]:
    """Draw the hours of one day: up to three blocks that do not overlap, each perhaps with a break."""
    count = draw(st.integers(1, 3))
    marks = sorted(draw(st.lists(st.integers(0, 24 * 60 - 1), min_size=4 * count, max_size=4 * count, unique=True)))
    blocks: list[tuple[Minutes, Minutes | None]] = []
    for place in range(0, 4 * count, 4):
        start, pause, again, end = marks[place : place + 4]
        blocks.append(((start, end), (pause, again) if draw(st.booleans()) else None))
    return blocks


def sessions_of(blocks: list[tuple[Minutes, Minutes | None]]) -> list[Minutes]:
    found: list[Minutes] = []
    for (start, end), pause in blocks:
        found += [(start, end)] if pause is None else [(start, pause[0]), (pause[1], end)]
    return found


@settings(max_examples=60)
@given(days(), weeks(), st.integers(5, 240))
def test_grid_is_what_fits_by_the_minute(
    where: tuple[str, date], blocks: list[tuple[Minutes, Minutes | None]], minutes: int
) -> None:
    name, day = where
    zone = ZoneInfo(name)
    calendar = Calendar(zone, minutes, tuple(block(day, hours, pause) for hours, pause in blocks))
    found = calendar.slots_of(day)
    assert flat(found) == expected(day, zone, minutes, sessions_of(blocks))
    assert all(one.ends_at <= other.starts_at for one, other in pairwise(found))
    for slot in found:
        inside = [hours for hours, _ in blocks if as_time(hours[0]) <= slot.start and slot.end <= as_time(hours[1])]
        assert len(inside) == 1
        assert not any(pause and Span(*map(as_time, pause)).overlaps(slot.wall) for _, pause in blocks)
        assert slot.ends_at - slot.starts_at == minutes * MINUTE


@settings(max_examples=60)
@given(days(), weeks(), st.integers(5, 120), st.data())
def test_holidays_empty_a_day_and_absences_mark_what_they_overlap(
    where: tuple[str, date], blocks: list[tuple[Minutes, Minutes | None]], minutes: int, data: st.DataObject
) -> None:
    name, day = where
    rows = tuple(block(day, hours, pause) for hours, pause in blocks)
    open_day = Calendar(ZoneInfo(name), minutes, rows)
    other = data.draw(st.dates(FIRST, LAST), label="holiday")
    recurring = data.draw(st.booleans(), label="recurring")
    closes = other == day or (recurring and (other.month, other.day) == (day.month, day.day))
    closed = Calendar(ZoneInfo(name), minutes, rows, (Holiday(other, recurring),))
    assert closed.slots_of(day) == ([] if closes else open_day.slots_of(day))
    assert Calendar(ZoneInfo(name), minutes, rows, (Holiday(day),)).slots_of(day) == []

    start, end = sorted(data.draw(st.lists(st.integers(0, 1439), min_size=2, max_size=2, unique=True), label="part"))
    away = Absence(AWAY, day, day, Span(as_time(start), as_time(end)))
    calendar = Calendar(ZoneInfo(name), minutes, rows, (), (away,))
    assert calendar.slots_of(day) == open_day.slots_of(day)
    for slot in calendar.slots_of(day):
        begins, ends = (mark.hour * 60 + mark.minute for mark in (slot.start, slot.end))
        overlaps = any(start <= minute < end for minute in range(begins, ends))
        assert (calendar.absence_at(day, slot.wall) == AWAY) == overlaps
        assert calendar.absence_at(day + DAY, slot.wall) is None
