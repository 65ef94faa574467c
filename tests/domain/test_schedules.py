from __future__ import annotations

from datetime import date, time

import pytest

from hms.domain.errors import Code, DomainError
from hms.domain.intervals import Span
from hms.domain.schedules import fits, require_valid
from hms.domain.slots import DayOfWeek, WeeklyBlock

MONDAY, TUESDAY = DayOfWeek.MONDAY, DayOfWeek.TUESDAY
A_MONDAY = date(2026, 1, 26)


def block(
    start: str, end: str, break_start: str | None = None, break_end: str | None = None, day: DayOfWeek = MONDAY
) -> WeeklyBlock:
    pause_start, pause_end = (time.fromisoformat(t) if t else None for t in (break_start, break_end))
    return WeeklyBlock(day, time.fromisoformat(start), time.fromisoformat(end), pause_start, pause_end)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [block("09:00", "17:00", "13:00", "14:00")],
        [block("09:00", "17:00", "09:00", "17:00")],
        [block("09:00", "12:00"), block("12:00", "17:00")],
        [block("09:00", "12:00"), block("09:00", "12:00", day=TUESDAY)],
        [block("09:00", "12:00"), WeeklyBlock(MONDAY, time(10), time(11), is_active=False)],
    ],
)
def test_weeks_that_make_sense_pass(rows: list[WeeklyBlock]) -> None:
    require_valid(rows)
    assert all(row.end > row.start for row in rows)


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        (block("17:00", "09:00"), "endTime", "Monday: the end (09:00) must be after the start (17:00)"),
        (block("09:00", "09:00"), "endTime", "Monday: the end (09:00) must be after the start (09:00)"),
        (
            block("09:00", "17:00", "08:30", "09:30"),
            "breakStart",
            "Monday: the break (08:30-09:30) must lie inside the hours (09:00-17:00)",
        ),
        (
            block("09:00", "17:00", "16:30", "17:30"),
            "breakStart",
            "Monday: the break (16:30-17:30) must lie inside the hours (09:00-17:00)",
        ),
        (
            block("09:00", "17:00", "14:00", "13:00"),
            "breakEnd",
            "Monday: the break's end (13:00) must be after its start (14:00)",
        ),
        (block("09:00", "17:00", "13:00"), "breakEnd", "Monday: a break needs both its start and its end"),
        (block("09:00", "17:00", None, "14:00"), "breakStart", "Monday: a break needs both its start and its end"),
    ],
)
def test_row_that_makes_no_sense_is_named_with_what_to_change(row: WeeklyBlock, field: str, says: str) -> None:
    with pytest.raises(DomainError) as caught:
        require_valid([block("09:00", "10:00", day=TUESDAY), row])
    assert caught.value.code is Code.SCHEDULE_INVALID
    assert [(d.field, d.message) for d in caught.value.details] == [(f"schedules.1.{field}", says)]


def test_all_wrong_rows_are_named_at_once() -> None:
    with pytest.raises(DomainError) as caught:
        require_valid([block("17:00", "09:00"), block("09:00", "10:00"), block("12:00", "11:00")])
    assert [d.field for d in caught.value.details] == ["schedules.0.endTime", "schedules.2.endTime"]


def test_overlapping_rows_are_named() -> None:
    with pytest.raises(DomainError) as caught:
        require_valid([block("09:00", "12:00"), block("11:30", "15:00"), block("15:00", "16:00")])
    assert caught.value.code is Code.SCHEDULE_OVERLAP
    assert [d.field for d in caught.value.details] == ["schedules.1.startTime"]
    assert caught.value.message == (
        "Monday 11:30-15:00 overlaps Monday 09:00-12:00. Shorten one of them, or join them into one row with a break."
    )


@pytest.mark.parametrize(
    ("start", "end", "inside"),
    [
        ("09:00", "09:30", True),
        ("08:45", "09:15", False),
        ("12:30", "13:00", True),
        ("12:45", "13:15", False),
        ("14:00", "14:30", True),
        ("16:30", "17:00", True),
        ("16:45", "17:15", False),
        ("18:00", "18:30", True),
        ("19:30", "20:30", False),
    ],
)
def test_visit_fits_inside_hours_and_outside_breaks(start: str, end: str, inside: bool) -> None:
    rows = [
        block("09:00", "17:00", "13:00", "14:00"),
        block("18:00", "20:00"),
        WeeklyBlock(MONDAY, time(20), time(21), is_active=False),
        block("08:00", "20:00", day=TUESDAY),
    ]
    assert fits(rows, A_MONDAY, Span(time.fromisoformat(start), time.fromisoformat(end))) is inside
