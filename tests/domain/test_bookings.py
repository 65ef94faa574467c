from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms.domain.bookings import (
    CHECKS,
    BookingFacts,
    DoctorFacts,
    SlotFacts,
    is_last_minute,
    require_bookable,
)
from hms.domain.errors import Code, DomainError
from hms.domain.intervals import Span
from hms.domain.people import PatientStatus
from hms.domain.policy import Policy
from hms.domain.slots import DayOfWeek, WeeklyBlock

NOW = datetime(2026, 1, 22, 4, 40, tzinfo=UTC)  # 10:10 in Kolkata
TODAY = date(2026, 1, 22)
DOCTOR = DoctorFacts(is_available=True, is_active=True, max_patients_per_day=30, counted=29)
FREE = SlotFacts(is_blocked=False, is_taken=False)
GOOD = BookingFacts(
    now=NOW,
    today=TODAY,
    policy=Policy(),
    day=TODAY,
    wall=Span(time(10), time(10, 15)),
    ends_at=NOW + timedelta(minutes=5),
    patient_status=PatientStatus.ACTIVE,
    doctor=DOCTOR,
    blocks=(WeeklyBlock(DayOfWeek.THURSDAY, time(9), time(17), time(13), time(14)),),
    slot=FREE,
)

# One failing value for each check, in the order of the rules.
FAILURES: tuple[tuple[Code, dict[str, Any]], ...] = (
    (Code.PATIENT_NOT_FOUND, {"patient_status": None}),
    (Code.PATIENT_BLOCKED, {"patient_status": PatientStatus.BLOCKED}),
    (Code.DUPLICATE_BOOKING, {"patient_is_taken": True}),
    (Code.DOCTOR_NOT_FOUND, {"doctor": None}),
    (Code.DOCTOR_UNAVAILABLE, {"doctor": replace(DOCTOR, is_available=False)}),
    (Code.DOCTOR_INACTIVE, {"doctor": replace(DOCTOR, is_active=False)}),
    (Code.DATE_IN_PAST, {"ends_at": NOW + timedelta(minutes=4, seconds=59)}),
    (Code.TOO_FAR_AHEAD, {"day": TODAY + timedelta(days=31)}),
    (Code.HOSPITAL_HOLIDAY, {"is_holiday": True}),
    (Code.DOCTOR_ABSENT, {"is_absent": True}),
    (Code.OUTSIDE_SCHEDULE, {"blocks": ()}),
    (Code.DURING_BREAK, {"wall": Span(time(12, 50), time(13, 5))}),
    (Code.NOT_A_SLOT, {"slot": None}),
    (Code.DOCTOR_FULLY_BOOKED, {"doctor": replace(DOCTOR, counted=30)}),
)


def refused(facts: BookingFacts) -> DomainError:
    with pytest.raises(DomainError) as caught:
        require_bookable(facts)
    return caught.value


def test_wish_that_passes_all_fourteen_checks_is_bookable() -> None:
    require_bookable(GOOD)
    assert len(CHECKS) == len(FAILURES) == 14


@pytest.mark.parametrize(("code", "values"), FAILURES)
def test_each_check_has_its_own_code(code: Code, values: dict[str, Any]) -> None:
    error = refused(replace(GOOD, **values))
    assert error.code is code
    assert error.message.endswith(".")


@pytest.mark.parametrize("number", range(13))
def test_first_of_two_failing_checks_answers(number: int) -> None:
    (code, first), (_, second) = FAILURES[number], FAILURES[number + 1]
    if set(first) & set(second):
        second = FAILURES[-1][1] if "doctor" not in first else {"slot": None}
    assert refused(replace(GOOD, **{**second, **first})).code is code


@given(st.sets(st.sampled_from(range(14)), min_size=1))
def test_whatever_fails_together_the_first_answers(numbers: set[int]) -> None:
    values: dict[str, Any] = {}
    for number in sorted(numbers, reverse=True):
        values |= FAILURES[number][1]
    assert refused(replace(GOOD, **values)).code is FAILURES[min(numbers)][0]


@pytest.mark.parametrize(
    ("slot", "code"),
    [
        (SlotFacts(is_blocked=True, is_taken=False), Code.SLOT_BLOCKED),
        (SlotFacts(is_blocked=False, is_taken=True), Code.SLOT_TAKEN),
        (SlotFacts(is_blocked=True, is_taken=True), Code.SLOT_BLOCKED),
    ],
)
def test_slot_that_is_blocked_or_taken(slot: SlotFacts, code: Code) -> None:
    assert refused(replace(GOOD, slot=slot)).code is code


def test_inactive_patient_does_not_exist() -> None:
    assert refused(replace(GOOD, patient_status=PatientStatus.INACTIVE)).code is Code.PATIENT_NOT_FOUND


def test_blocked_patient_hears_what_to_do() -> None:
    blocked = replace(GOOD, patient_status=PatientStatus.BLOCKED)
    quoted = "Patient is blocked from booking appointments due to repeated no-shows."
    assert refused(blocked).message == f"{quoted} Please contact the clinic."
    assert refused(replace(blocked, may_override=True)).message == f"{quoted} For urgent care, book with a reason."
    require_bookable(replace(blocked, overrides_block=True))


@pytest.mark.parametrize("days", [0, 7, 30])
def test_days_ahead_are_a_setting(days: int) -> None:
    facts = replace(GOOD, policy=Policy(booking_days_ahead=days), blocks=GOOD.blocks)
    assert refused(replace(facts, day=TODAY + timedelta(days=days + 1))).code is Code.TOO_FAR_AHEAD


@pytest.mark.parametrize(
    ("before_start", "last_minute"),
    [
        (timedelta(hours=24), True),
        (timedelta(hours=24, seconds=1), False),
        (timedelta(0), True),
        (timedelta(seconds=-1), False),
    ],
)
def test_last_minute_is_within_a_day_of_the_start(before_start: timedelta, last_minute: bool) -> None:
    assert is_last_minute(NOW + before_start, NOW) is last_minute
