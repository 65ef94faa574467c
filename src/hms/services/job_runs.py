"""Runs of jobs: start (the row is the lock), renew (the fence), finish, fail, take over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from hms.access.permissions import Permission
from hms.domain.errors import Code, DomainError
from hms.domain.events import JobFailing, JobRecovered
from hms.domain.job_runs import (
    ALREADY_PROCESSING,
    FAILURES_BEFORE_ALARM,
    MOST_NAMED,
    SCHEDULED_FOR,
    TIMED_OUT,
    TRY,
    UNREACHABLE,
    UNREACHABLE_NUMBER,
    JobName,
    RunSource,
    RunStatus,
    consecutive_failures,
    is_abandoned,
    is_to_retry,
)
from hms.models import JobRun
from hms.queries import users
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class StartRun:
    """``scheduled_for``: the tick (hospital clock) that asked; the same tick makes one run."""

    job: JobName
    source: RunSource
    scheduled_for: datetime | None = None


@dataclass(frozen=True, slots=True)
class FinishRun:
    """``duration_ms`` by the machine's stopwatch."""

    run_id: UUID
    items: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class FailRun:
    """``error``: what went wrong, in words for an admin; ``items`` were done before."""

    run_id: UUID
    error: str
    duration_ms: int
    items: int = 0


def start(work: Work, command: StartRun) -> UUID:
    """Open a run and return its id; raise ALREADY_PROCESSING while another one runs or the tick was served.

    A run without heartbeat for five minutes is taken over: its row becomes FAILED and counts as a failure. If both are
    of one tick, it goes over to the new run, and so does the tick of a run that failed a while ago: a job of once a
    day is not left undone till tomorrow.
    """
    work.require(Permission.RUN_JOBS)
    running = work.session.scalar(
        select(JobRun)
        .where(
            JobRun.hospital_id == work.actor.hospital_id,
            JobRun.job_name == command.job,
            JobRun.status == RunStatus.RUNNING,
        )
        .with_for_update(key_share=True)
    )
    if running is not None and not is_abandoned(running.heartbeat_at, work.machine_now):
        raise DomainError(Code.ALREADY_PROCESSING, ALREADY_PROCESSING)
    tick = command.scheduled_for
    metadata: dict[str, Any] = {"source": command.source.value}
    if tick is not None and (tries := _take_tick(work, command.job, tick)):
        metadata[TRY] = tries + 1
    if running is not None:
        _close_failed(work, running, TIMED_OUT, duration_ms=None)
    if work.actor.user_id:
        metadata["startedBy"] = str(work.actor.user_id)
    run = JobRun(
        hospital_id=work.actor.hospital_id,
        job_name=command.job,
        status=RunStatus.RUNNING,
        scheduled_for=tick,
        started_at=work.now,
        heartbeat_at=work.machine_now,
        run_metadata=metadata,
    )
    work.session.add(run)
    work.session.flush()
    return run.id


def renew(work: Work, run_id: UUID) -> None:
    """Lock the run's row, check that it still runs and renew its heartbeat; raise RUN_LOST otherwise.

    Every batch calls this first: a run that was taken over meanwhile can no longer commit anything.
    """
    renewed = work.session.execute(
        update(JobRun)
        .where(JobRun.id == run_id, JobRun.hospital_id == work.actor.hospital_id, JobRun.status == RunStatus.RUNNING)
        .values(heartbeat_at=work.machine_now)
        .execution_options(synchronize_session=False)
    )
    if renewed.rowcount != 1:  # type: ignore[attr-defined]
        raise _lost()


def day_meant(work: Work, run_id: UUID) -> date:
    """Return the hospital's date that a run is for: that of its tick, or today for one that no tick asked for."""
    tick = work.session.scalars(select(JobRun.scheduled_for).where(JobRun.id == run_id)).one()
    return (tick or work.now).astimezone(work.hospital.zone).date()


def note_unreachable(work: Work, run_id: UUID, patient_ids: Sequence[UUID]) -> None:
    """Note in the renewed run's row whom only the application itself could tell; the first few by their identifier."""
    metadata: dict[str, Any] = work.session.scalars(select(JobRun.run_metadata).where(JobRun.id == run_id)).one()
    named = [*metadata.get(UNREACHABLE, ()), *(str(patient_id) for patient_id in patient_ids)]
    number = metadata.get(UNREACHABLE_NUMBER, 0) + len(patient_ids)
    work.session.execute(
        update(JobRun)
        .where(JobRun.id == run_id)
        .values(run_metadata={**metadata, UNREACHABLE: named[:MOST_NAMED], UNREACHABLE_NUMBER: number})
        .execution_options(synchronize_session=False)
    )


def finish(work: Work, command: FinishRun) -> None:
    """Close the run as COMPLETED; tell the admins when the job had been failing. Raise RUN_LOST if taken over."""
    run = _running(work, command.run_id)
    failures = _failures(work, run.job_name)
    run.status = RunStatus.COMPLETED
    run.completed_at = work.now
    run.heartbeat_at = work.machine_now
    run.duration_ms = command.duration_ms
    run.items_processed = command.items
    work.session.flush()
    if failures >= FAILURES_BEFORE_ALARM:
        work.emit(
            JobRecovered(
                entity_id=run.id, job=run.job_name.value, admins=users.admins(work.session, work.actor.hospital_id)
            )
        )


def fail(work: Work, command: FailRun) -> None:
    """Close the run as FAILED; the third failure in a row is told to every admin. Raise RUN_LOST if taken over."""
    run = _running(work, command.run_id)
    run.items_processed = command.items
    _close_failed(work, run, command.error, command.duration_ms)


def forget_old(work: Work, run_id: UUID, before: datetime) -> int:
    """Delete closed runs that began before ``before`` (hospital clock); return how many. ``run_id`` is the fence."""
    renew(work, run_id)
    gone = work.session.execute(
        delete(JobRun).where(
            JobRun.hospital_id == work.actor.hospital_id,
            JobRun.started_at < before,
            JobRun.status != RunStatus.RUNNING,
        )
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _take_tick(work: Work, job: JobName, tick: datetime) -> int:
    """Take a tick over from a run that died or failed; return how often it was tried. ALREADY_PROCESSING otherwise."""
    former = work.session.scalar(
        select(JobRun)
        .where(
            JobRun.hospital_id == work.actor.hospital_id,
            JobRun.job_name == job,
            JobRun.scheduled_for == tick,
        )
        .with_for_update(key_share=True)
    )
    if former is None:
        return 0
    tries: int = former.run_metadata.get(TRY, 1)
    failed = former.status is RunStatus.FAILED and is_to_retry(former.heartbeat_at, work.machine_now, tries)
    # One that runs, and is not abandoned, has been refused before.
    if not failed and former.status is not RunStatus.RUNNING:
        raise DomainError(Code.ALREADY_PROCESSING, ALREADY_PROCESSING)
    former.scheduled_for = None
    former.run_metadata = {**former.run_metadata, SCHEDULED_FOR: tick.isoformat()}
    work.session.flush()
    return tries


def _running(work: Work, run_id: UUID) -> JobRun:
    run = work.session.scalar(
        select(JobRun)
        .where(JobRun.id == run_id, JobRun.hospital_id == work.actor.hospital_id, JobRun.status == RunStatus.RUNNING)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if run is None:
        raise _lost()
    return run


def _close_failed(work: Work, run: JobRun, error: str, duration_ms: int | None) -> None:
    run.status = RunStatus.FAILED
    run.completed_at = work.now
    run.duration_ms = duration_ms
    run.error_message = error
    # Written before anything else: the one RUNNING row of this job must be gone before the next one comes.
    work.session.flush()
    failures = _failures(work, run.job_name)
    if failures == FAILURES_BEFORE_ALARM:  # exactly: once per streak
        first_line = (error.strip() or "unknown").splitlines()[0]
        admins = users.admins(work.session, work.actor.hospital_id)
        work.emit(
            JobFailing(entity_id=run.id, job=run.job_name.value, failures=failures, error=first_line, admins=admins)
        )


def _failures(work: Work, job: JobName) -> int:
    newest_first = work.session.scalars(
        select(JobRun.status)
        .where(
            JobRun.hospital_id == work.actor.hospital_id,
            JobRun.job_name == job,
            JobRun.status != RunStatus.RUNNING,
        )
        .order_by(JobRun.started_at.desc(), JobRun.id.desc())
        .limit(FAILURES_BEFORE_ALARM + 1)
    )
    return consecutive_failures(newest_first)


def _lost() -> DomainError:
    return DomainError(Code.RUN_LOST, "This run was taken over by another one, so it changes nothing any more.")
