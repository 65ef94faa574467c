"""The automation: run the no-show check by hand or from outside, and tell how it is."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from flask import request

from hms.access.permissions import Permission
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.job_runs import JobName, RunSource
from hms.processes.jobs import OutcomeStatus, RunOutcome, run_for_all, run_job
from hms.queries import job_runs as queries
from hms.queries.job_runs import Health, RunRow, RunStats
from hms.web.api.routing import Call, Routes

routes = Routes("Automation", "The no-show check, which also runs by itself every five minutes of working hours.")

log = structlog.get_logger(__name__)

KEY_HEADER = "x-cron-api-key"


@dataclass(frozen=True, slots=True)
class TriggeredRun:
    """A run that was asked for by hand. ``itemsProcessed``: visits marked."""

    run_id: UUID | None
    status: OutcomeStatus
    items_processed: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class SuccessfulRun:
    """The last run that went well."""

    id: UUID
    started_at: datetime
    duration_ms: int | None
    items_processed: int


@dataclass(frozen=True, slots=True)
class CronHealth:
    """Whether the no-show check runs as it should; figures are of 24 hours.

    ``lastRunTime``: the newest completion. ``lastRunStatus``: "success" or "error".
    """

    job_name: JobName
    is_healthy: bool
    health_message: str
    is_working_hours: bool
    last_run_time: datetime | None
    last_run_status: str | None
    consecutive_failures: int
    last_successful_run: SuccessfulRun | None
    recent_runs: list[RunRow]
    stats: RunStats


@dataclass(frozen=True, slots=True)
class ExternalRun:
    """What one call from outside did. ``durationMs``: of all hospitals together."""

    job_name: JobName
    is_healthy: bool
    health_message: str
    duration_ms: int
    hospitals: int
    items_processed: int


@routes.post("/no-show/trigger", needs=Permission.RUN_JOBS, errors=(Code.ALREADY_PROCESSING, Code.RUN_FAILED))
def trigger(call: Call) -> TriggeredRun:
    """Run the no-show check now and wait for its end."""
    outcome = run_job(call.runtime, call.actor.hospital_id, JobName.NO_SHOW_CHECK, RunSource.MANUAL, actor=call.actor)
    if outcome.status is OutcomeStatus.ALREADY_PROCESSING:
        raise DomainError(Code.ALREADY_PROCESSING, outcome.error or "Already processing")
    if not outcome.is_well:
        raise _failed([outcome])
    return TriggeredRun(outcome.run_id, outcome.status, outcome.items, outcome.duration_ms)


@routes.get("/no-show/cron-health", needs=Permission.RUN_JOBS)
def cron_health(call: Call) -> CronHealth:
    """Tell whether the no-show check runs, since when not, and why."""
    return _health(call.read(queries.health, call.actor.hospital_id, call.now))


@routes.post(
    "/no-show/external-trigger",
    public=True,
    errors=(Code.UNAUTHENTICATED, Code.NOT_CONFIGURED, Code.RATE_LIMITED, Code.RUN_FAILED),
)
def external_trigger(call: Call) -> ExternalRun:
    """Run the no-show check of every hospital, for a monitor outside of this system.

    The header `x-cron-api-key` carries the setting CRON_API_KEY. 200 if each run was completed or is validly under
    way, else 503.
    """
    _require_key(call)
    outcomes = run_for_all(call.runtime, JobName.NO_SHOW_CHECK, RunSource.EXTERNAL).values()
    if not all(outcome.is_well for outcome in outcomes):
        raise _failed(outcomes)
    return ExternalRun(
        job_name=JobName.NO_SHOW_CHECK,
        is_healthy=True,
        health_message="OK",
        duration_ms=sum(outcome.duration_ms for outcome in outcomes),
        hospitals=len(outcomes),
        items_processed=sum(outcome.items for outcome in outcomes),
    )


def _require_key(call: Call) -> None:
    expected = call.runtime.settings.cron_api_key.get_secret_value()
    if not expected:
        raise DomainError(Code.NOT_CONFIGURED, "Calls from outside are off. Set CRON_API_KEY to allow them.")
    throttle = call.door.outside_calls
    now = call.runtime.clocks.machine.now()
    throttle.check(call.address, now)
    throttle.failed(call.address, now)  # good calls count too: each one works through every hospital
    given = request.headers.get(KEY_HEADER, "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        log.warning("A call from outside was refused for its key", reason="wrong" if given else "missing")
        raise DomainError(Code.UNAUTHENTICATED, f"The header {KEY_HEADER} is missing or wrong.")


def _failed(outcomes: Collection[RunOutcome]) -> DomainError:
    reasons = [outcome.error or "unknown" for outcome in outcomes if not outcome.is_well]
    return DomainError(
        Code.RUN_FAILED,
        "The no-show check failed. It is tried again by itself; the run's row tells why.",
        [Detail("run", reason) for reason in reasons],
    )


def _health(health: Health) -> CronHealth:
    last = health.last_successful_run
    success = SuccessfulRun(last.id, last.started_at, last.duration_ms, last.items_processed) if last else None
    return CronHealth(
        job_name=health.job_name,
        is_healthy=health.is_healthy,
        health_message=health.health_message,
        is_working_hours=health.is_working_hours,
        last_run_time=health.last_run_time,
        last_run_status=health.last_run_status,
        consecutive_failures=health.consecutive_failures,
        last_successful_run=success,
        recent_runs=health.recent_runs,
        stats=health.stats,
    )
