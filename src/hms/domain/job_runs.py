"""Jobs and their runs: names, states, sources, take-over, and when a job counts as healthy."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

from hms.domain.cron import Cron


class JobName(StrEnum):
    """What HMS does by itself."""

    NO_SHOW_CHECK = "NO_SHOW_CHECK"
    SLOT_HORIZON = "SLOT_HORIZON"
    DAILY_REMINDERS = "DAILY_REMINDERS"
    MONTHLY_REPORT = "MONTHLY_REPORT"
    NO_SHOW_SUMMARY = "NO_SHOW_SUMMARY"
    HOUSEKEEPING = "HOUSEKEEPING"


class RunStatus(StrEnum):
    """Where a run stands."""

    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class RunSource(StrEnum):
    """Who started a run."""

    CRON = "cron"
    MANUAL = "manual"
    EXTERNAL = "external"
    STARTUP = "startup"


TAKE_OVER_AFTER = timedelta(minutes=5)
"""A run without a heartbeat for this long (machine clock) is taken over by the next start (rules §6)."""

FAILURES_BEFORE_ALARM = 3

RETRY_AFTER, MOST_TRIES = timedelta(minutes=15), 3
"""A tick whose run failed is tried again so much later (machine clock), so often in all.

A job of once a day is not left undone till tomorrow, and three failures alarm the admins within the hour.
"""

TRY = "try"
"""Where the metadata of a run keep that it is the tick's second or third."""

TIMED_OUT = "Timed out"
ALREADY_PROCESSING = "Already processing"

SUCCESS_EXPECTED_WITHIN = timedelta(minutes=15)
"""Inside working hours the no-show check must have succeeded so recently."""


def is_abandoned(heartbeat_at: datetime, machine_now: datetime) -> bool:
    """Tell whether a RUNNING row's holder must be given up."""
    return machine_now - heartbeat_at >= TAKE_OVER_AFTER


def is_to_retry(heartbeat_at: datetime, machine_now: datetime, tries: int) -> bool:
    """Tell whether the tick of a FAILED row should be tried again now."""
    return tries < MOST_TRIES and machine_now - heartbeat_at >= RETRY_AFTER


def consecutive_failures(newest_first: Iterable[RunStatus]) -> int:
    """Count the failures since the last success; runs that still run don't matter."""
    finished = (status for status in newest_first if status is not RunStatus.RUNNING)
    return sum(1 for _ in takewhile(lambda status: status is RunStatus.FAILED, finished))


def is_judged(now: datetime, zone: ZoneInfo, schedule: Cron) -> bool:
    """Tell whether a missing success counts: inside working hours that began 15 minutes ago (from 07:15 on)."""
    return all(schedule.names_hour(instant, zone) for instant in (now, now - SUCCESS_EXPECTED_WITHIN))


def health_problem(failures: int, last_success: datetime | None, now: datetime, *, judged: bool) -> str | None:
    """Return what is wrong with a job, or None when it is well (rules §6)."""
    if failures >= FAILURES_BEFORE_ALARM:
        return f"{failures} consecutive failures"
    if judged and last_success is None:
        return "No run has succeeded yet"
    if judged and last_success is not None and now - last_success > SUCCESS_EXPECTED_WITHIN:
        return f"No success for {int((now - last_success).total_seconds() // 60)} minutes inside working hours"
    return None


def success_rate(total: int, failed: int) -> str:
    """Return the share of runs that succeeded, such as "98.5%"; without any run nothing has failed."""
    return f"{100 * (total - failed) / total if total else 100:.1f}%"


SCHEDULED_FOR = "scheduledFor"
"""Where the metadata of a run that died keep the tick which the next run took over."""

UNREACHABLE, UNREACHABLE_NUMBER = "unreachable", "unreachableNumber"
"""Where a run's metadata keep the patients, and how many, who have neither phone nor email."""
MOST_NAMED = 20


def warnings_of(metadata: Mapping[str, Any]) -> list[str]:
    """Return what a run could do only in part, in words for an admin."""
    named = metadata.get(UNREACHABLE, ())
    said = [f"patient {row_id}: no phone and no email, so told within the application only" for row_id in named]
    more = metadata.get(UNREACHABLE_NUMBER, 0) - len(named)
    return [*said, f"and {more} more patients without phone and email"] if more > 0 else said
