"""When a run is given up, when a job counts as healthy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hms.domain.cron import Cron
from hms.domain.job_runs import (
    RunStatus,
    consecutive_failures,
    health_problem,
    is_abandoned,
    is_judged,
    success_rate,
)

KOLKATA = ZoneInfo("Asia/Kolkata")
CHECKS = Cron.parse("*/5 7-22 * * *")
AT = datetime(2026, 1, 22, 6, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "given_up"), [(0, False), (299, False), (300, True), (3600, True)])
def test_five_minutes_without_heartbeat(seconds: int, given_up: bool) -> None:
    assert is_abandoned(AT, AT + timedelta(seconds=seconds)) is given_up


@pytest.mark.parametrize(
    ("wall", "working", "judged"),
    [
        ("06:59", False, False),
        ("07:00", True, False),
        ("07:14", True, False),
        ("07:15", True, True),
        ("22:59", True, True),
        ("23:00", False, False),
    ],
)
def test_working_hours_are_the_hospitals_and_judged_from_a_quarter_past_seven(
    wall: str, working: bool, judged: bool
) -> None:
    now = datetime.fromisoformat(f"2026-01-22T{wall}+05:30")
    assert CHECKS.names_hour(now, KOLKATA) is working
    assert is_judged(now, KOLKATA, CHECKS) is judged


def test_nobody_misses_a_run_on_a_day_without_runs() -> None:
    weekdays = Cron.parse("*/5 7-22 * * 1-5")
    friday, saturday = (datetime.fromisoformat(f"2026-01-{day}T12:00+05:30") for day in (23, 24))
    assert [is_judged(now, KOLKATA, weekdays) for now in (friday, saturday)] == [True, False]


@pytest.mark.parametrize(
    ("statuses", "failures"),
    [
        ([], 0),
        (["FAILED", "FAILED", "COMPLETED", "FAILED"], 2),
        (["RUNNING", "FAILED", "COMPLETED"], 1),
        (["FAILED", "RUNNING", "FAILED"], 2),
        (["COMPLETED", "FAILED", "FAILED", "FAILED"], 0),
    ],
)
def test_failures_since_the_last_success(statuses: list[str], failures: int) -> None:
    assert consecutive_failures(RunStatus(status) for status in statuses) == failures


@pytest.mark.parametrize(
    ("failures", "minutes_ago", "judged", "problem"),
    [
        (0, 5, True, None),
        (2, 15, True, None),
        (0, 16, True, "No success for 16 minutes inside working hours"),
        (0, 600, False, None),
        (0, None, True, "No run has succeeded yet"),
        (0, None, False, None),
        (3, 1, False, "3 consecutive failures"),
    ],
)
def test_health(failures: int, minutes_ago: int | None, judged: bool, problem: str | None) -> None:
    success = AT - timedelta(minutes=minutes_ago) if minutes_ago is not None else None
    assert health_problem(failures, success, AT, judged=judged) == problem


@pytest.mark.parametrize(
    ("total", "failed", "rate"), [(10, 0, "100.0%"), (3, 1, "66.7%"), (2, 2, "0.0%"), (0, 0, "100.0%")]
)
def test_success_rate(total: int, failed: int, rate: str) -> None:
    assert success_rate(total, failed) == rate
