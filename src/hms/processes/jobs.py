"""The one way by which beat, web, worker and command line run a job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.clock import stopwatch
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.job_runs import JobName, RunSource
from hms.processes import daily_reminders, housekeeping, monthly_reports, no_show_check, no_show_summary, slot_horizon
from hms.processes.running import Running, UnfinishedError, describe
from hms.queries import job_runs as run_queries
from hms.queries.no_shows import DueRow, would_sweep
from hms.runtime import Runtime
from hms.services import job_runs
from hms.services.job_runs import FailRun, FinishRun, StartRun

log = structlog.get_logger(__name__)

JOBS: Mapping[JobName, Callable[[Running], None]] = {
    JobName.NO_SHOW_CHECK: no_show_check.check,
    JobName.SLOT_HORIZON: slot_horizon.fill,
    JobName.DAILY_REMINDERS: daily_reminders.remind,
    JobName.MONTHLY_REPORT: monthly_reports.report,
    JobName.NO_SHOW_SUMMARY: no_show_summary.summarise,
    JobName.HOUSEKEEPING: housekeeping.clean,
}


class OutcomeStatus(StrEnum):
    """How the wish to run a job ended."""

    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    ALREADY_PROCESSING = "ALREADY_PROCESSING"
    REHEARSED = "REHEARSED"


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """``error`` tells why it failed or did not start; ``rehearsed``: what a dry run would have handled."""

    status: OutcomeStatus
    items: int = 0
    duration_ms: int = 0
    run_id: UUID | None = None
    error: str | None = None
    rehearsed: tuple[DueRow, ...] = field(default=())

    @property
    def is_well(self) -> bool:
        """Tell whether the job was done, or is validly being done by another run."""
        return self.status is not OutcomeStatus.FAILED


def run_job(
    runtime: Runtime,
    hospital_id: UUID,
    job: JobName,
    source: RunSource,
    scheduled_for: datetime | None = None,
    actor: Actor | None = None,
    *,
    dry_run: bool = False,
) -> RunOutcome:
    """Run a job for one hospital and tell how it went; raise FORBIDDEN only, for an ``actor`` who may not.

    ``scheduled_for``: the tick (hospital clock) that asked. Whatever goes wrong is kept in the run's row and in the
    outcome. A dry run writes nothing.
    """
    require(actor or Actor.system(hospital_id), Permission.RUN_JOBS)
    if dry_run:
        return _rehearse(runtime, hospital_id, job)
    began = stopwatch()
    outcome = _run(runtime, actor or Actor.system(hospital_id), hospital_id, StartRun(job, source, scheduled_for))
    runtime.metrics.ran(job.value, outcome.status.value, stopwatch() - began)
    return outcome


def run_for_all(runtime: Runtime, job: JobName, source: RunSource) -> dict[UUID, RunOutcome]:
    """Run a job for every hospital, one after the other; return hospital → outcome. None stops the others."""
    hospitals = runtime.read(run_queries.hospital_ids)
    return {hospital_id: run_job(runtime, hospital_id, job, source) for hospital_id in hospitals}


def _run(runtime: Runtime, starter: Actor, hospital_id: UUID, wish: StartRun) -> RunOutcome:
    began, job = stopwatch(), wish.job
    try:
        run_id = runtime.transact(starter, job_runs.start, wish)
    except Exception as error:
        if isinstance(error, DomainError) and error.code is Code.ALREADY_PROCESSING:
            return RunOutcome(OutcomeStatus.ALREADY_PROCESSING, error=error.message)
        log.exception("A job could not start", job=job.value)
        return RunOutcome(OutcomeStatus.FAILED, error=describe(error))
    run = Running(runtime, hospital_id, run_id)
    with structlog.contextvars.bound_contextvars(job=job.value, run_id=str(run_id)):
        try:
            JOBS[job](run)
            run.transact(job_runs.finish, FinishRun(run_id, run.items, _milliseconds(began)))
        except Exception as error:  # noqa: BLE001 -- whatever it is, the run's row and the outcome keep it
            return _failed(run, error, _milliseconds(began))
    return RunOutcome(OutcomeStatus.COMPLETED, run.items, _milliseconds(began), run_id)


def _rehearse(runtime: Runtime, hospital_id: UUID, job: JobName) -> RunOutcome:
    if job is not JobName.NO_SHOW_CHECK:
        raise DomainError(
            Code.VALIDATION,
            f"{job.value} cannot be rehearsed. Only {JobName.NO_SHOW_CHECK.value} can.",
            [Detail("dryRun", f"must be false for {job.value}")],
        )
    rows = runtime.read(would_sweep, hospital_id, runtime.clocks.hospital.now())
    return RunOutcome(OutcomeStatus.REHEARSED, items=len(rows), rehearsed=tuple(rows))


def _failed(run: Running, error: Exception, duration_ms: int) -> RunOutcome:
    reason = describe(error)
    known = isinstance(error, DomainError | UnfinishedError)  # the message says it all
    log.error("A job failed", error=reason, exc_info=None if known else error)
    try:
        run.transact(job_runs.fail, FailRun(run.run_id, reason, duration_ms, run.items))
    except Exception as second:  # noqa: BLE001 -- the row stays RUNNING and is taken over, or somebody else has closed it
        log.warning("The failure could not be written down", error=describe(second))
    return RunOutcome(OutcomeStatus.FAILED, run.items, duration_ms, run.run_id, reason)


def _milliseconds(began: float) -> int:
    return round((stopwatch() - began) * 1000)
