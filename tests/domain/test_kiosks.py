from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hms.domain.appointments import OPEN, Status
from hms.domain.kiosks import takes, whole_mrn


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-01-22T{clock}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "taken"), [("08:59:59", False), ("09:00", True), ("10:00", True), ("10:14:59", True), ("10:15", False)]
)
def test_from_an_hour_before_until_the_visit_counts_as_missed(now: str, taken: bool) -> None:
    assert takes(Status.SCHEDULED, at("10:00"), at("10:15"), at(now), 60) is taken


@pytest.mark.parametrize("status", Status)
def test_only_who_is_expected(status: Status) -> None:
    assert takes(status, at("10:00"), at("10:15"), at("10:00"), 60) is (status in OPEN)


@pytest.mark.parametrize("typed", ["HMS001-MKEVX0F35AIU", "hms001-mkevx0f35aiu", " mkev x0f3 5aiu ", "MKEVX0F35AIU"])
def test_a_number_may_be_typed_as_people_type(typed: str) -> None:
    assert whole_mrn(typed, "HMS001") == "HMS001-MKEVX0F35AIU"
