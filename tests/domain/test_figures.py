"""Periods, months, rates, trends, quantiles and bands over plain numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms.domain.figures import (
    LEAD_BANDS,
    WAIT_BANDS,
    Band,
    Direction,
    Wanted,
    bands,
    percent,
    quantile,
    trend_of,
    week_of,
    whole_months,
    written,
)


def test_the_period_before_is_as_long_and_ends_the_day_before() -> None:
    wanted = Wanted(date(2024, 2, 28), date(2024, 3, 1))
    assert (wanted.days, list(wanted.each_day())[1]) == (3, date(2024, 2, 29))
    assert wanted.before == Wanted(date(2024, 2, 25), date(2024, 2, 27))
    assert wanted.with_before == Wanted(date(2024, 2, 25), date(2024, 3, 1))


@pytest.mark.parametrize(("begins", "day"), [(0, 19), (6, 18), (5, 17), (3, 22)])
def test_a_week_begins_on_the_weekday_that_is_its_first(begins: int, day: int) -> None:
    assert week_of(date(2026, 1, 22), begins) == date(2026, 1, day)  # a Thursday


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        ("2026-01-01", "2026-01-31", ["2026-01-01"]),
        ("2026-01-02", "2026-02-28", ["2026-02-01"]),
        ("2026-01-02", "2026-02-27", []),
        ("2025-11-15", "2026-03-01", ["2025-12-01", "2026-01-01", "2026-02-01"]),
        ("2026-03-05", "2026-03-01", []),
    ],
)
def test_months_count_as_whole_ones_only(first: str, last: str, months: list[str]) -> None:
    found = list(whole_months(date.fromisoformat(first), date.fromisoformat(last)))
    assert [begins.isoformat() for begins, _ in found] == months
    assert all(ends.month == begins.month and ends.day >= 28 for begins, ends in found)


def test_rates_and_trends() -> None:
    assert (percent(2, 11), percent(0, 0), written(None), written(18.18)) == (18.2, None, "0.0%", "18.2%")
    found = [trend_of(*pair) for pair in ((20.0, 18.0), (18.0, 20.0), (20.0, 19.6), (None, 3.0), (0.0, None))]
    assert [(one.direction, one.points) for one in found] == [
        (Direction.RISING, 2.0),
        (Direction.FALLING, -2.0),
        (Direction.STEADY, 0.4),
        (Direction.UNKNOWN, None),
        (Direction.UNKNOWN, None),
    ]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40), st.sampled_from([1, 5, 9, 10]))
def test_a_quantile_is_the_nearest_rank(lengths: list[int], tenths: int) -> None:
    counted = [(length, lengths.count(length)) for length in {*lengths}] + [(7, 0)]
    assert quantile(counted, tenths / 10) == sorted(lengths)[-(-len(lengths) * tenths // 10) - 1]


def test_nothing_has_no_quantile() -> None:
    assert quantile([], 0.5) is None


@pytest.mark.parametrize("some", [WAIT_BANDS, LEAD_BANDS, bands(0)])
@pytest.mark.parametrize("length", [0, 1, 9, 10, 29, 30, 31, 120, 10_000])
def test_every_length_is_in_one_band(some: Sequence[Band], length: int) -> None:
    assert sum(band.holds(length) for band in some) == 1
