"""The no-show check: marks, then alerts of visits that wait; one bad row stops nobody else's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from hms.domain.errors import Code, DomainError
from hms.processes.running import Running, UnfinishedError, describe
from hms.queries import no_shows as no_show_queries
from hms.queries import stage_alerts as alert_queries
from hms.queries.no_shows import DueKey, Position
from hms.services import heartbeats, no_shows, stage_alerts
from hms.services.no_shows import MarkDue
from hms.services.stage_alerts import RaiseDue
from hms.transaction import Work

log = structlog.get_logger(__name__)

HOPELESS_AFTER = 20
"""So many single failures in a row are no longer bad rows but a broken database."""


@dataclass(frozen=True, slots=True)
class Part:
    """One half of the check. ``act`` does one batch of (run, limit, after) and tells how many, and where to go on."""

    name: str
    keys: Callable[[Session, UUID, datetime, int, Position | None], Sequence[DueKey]]
    act: Callable[[Work, UUID, int, Position | None], tuple[int, Position | None]]


def check(run: Running) -> None:
    """Mark everything due now, then raise the alerts that are due; raise at the end for what could not be done.

    The alerts are raised also when the marks failed. Items: marks and alerts.
    """
    run.runtime.maintain(heartbeats.beat, run.runtime.clocks.hospital.now(), run.hospital_id)
    failed = []
    for part in (MARKS, ALERTS):
        try:
            _all(run, part)
        except Exception as error:
            _rise_if_lost(error)
            log.exception("One half of the no-show check failed", part=part.name)
            failed.append(f"{part.name}: {describe(error)}")
    if failed:
        raise UnfinishedError("; ".join(failed))
    run.require_finished()


def _mark(work: Work, run_id: UUID, limit: int, after: Position | None) -> tuple[int, Position | None]:
    swept = no_shows.mark_due(work, MarkDue(run_id, limit, after))
    return swept.marked, swept.last


def _alert(work: Work, run_id: UUID, limit: int, after: Position | None) -> tuple[int, Position | None]:
    raised = stage_alerts.raise_due(work, RaiseDue(run_id, limit, after))
    return raised.alerts, raised.last


MARKS = Part("marks", no_show_queries.due_keys, _mark)
ALERTS = Part("alerts", alert_queries.due_keys, _alert)


def _all(run: Running, part: Part) -> None:
    last = _batch(run, part, None)
    while last is not None:
        last = _batch(run, part, last)


def _batch(run: Running, part: Part, after: Position | None) -> Position | None:
    try:
        done, last = run.transact(part.act, run.run_id, run.batch_size, after)
    except Exception as error:  # noqa: BLE001 -- whichever row it was, the others go on
        _rise_if_lost(error)
        log.warning("A batch of the no-show check failed; going on row by row", part=part.name, error=describe(error))
        return _one_by_one(run, part, after)
    run.items += done
    return last


def _one_by_one(run: Running, part: Part, after: Position | None) -> Position | None:
    now = run.runtime.clocks.hospital.now()
    keys = run.runtime.read(part.keys, run.hospital_id, now, run.batch_size, after)
    failed_in_a_row = 0
    for key in keys:
        try:
            done, _ = run.transact(part.act, run.run_id, 1, after)
        except Exception as error:
            _rise_if_lost(error)
            failed_in_a_row += 1
            if failed_in_a_row >= HOPELESS_AFTER:
                raise
            log.exception("A visit could not be handled", part=part.name, appointment=str(key.id))
            run.problems.append(f"appointment {key.id}: {describe(error)}")
        else:
            failed_in_a_row = 0
            run.items += done
        after = (key.due_at, key.id)
    return after if keys else None


def _rise_if_lost(error: Exception) -> None:
    if isinstance(error, DomainError) and error.code is Code.RUN_LOST:
        raise error
