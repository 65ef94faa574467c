from datetime import UTC, datetime, timedelta

import pytest

from hms.domain.appointments import (
    LIVE,
    OPEN,
    TRANSITIONS,
    WORDS,
    Status,
    counts_for_day,
    no_show_due,
    require_transition,
)
from hms.domain.errors import Code, DomainError

QUARTER = timedelta(minutes=15)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-01-22T{clock}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("starts", "booked", "due"),
    [("09:00", "08:00", "09:15"), ("10:00", "10:10", "10:25"), ("09:00", "09:00", "09:15")],
)
def test_a_visit_is_due_at_its_end_or_its_booking_plus_its_duration(starts: str, booked: str, due: str) -> None:
    assert no_show_due(at(starts), at(booked), QUARTER) == at(due)


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_the_table_decides_every_pair(before: Status, after: Status) -> None:
    if (before, after) in TRANSITIONS:
        require_transition(before, after)
        assert before is not after
        return
    with pytest.raises(DomainError) as caught:
        require_transition(before, after)
    assert caught.value.code is Code.INVALID_TRANSITION


def test_finished_and_cancelled_visits_stay_so() -> None:
    assert not {before for before, _ in TRANSITIONS} & {Status.COMPLETED, Status.CANCELLED}
    assert OPEN < LIVE
    assert set(WORDS) == set(Status)


@pytest.mark.parametrize(
    ("status", "holds", "counts"),
    [
        (Status.SCHEDULED, True, True),
        (Status.COMPLETED, True, True),
        (Status.COMPLETED, False, True),
        (Status.NO_SHOW, True, True),
        (Status.NO_SHOW, False, False),
        (Status.CANCELLED, False, False),
    ],
)
def test_what_counts_for_the_doctors_day(status: Status, holds: bool, counts: bool) -> None:
    assert counts_for_day(status, holds) is counts
