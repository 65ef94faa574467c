"""What an operator's monitoring reads, over all hospitals: counts and ages, nothing of any person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Subquery, func, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from hms.domain.cron import Cron
from hms.domain.job_runs import JobName, RunStatus, health_problem, is_judged
from hms.domain.policy import Policy
from hms.models import Hospital, JobRun


@dataclass(frozen=True, slots=True)
class JobState:
    """Where a job of a hospital stands. ``problem``: why it is not well, in one line. Instants: hospital clock."""

    hospital: str
    job: JobName
    last_success: datetime | None
    last_duration_ms: int | None
    consecutive_failures: int
    running_since: datetime | None
    problem: str | None


def ping(session: Session) -> None:
    """Ask the database anything at all."""
    session.scalar(select(literal(1)))


def job_states(session: Session, now: datetime, hospital_id: UUID | None = None) -> list[JobState]:
    """Return every job of every hospital, or of one, at ``now`` (hospital clock), in one statement.

    Whatever runs are stored, only the newest are looked at. Without a hospital, jobs that never ran are left out, but
    for the no-show check.
    """
    jobs = union_all(*(select(literal(job.value).label("name")) for job in JobName)).subquery("jobs")
    h = Hospital
    since = _newest(jobs, "started_at", RunStatus.COMPLETED)
    failures = (
        select(func.count())
        .where(JobRun.hospital_id == h.id, JobRun.job_name == jobs.c.name, JobRun.status == RunStatus.FAILED)
        .where(or_(since.is_(None), JobRun.started_at > since))
        .correlate(h, jobs)
        .scalar_subquery()
    )
    statement = (
        select(h.code, h.timezone, h.settings, jobs.c.name.label("job"))
        .add_columns(
            _newest(jobs, "completed_at", RunStatus.COMPLETED).label("last_success"),
            _newest(jobs, "duration_ms", RunStatus.COMPLETED, RunStatus.FAILED).label("last_duration_ms"),
            _newest(jobs, "started_at", RunStatus.RUNNING).label("running_since"),
            failures.label("failures"),
        )
        .join_from(h, jobs, literal(value=True))
        .order_by(h.code, jobs.c.name)
    )
    if hospital_id is not None:
        statement = statement.where(h.id == hospital_id)
    states = [_state(row, now) for row in session.execute(statement)]
    if hospital_id is not None:
        return states
    return [state for state in states if state.job is JobName.NO_SHOW_CHECK or _has_run(state)]


def _newest(jobs: Subquery, wanted: str, *statuses: RunStatus) -> Any:
    """Select one column of the newest run in one of the states; the index gives the newest first."""
    run = aliased(JobRun)
    newest = (
        select(getattr(run, wanted))
        .where(run.hospital_id == Hospital.id, run.job_name == jobs.c.name, run.status.in_(statuses))
        .order_by(run.started_at.desc(), run.id.desc())
        .limit(1)
    )
    return newest.correlate(Hospital, jobs).scalar_subquery()


def _state(row: Row[Any], now: datetime) -> JobState:
    job = JobName(row.job)
    judged = False
    if job is JobName.NO_SHOW_CHECK:
        schedule = Cron.parse(Policy.from_settings(row.settings).no_show_check_schedule)
        judged = is_judged(now, ZoneInfo(row.timezone), schedule)
    return JobState(
        hospital=row.code,
        job=job,
        last_success=row.last_success,
        last_duration_ms=row.last_duration_ms,
        consecutive_failures=row.failures,
        running_since=row.running_since,
        problem=health_problem(row.failures, row.last_success, now, judged=judged),
    )


def _has_run(state: JobState) -> bool:
    return state.last_duration_ms is not None or state.running_since is not None
