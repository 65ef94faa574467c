from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms.domain.errors import DomainError
from hms.domain.holidays import Entry, clash, next_closed, occurrences, require_new
from hms.domain.slots import Holiday

LEAP = Holiday(date(2024, 2, 29), is_recurring=True)
DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@pytest.mark.parametrize(
    ("holiday", "expected"),
    [
        (Holiday(date(2026, 3, 1)), [date(2026, 3, 1)]),
        (Holiday(date(2025, 3, 1)), []),
        (Holiday(date(2019, 3, 1), is_recurring=True), [date(2026, 3, 1), date(2027, 3, 1)]),
        (LEAP, []),
    ],
)
def test_days_that_a_holiday_closes_in_two_years(holiday: Holiday, expected: list[date]) -> None:
    assert occurrences(holiday, date(2026, 1, 1), date(2027, 12, 31)) == expected


@pytest.mark.parametrize(
    ("holiday", "today", "expected"),
    [
        (Holiday(date(2026, 1, 22)), date(2026, 1, 22), date(2026, 1, 22)),
        (Holiday(date(2026, 1, 21)), date(2026, 1, 22), None),
        (Holiday(date(2030, 1, 21), is_recurring=True), date(2026, 1, 22), date(2027, 1, 21)),
        (LEAP, date(2026, 1, 22), date(2028, 2, 29)),
        (LEAP, date(2096, 3, 1), date(2104, 2, 29)),
    ],
)
def test_next_time(holiday: Holiday, today: date, expected: date | None) -> None:
    assert next_closed(holiday, today) == expected


@given(DAYS, st.booleans(), DAYS, st.integers(0, 800))
def test_occurrences_are_the_days_that_are_closed(day: date, recurring: bool, first: date, length: int) -> None:
    holiday = Holiday(day, recurring)
    span = [date.fromordinal(first.toordinal() + number) for number in range(length)]
    assert occurrences(holiday, first, date.fromordinal(first.toordinal() + length - 1)) == [
        one for one in span if holiday.closes(one)
    ]


def test_an_inactive_recurring_entry_stands_in_the_way_of_its_own_date_only() -> None:
    entry = Entry(UUID(int=1), "Old", date(2019, 1, 26), is_recurring=True, is_active=False)
    assert clash([entry], Holiday(date(2026, 1, 26))) is None
    require_new([entry], Holiday(date(2026, 1, 26)))
    with pytest.raises(DomainError, match=r"26 January 2019 is in the list already, but not active \(Old\)"):
        require_new([entry], Holiday(date(2019, 1, 26)))
