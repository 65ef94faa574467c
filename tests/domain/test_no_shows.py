"""When a slot is released, when a mark by hand is taken, what penalties lead to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hms.domain.errors import Code, DomainError
from hms.domain.no_shows import (
    NoShowReason,
    Standing,
    Tally,
    blocking_count,
    is_rebookable,
    manual_reason,
    releases_slot,
    require_markable,
    require_note,
    standing_after,
)
from hms.domain.people import PatientStatus

NOW = datetime(2026, 1, 22, 10, tzinfo=UTC)
BUFFER = timedelta(minutes=5)
ACTIVE = Standing(PatientStatus.ACTIVE, 0, None, None, blocked_by_count=False)
BY_COUNT = Standing(PatientStatus.BLOCKED, 3, NOW, "Blocked due to 3 no-show appointments", blocked_by_count=True)
BY_HAND = Standing(PatientStatus.BLOCKED, 3, NOW, "Rude to staff", blocked_by_count=False)
REASONS = tuple(NoShowReason)


@pytest.mark.parametrize(("minutes", "bookable"), [(0, True), (10, True), (10.1, False), (11, False), (15, False)])
def test_a_slot_of_a_quarter_can_be_booked_again_until_five_minutes_before_its_end(
    minutes: float, bookable: bool
) -> None:
    now, end = NOW + timedelta(minutes=minutes), NOW + timedelta(minutes=15)
    assert is_rebookable(end, now, BUFFER) is bookable
    released = {reason for reason in REASONS if releases_slot(reason, end, now, BUFFER)}
    assert released == (set(REASONS) - {NoShowReason.AUTO_TIMEOUT} if bookable else set())


def test_the_sweep_never_releases_even_without_buffer() -> None:
    assert not releases_slot(NoShowReason.AUTO_TIMEOUT, NOW, NOW, timedelta(0))


@pytest.mark.parametrize("asked", [None, NoShowReason.MANUAL_STAFF, NoShowReason.MANUAL_DOCTOR])
def test_who_marks_decides_the_reason(asked: NoShowReason | None) -> None:
    assert manual_reason(asked, by_doctor=True) is NoShowReason.MANUAL_DOCTOR
    assert manual_reason(asked, by_doctor=False) is NoShowReason.MANUAL_STAFF


def test_a_call_stays_a_call_and_a_timeout_is_the_sweeps() -> None:
    assert manual_reason(NoShowReason.PATIENT_CALLED, by_doctor=True) is NoShowReason.PATIENT_CALLED
    with pytest.raises(DomainError) as refused:
        manual_reason(NoShowReason.AUTO_TIMEOUT, by_doctor=False)
    assert refused.value.code is Code.VALIDATION


@pytest.mark.parametrize(
    ("reason", "before_start", "taken"),
    [
        (NoShowReason.MANUAL_STAFF, timedelta(0), True),
        (NoShowReason.MANUAL_DOCTOR, timedelta(seconds=1), False),
        (NoShowReason.PATIENT_CALLED, timedelta(hours=24), True),
        (NoShowReason.PATIENT_CALLED, timedelta(hours=24, seconds=1), False),
    ],
)
def test_a_mark_has_its_earliest_time(reason: NoShowReason, before_start: timedelta, taken: bool) -> None:
    if taken:
        assert require_markable(reason, NOW, NOW - before_start, 24) is None  # type: ignore[func-returns-value]
        return
    with pytest.raises(DomainError) as refused:
        require_markable(reason, NOW, NOW - before_start, 24)
    assert refused.value.code is Code.TOO_EARLY


@pytest.mark.parametrize(
    ("before", "tally", "new", "status", "reason"),
    [
        (ACTIVE, Tally(2, 2), 1, PatientStatus.ACTIVE, None),
        (ACTIVE, Tally(3, 3), 1, PatientStatus.BLOCKED, "Blocked due to 3 no-show appointments"),
        (ACTIVE, Tally(5, 5), 4, PatientStatus.BLOCKED, "Blocked due to 3 no-show appointments"),
        (ACTIVE, Tally(5, 1), 1, PatientStatus.BLOCKED, "Blocked due to 5 no-show appointments"),
        (ACTIVE, Tally(5, 0), 0, PatientStatus.ACTIVE, None),
        (ACTIVE, Tally(4, 2), 0, PatientStatus.BLOCKED, "Blocked due to 4 no-show appointments"),
        (BY_COUNT, Tally(4, 4), 1, PatientStatus.BLOCKED, BY_COUNT.blocked_reason),
        (BY_COUNT, Tally(2, 2), 0, PatientStatus.ACTIVE, None),
        (BY_COUNT, Tally(4, 0), 0, PatientStatus.ACTIVE, None),
        (BY_HAND, Tally(2, 2), 0, PatientStatus.BLOCKED, "Rude to staff"),
        (BY_HAND, Tally(4, 4), 1, PatientStatus.BLOCKED, "Rude to staff"),
    ],
    ids=[
        "two",
        "third",
        "third of a batch",
        "after unblock",
        "pardoned",
        "reinstated",
        "fourth",
        "forgiven",
        "the only new one forgiven",
        "hand",
        "hand again",
    ],
)
def test_standing(before: Standing, tally: Tally, new: int, status: PatientStatus, reason: str | None) -> None:
    after = standing_after(before, tally, threshold=3, new=new, now=NOW)
    assert (after.status, after.blocked_reason, after.count) == (status, reason, tally.count)
    assert (after.blocked_at is None) == (status is PatientStatus.ACTIVE)


@pytest.mark.parametrize(("count", "new", "at"), [(3, 1, 3), (3, 3, 3), (5, 5, 3), (5, 2, 4), (5, 1, 5), (4, 0, 4)])
def test_where_the_block_fell_does_not_depend_on_the_batch(count: int, new: int, at: int) -> None:
    assert blocking_count(count, 3, new) == at


@pytest.mark.parametrize("note", ["", "   ", "x" * 401])
def test_a_note_says_why(note: str) -> None:
    assert require_note(" Bus strike ") == "Bus strike"
    with pytest.raises(DomainError) as refused:
        require_note(note)
    assert refused.value.code is Code.VALIDATION
