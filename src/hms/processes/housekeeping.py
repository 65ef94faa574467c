"""The nightly cleaning of one hospital."""

import structlog

from hms.processes import figures
from hms.processes.running import Running
from hms.services import housekeeping
from hms.services.housekeeping import RecountSome

log = structlog.get_logger(__name__)


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
    if not figures.keep(run.transact, run.run_id):
        log.warning("Figures of closed days are not kept yet: an old transaction is still open")
