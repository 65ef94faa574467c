from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms.domain.intervals import Occupied, Span

NINE = datetime(2026, 1, 22, 9, tzinfo=UTC)
minutes = st.integers(0, 300)


@st.composite
def spans(draw: st.DrawFn) -> Span[datetime]:
    start = NINE + timedelta(minutes=draw(minutes))
    return Span(start, start + timedelta(minutes=draw(st.integers(1, 90))))


@pytest.mark.parametrize(
    ("other", "overlaps", "holds"),
    [
        (Span(time(8), time(9)), False, False),
        (Span(time(8), time(9, 1)), True, False),
        (Span(time(9), time(12)), True, True),
        (Span(time(10), time(11)), True, True),
        (Span(time(11), time(13)), True, False),
        (Span(time(12), time(13)), False, False),
    ],
)
def test_spans_are_half_open(other: Span[time], overlaps: bool, holds: bool) -> None:
    morning = Span(time(9), time(12))
    assert (morning.overlaps(other), other.overlaps(morning), morning.holds(other)) == (overlaps, overlaps, holds)


@given(st.lists(spans(), max_size=12), spans())
def test_occupied_agrees_with_asking_each_span(taken: list[Span[datetime]], wish: Span[datetime]) -> None:
    assert Occupied(taken).is_free(wish) is not any(span.overlaps(wish) for span in taken)
