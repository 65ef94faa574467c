"""Heartbeats: the trace that HMS leaves of being at work, so that nobody is marked for an hour in which it was not."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from hms.domain.evidence import PAUSE
from hms.models import Heartbeat, Hospital, new_id
from hms.services import job_runs
from hms.transaction import Work

KEPT_BEYOND_CATCH_UP = timedelta(days=1)


def beat(session: Session, now: datetime, hospital_id: UUID | None = None) -> None:
    """Note that HMS is at work at ``now`` (hospital clock), for one hospital or for all of them.

    Beats that follow each other within two minutes make one row longer; a longer pause begins another one. Doing it
    twice, or on two machines at once, is harmless: stretches may overlap.
    """
    h = Heartbeat
    of: list[ColumnElement[bool]] = [] if hospital_id is None else [h.hospital_id == hospital_id]
    session.execute(
        update(h)
        .where(h.last_at >= now - PAUSE, h.last_at < now, h.first_at <= now, *of)
        .values(last_at=now)
        .execution_options(synchronize_session=False)
    )
    heard = select(h.id).where(h.hospital_id == Hospital.id, h.last_at >= now, h.first_at <= now).exists()
    silent = select(Hospital.id).where(~heard)
    if hospital_id is not None:
        silent = silent.where(Hospital.id == hospital_id)
    new = [{"id": new_id(), "hospital_id": row, "first_at": now, "last_at": now} for row in session.scalars(silent)]
    if new:
        session.execute(insert(h), new)


def forget_old(work: Work, run_id: UUID, before: datetime) -> int:
    """Delete stretches that ended before ``before`` and before what the sweep may still ask of; return how many."""
    job_runs.renew(work, run_id)
    asked = work.now - work.hospital.policy.no_show_catch_up - KEPT_BEYOND_CATCH_UP
    gone = work.session.execute(
        delete(Heartbeat).where(Heartbeat.hospital_id == work.actor.hospital_id, Heartbeat.last_at < min(before, asked))
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
