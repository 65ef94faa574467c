"""Decide which jobs are due: per hospital, in its own zone, by the hospital clock."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from hms.domain.cron import Cron
from hms.domain.job_runs import JobName
from hms.domain.policy import Policy
from hms.queries import ticks
from hms.queries.ticks import HospitalClock, Tick
from hms.runtime import Runtime

log = structlog.get_logger(__name__)

CATCH_UP: Mapping[JobName, timedelta] = {
    JobName.NO_SHOW_CHECK: timedelta(hours=1),
    JobName.SLOT_HORIZON: timedelta(hours=23),
    # In the evening nobody wants to be reminded of the morning.
    JobName.DAILY_REMINDERS: timedelta(hours=10),
    # Whoever was away on the first of the month still gets the report of the one before.
    JobName.MONTHLY_REPORT: timedelta(days=27),
    JobName.NO_SHOW_SUMMARY: timedelta(hours=10),
    JobName.HOUSEKEEPING: timedelta(hours=23),
}
"""How late a job may still start, after the house was closed. Of several missed times the latest one counts."""

SLOWEST_TICK, FASTEST_TICK = 5.0, 0.25
TICKS_PER_FIVE_MINUTES = 4


def due_jobs(runtime: Runtime) -> list[Tick]:
    """Return what is due now and has no run yet, or one that died.

    Naming the same tick twice is harmless: its run is unique.
    """
    clocks = runtime.read(ticks.hospital_clocks)
    now = runtime.clocks.hospital.now()
    due = [tick for clock in clocks for tick in due_at(clock, now)]
    served = runtime.read(ticks.served, due, runtime.clocks.machine.now())
    return [tick for tick in due if tick not in served]


def due_at(clock: HospitalClock, now: datetime) -> list[Tick]:
    """Return the latest due time of each of one hospital's jobs, as far as its catch-up reaches."""
    found = []
    for job, within in CATCH_UP.items():
        if not is_wanted(clock.policy, job):
            continue
        try:
            scheduled_for = Cron.parse(schedule_of(clock.policy, job)).last(now, clock.zone, within)
        except ValueError as error:
            # One hospital's unreadable schedule must not stop the others' jobs.
            log.warning("schedule cannot be read", hospital=str(clock.hospital_id), job=job.value, error=str(error))
            continue
        if scheduled_for is not None:
            found.append(Tick(clock.hospital_id, job, scheduled_for))
    return found


def schedule_of(policy: Policy, job: JobName) -> str:
    """Return when a hospital wants a job to run."""
    return {
        JobName.NO_SHOW_CHECK: policy.no_show_check_schedule,
        JobName.SLOT_HORIZON: policy.slot_horizon_schedule,
        JobName.DAILY_REMINDERS: policy.daily_reminders_schedule,
        JobName.MONTHLY_REPORT: policy.monthly_report_schedule,
        JobName.NO_SHOW_SUMMARY: policy.no_show_summary_schedule,
        JobName.HOUSEKEEPING: policy.housekeeping_schedule,
    }[job]


def is_wanted(policy: Policy, job: JobName) -> bool:
    """Tell whether a hospital wants a job to run by itself."""
    return job is not JobName.NO_SHOW_SUMMARY or policy.no_show_summary


def tick_seconds(speed: float) -> float:
    """Return how often to look (machine seconds): four times in five minutes of the hospital's clock, or oftener."""
    return max(FASTEST_TICK, min(SLOWEST_TICK, 300 / speed / TICKS_PER_FIVE_MINUTES))
