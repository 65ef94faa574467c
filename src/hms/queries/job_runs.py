"""What the automation did: runs, and whether a job is well."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from hms.domain.cron import Cron
from hms.domain.job_runs import (
    JobName,
    RunStatus,
    consecutive_failures,
    health_problem,
    is_judged,
    success_rate,
    warnings_of,
)
from hms.models import Doctor, Hospital, JobRun, User

RECENT = 10
STREAK_SEEN = 1000
STATS_OVER = timedelta(hours=24)
_ALWAYS = Cron.parse("* * * * *")


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run. Instants: hospital clock; ``source``: cron, manual, external or startup.

    ``warnings``: what it could do only in part, though nothing failed.
    """

    id: UUID
    job_name: JobName
    status: RunStatus
    source: str
    scheduled_for: datetime | None
    started_at: datetime
    completed_at: datetime | None
    duration_ms: int | None
    items_processed: int
    error_message: str | None
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class RunStats:
    """Closed runs of the last 24 hours; ``success_rate`` such as "100.0%"."""

    total_runs: int
    failed_runs: int
    success_rate: str


@dataclass(frozen=True, slots=True)
class Health:
    """A job's health as GET /no-show/cron-health shows it; ``last_run_status`` is "success", "error" or None."""

    job_name: JobName
    is_healthy: bool
    health_message: str
    is_working_hours: bool
    last_run_time: datetime | None
    last_run_status: str | None
    consecutive_failures: int
    last_successful_run: RunRow | None
    recent_runs: list[RunRow]
    stats: RunStats


def health(session: Session, hospital_id: UUID, now: datetime, job: JobName = JobName.NO_SHOW_CHECK) -> Health:
    """Judge a job at ``now`` (hospital clock). Only the no-show check must also succeed every 15 minutes."""
    hospital = session.get_one(Hospital, hospital_id)
    recent = recent_runs(session, hospital_id, job)
    failures = consecutive_failures(run.status for run in recent)
    if failures and failures == sum(run.status is not RunStatus.RUNNING for run in recent):
        failures = _long_streak(session, hospital_id, job)
    finished = _newest(session, hospital_id, job, RunStatus.COMPLETED, RunStatus.FAILED)
    success = _newest(session, hospital_id, job, RunStatus.COMPLETED)
    watched = job is JobName.NO_SHOW_CHECK
    schedule = Cron.parse(hospital.policy.no_show_check_schedule) if watched else _ALWAYS
    problem = health_problem(
        failures,
        success.completed_at if success else None,
        now,
        judged=watched and is_judged(now, hospital.zone, schedule),
    )
    return Health(
        job_name=job,
        is_healthy=problem is None,
        health_message=problem or "OK",
        is_working_hours=schedule.names_hour(now, hospital.zone),
        last_run_time=finished.completed_at if finished else None,
        last_run_status=_word(finished),
        consecutive_failures=failures,
        last_successful_run=success,
        recent_runs=recent,
        stats=stats(session, hospital_id, job, now - STATS_OVER),
    )


def recent_runs(session: Session, hospital_id: UUID, job: JobName, limit: int = RECENT) -> list[RunRow]:
    """Return the newest runs of a job, newest first."""
    statement = select(JobRun).where(JobRun.hospital_id == hospital_id, JobRun.job_name == job)
    newest = statement.order_by(JobRun.started_at.desc(), JobRun.id.desc()).limit(limit)
    return [_row(run) for run in session.scalars(newest)]


def one(session: Session, hospital_id: UUID, run_id: UUID) -> RunRow | None:
    """Return one run of the hospital, or None."""
    run = session.scalar(select(JobRun).where(JobRun.hospital_id == hospital_id, JobRun.id == run_id))
    return _row(run) if run else None


def stats(session: Session, hospital_id: UUID, job: JobName, since: datetime) -> RunStats:
    """Count the runs closed since ``since``."""
    total, failed = session.execute(
        select(func.count(), func.coalesce(func.sum(case((JobRun.status == RunStatus.FAILED, 1), else_=0)), 0)).where(
            JobRun.hospital_id == hospital_id,
            JobRun.job_name == job,
            JobRun.started_at >= since,
            JobRun.status != RunStatus.RUNNING,
        )
    ).one()
    return RunStats(total, failed, success_rate(total, failed))


def hospital_ids(session: Session) -> list[UUID]:
    """Return all hospitals, for who runs a job for each of them; no answer to a user ever comes from this."""
    return list(session.scalars(select(Hospital.id).order_by(Hospital.code)))


def doctor_ids(session: Session, hospital_id: UUID) -> list[UUID]:
    """Return all doctors of a hospital who have an active login, in a fixed order."""
    return list(
        session.scalars(
            select(Doctor.id)
            .join(User, User.id == Doctor.user_id)
            .where(Doctor.hospital_id == hospital_id, User.is_active)
            .order_by(Doctor.id)
        )
    )


def _newest(session: Session, hospital_id: UUID, job: JobName, *statuses: RunStatus) -> RunRow | None:
    run = session.scalar(
        select(JobRun)
        .where(JobRun.hospital_id == hospital_id, JobRun.job_name == job, JobRun.status.in_(statuses))
        .order_by(JobRun.started_at.desc(), JobRun.id.desc())
        .limit(1)
    )
    return _row(run) if run else None


def _long_streak(session: Session, hospital_id: UUID, job: JobName) -> int:
    newest_first = session.scalars(
        select(JobRun.status)
        .where(JobRun.hospital_id == hospital_id, JobRun.job_name == job)
        .order_by(JobRun.started_at.desc(), JobRun.id.desc())
        .limit(STREAK_SEEN)
    )
    return consecutive_failures(newest_first)


def _word(run: RunRow | None) -> str | None:
    if run is None:
        return None
    return "success" if run.status is RunStatus.COMPLETED else "error"


def _row(run: JobRun) -> RunRow:
    metadata: dict[str, Any] = run.run_metadata
    return RunRow(
        id=run.id,
        job_name=run.job_name,
        status=run.status,
        source=str(metadata.get("source", "")),
        scheduled_for=run.scheduled_for,
        started_at=run.started_at,
        completed_at=run.completed_at,
        duration_ms=run.duration_ms,
        items_processed=run.items_processed,
        error_message=run.error_message,
        warnings=warnings_of(metadata),
    )
