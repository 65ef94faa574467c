"""Jobs and their runs: names, states, sources, take-over."""

from datetime import datetime, timedelta
from enum import StrEnum


class JobName(StrEnum):
    """What HMS does by itself."""

    NO_SHOW_CHECK = "NO_SHOW_CHECK"
    SLOT_HORIZON = "SLOT_HORIZON"
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


def is_abandoned(heartbeat_at: datetime, machine_now: datetime) -> bool:
    """Tell whether a RUNNING row's holder must be given up."""
    return machine_now - heartbeat_at >= TAKE_OVER_AFTER
