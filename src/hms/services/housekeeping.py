"""Clearing away what is over, and deriving anew what time alone changes; each verb is one batch of a run."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete

from hms.models import LoginSession
from hms.services import exports, heartbeats, idempotency, job_runs, login_links, penalties
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class RecountSome:
    """One batch of patients behind ``after`` under run ``run_id``."""

    run_id: UUID
    after: UUID | None = None
    limit: int = 100


def forget_sessions(work: Work, run_id: UUID) -> int:
    """Delete expired sign-ins with their refresh tokens (machine clock); return how many."""
    job_runs.renew(work, run_id)
    expired = delete(LoginSession).where(
        LoginSession.hospital_id == work.actor.hospital_id, LoginSession.expires_at <= work.machine_now
    )
    return cast(CursorResult[Any], work.session.execute(expired)).rowcount


def forget_links(work: Work, run_id: UUID) -> int:
    """Delete mailed links that are over, and addresses that nobody verified (machine clock); return how many."""
    job_runs.renew(work, run_id)
    return login_links.forget(work)


def forget_answers(work: Work, run_id: UUID) -> int:
    """Delete the answers kept for repeated requests once their time is over; return how many."""
    job_runs.renew(work, run_id)
    return idempotency.forget_expired(work)


def forget_files(work: Work, run_id: UUID) -> int:
    """Delete exported files whose time is over, and their tasks as runs are forgotten; return how many."""
    job_runs.renew(work, run_id)
    return exports.forget(work)


def forget_runs(work: Work, run_id: UUID) -> int:
    """Delete closed runs older than the hospital keeps them (hospital clock); return how many."""
    days = work.hospital.policy.run_retention_days
    return job_runs.forget_old(work, run_id, work.now - timedelta(days=days))


def forget_heartbeats(work: Work, run_id: UUID) -> int:
    """Delete the traces of being at work as the hospital forgets runs (hospital clock); return how many."""
    days = work.hospital.policy.run_retention_days
    return heartbeats.forget_old(work, run_id, work.now - timedelta(days=days))


def recount_some(work: Work, command: RecountSome) -> tuple[int, UUID | None]:
    """Derive the counts of one batch of patients anew; return how many were looked at, and where to go on.

    Penalties that fell out of the rolling window count no more, and a block that the count had set is lifted.
    """
    job_runs.renew(work, command.run_id)
    ids = penalties.with_penalties(work, command.after, command.limit)
    if not ids:
        return 0, None
    if turns := penalties.recount(work, penalties.lock_patients(work, ids)):
        work.emit(*turns)
    return len(ids), ids[-1]
