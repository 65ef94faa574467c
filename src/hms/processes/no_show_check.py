"""The no-show check: marks, then alerts of visits that wait; one bad row stops nobody else's."""

from uuid import UUID

import structlog

from hms.processes.batches import Part, rise_if_lost, work_through
from hms.processes.running import Running, UnfinishedError, describe
from hms.queries import no_shows as no_show_queries
from hms.queries import stage_alerts as alert_queries
from hms.queries.no_shows import Position
from hms.services import heartbeats, no_shows, stage_alerts
from hms.services.no_shows import MarkDue
from hms.services.stage_alerts import RaiseDue
from hms.transaction import Work

log = structlog.get_logger(__name__)

MOST_ALERTED = 10
"""So many visits at most in one batch of alerts: each may have to be told to all staff, while nobody else writes."""


def check(run: Running) -> None:
    """Mark everything due now, then raise the alerts that are due; raise at the end for what could not be done.

    The alerts are raised also when the marks failed. Items: marks and alerts.
    """
    run.runtime.maintain(heartbeats.beat, run.runtime.clocks.hospital.now(), run.hospital_id)
    failed = []
    for part in (MARKS, ALERTS):
        try:
            work_through(run, part)
        except Exception as error:
            rise_if_lost(error)
            log.exception("One half of the no-show check failed", part=part.name)
            failed.append(f"{part.name}: {describe(error)}")
    if failed:
        raise UnfinishedError("; ".join(failed))
    run.require_finished()


def _mark(work: Work, run_id: UUID, limit: int, after: Position | None) -> tuple[int, Position | None]:
    swept = no_shows.mark_due(work, MarkDue(run_id, limit, after))
    return swept.marked, swept.last


def _alert(work: Work, run_id: UUID, limit: int, after: Position | None) -> tuple[int, Position | None]:
    raised = stage_alerts.raise_due(work, RaiseDue(run_id, min(limit, MOST_ALERTED), after))
    return raised.alerts, raised.last


MARKS = Part("marks", no_show_queries.due_keys, _mark)
ALERTS = Part("alerts", alert_queries.due_keys, _alert)
