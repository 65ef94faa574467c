from __future__ import annotations

from datetime import date, time
from uuid import UUID

import pytest

from hms.domain.absences import (
    AbsenceStatus,
    AbsenceType,
    KnownAbsence,
    Leave,
    leave_of,
    require_changeable,
    require_no_overlap,
    require_no_past_rewritten,
    require_upcoming,
)
from hms.domain.errors import Code, DomainError
from hms.domain.intervals import Span

TODAY = date(2026, 1, 22)


def day(number: int) -> date:
    return TODAY.replace(day=number)


def part(number: int, start: int, end: int) -> Leave:
    return Leave(day(number), day(number), Span(time(start), time(end)))


NINE, TEN = time(9), time(10)


@pytest.mark.parametrize(
    ("given", "code", "fields", "words"),
    [
        (
            (day(24), day(23), True, None, None),
            Code.ABSENCE_END_BEFORE_START,
            ["endDate"],
            "ends (23 January 2026) before it starts (24 January 2026)",
        ),
        ((day(23), day(23), True, NINE, None), Code.ABSENCE_PART_OF_DAY, ["startTime"], "set isFullDay to false"),
        ((day(23), day(23), True, NINE, TEN), Code.ABSENCE_PART_OF_DAY, ["startTime", "endTime"], "Leave them out"),
        ((day(23), day(24), False, NINE, TEN), Code.ABSENCE_PART_OF_DAY, ["endDate"], "lies on one day"),
        ((day(23), day(23), False, None, None), Code.ABSENCE_PART_OF_DAY, ["startTime", "endTime"], "needs its start"),
        ((day(23), day(23), False, NINE, None), Code.ABSENCE_PART_OF_DAY, ["endTime"], "needs its start and its end"),
        ((day(23), day(23), False, NINE, NINE), Code.ABSENCE_PART_OF_DAY, ["endTime"], "(09:00) must be after"),
        (
            (day(23), day(23), False, TEN, NINE),
            Code.ABSENCE_PART_OF_DAY,
            ["endTime"],
            "must be after the start (10:00)",
        ),
    ],
)
def test_a_span_that_makes_no_sense_says_what_to_change(
    given: tuple[date, date, bool, time | None, time | None], code: Code, fields: list[str], words: str
) -> None:
    with pytest.raises(DomainError) as caught:
        leave_of(*given)
    assert caught.value.code is code
    assert [detail.field for detail in caught.value.details] == fields
    assert words in caught.value.message


def test_spans_that_make_sense() -> None:
    assert leave_of(day(23), day(24), True, None, None) == Leave(day(23), day(24))
    assert leave_of(day(23), day(23), False, time(0), TEN) == Leave(day(23), day(23), Span(time(0), TEN))


def test_an_absence_starts_today_at_the_earliest() -> None:
    require_upcoming(Leave(TODAY, TODAY), TODAY)
    with pytest.raises(DomainError) as caught:
        require_upcoming(Leave(day(21), day(25)), TODAY)
    assert caught.value.code is Code.ABSENCE_IN_PAST
    assert caught.value.details[0].message == "must be 2026-01-22 or later"


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        (Leave(day(20), day(25)), Leave(day(20), day(28)), None),
        (Leave(day(20), day(25)), Leave(day(20), day(21)), None),  # back since this morning
        (Leave(day(20), day(25)), Leave(day(20), day(20)), "endDate"),
        (Leave(day(20), day(25)), Leave(day(21), day(25)), "startDate"),
        (Leave(day(20), day(25)), Leave(day(23), day(25)), "startDate"),
        (Leave(day(24), day(25)), Leave(day(22), day(25)), None),
        (Leave(day(24), day(25)), Leave(day(21), day(25)), "startDate"),
        (Leave(day(22), day(22)), Leave(day(24), day(24)), None),
        (part(22, 9, 12), part(22, 9, 15), None),
    ],
)
def test_a_change_leaves_past_days_as_they_were(before: Leave, after: Leave, field: str | None) -> None:
    if field is None:
        assert require_no_past_rewritten(before, after, TODAY) is None  # type: ignore[func-returns-value]
        return
    with pytest.raises(DomainError) as caught:
        require_no_past_rewritten(before, after, TODAY)
    assert (caught.value.code, caught.value.details[0].field) == (Code.ABSENCE_IN_PAST, field)


@pytest.mark.parametrize(
    ("status", "leave", "words"),
    [
        (AbsenceStatus.ACTIVE, Leave(day(20), TODAY), None),
        (AbsenceStatus.ACTIVE, Leave(day(20), day(21)), "20 January 2026 to 21 January 2026) is over"),
        (AbsenceStatus.CANCELLED, Leave(day(23), day(24)), "is cancelled. Create a new one"),
    ],
)
def test_what_is_over_or_cancelled_stays(status: AbsenceStatus, leave: Leave, words: str | None) -> None:
    if words is None:
        assert require_changeable(status, leave, TODAY) is None  # type: ignore[func-returns-value]
        return
    with pytest.raises(DomainError) as caught:
        require_changeable(status, leave, TODAY)
    assert caught.value.code is Code.ABSENCE_CLOSED
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("one", "other", "met"),
    [
        (Leave(day(23), day(24)), Leave(day(24), day(26)), True),
        (Leave(day(23), day(24)), Leave(day(25), day(26)), False),
        (Leave(day(23), day(27)), Leave(day(24), day(25)), True),
        (Leave(day(23), day(24)), part(24, 9, 10), True),
        (part(24, 9, 10), part(24, 10, 11), False),
        (part(24, 9, 10), part(24, 9, 11), True),
        (part(24, 9, 10), part(25, 9, 10), False),
    ],
)
def test_overlap(one: Leave, other: Leave, met: bool) -> None:
    assert one.overlaps(other) is other.overlaps(one) is met


def test_an_overlap_names_the_absences_that_are_there() -> None:
    known = [
        KnownAbsence(UUID(int=2), AbsenceType.TRAINING, part(25, 14, 17)),
        KnownAbsence(UUID(int=1), AbsenceType.ANNUAL_LEAVE, Leave(day(22), day(23))),
        KnownAbsence(UUID(int=3), AbsenceType.OTHER, Leave(day(29), day(30))),
    ]
    with pytest.raises(DomainError) as caught:
        require_no_overlap(Leave(day(23), day(26)), known)
    assert caught.value.code is Code.ABSENCE_OVERLAP
    assert caught.value.message == (
        "The doctor is already away then: 22 January 2026 to 23 January 2026 (annual leave); "
        "25 January 2026 14:00-17:00 (training). Choose other dates, or change or cancel that absence."
    )
    assert [str(UUID(int=1)) in caught.value.details[0].message, len(caught.value.details)] == [True, 2]
