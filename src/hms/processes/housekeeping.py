"""The nightly cleaning of one hospital."""

import structlog

from hms.clock import sleep
from hms.processes.running import Running
from hms.services import figures, housekeeping
from hms.services.figures import FoldSome
from hms.services.housekeeping import RecountSome

log = structlog.get_logger(__name__)

WAIT_SECONDS, LONGEST_WAITS = 0.2, 100


def clean(run: Running) -> None:
    """Derive counts anew, delete expired sessions, kept answers and old runs, keep figures. Items: rows deleted."""
    looked_at, after = run.transact(housekeeping.recount_some, RecountSome(run.run_id, None, run.batch_size))
    while looked_at:
        looked_at, after = run.transact(housekeeping.recount_some, RecountSome(run.run_id, after, run.batch_size))
    for forget in (
        housekeeping.forget_sessions,
        housekeeping.forget_links,
        housekeeping.forget_answers,
        housekeeping.forget_files,
        housekeeping.forget_runs,
        housekeeping.forget_heartbeats,
    ):
        run.items += run.transact(forget, run.run_id)
    _keep_figures(run)


def _keep_figures(run: Running) -> None:
    """Close the days that are over, and count those that changed; what waits too long is left to the next night."""
    run.transact(figures.close_days, run.run_id)
    waited = 0
    while waited < LONGEST_WAITS:
        folded = run.transact(figures.fold_some, FoldSome(run.run_id))
        if folded.waits:
            waited += 1
            sleep(WAIT_SECONDS)
        elif not folded.days:
            return
    log.warning("Figures of closed days are not kept yet: an old transaction is still open")
