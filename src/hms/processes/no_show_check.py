"""The no-show check: sweep batch after batch until nothing is due; one bad row stops nobody else's."""

import structlog

from hms.domain.errors import Code, DomainError
from hms.processes.running import Running, describe
from hms.queries.no_shows import Position, due_keys
from hms.services import no_shows
from hms.services.no_shows import MarkDue, Swept

log = structlog.get_logger(__name__)

HOPELESS_AFTER = 20
"""So many single failures in a row are no longer bad rows but a broken database."""


def sweep(run: Running) -> None:
    """Mark everything due now; raise UnfinishedError at the end for rows that could not be marked."""
    swept = _batch(run, None)
    while swept.last is not None:
        swept = _batch(run, swept.last)
    run.require_finished()


def _batch(run: Running, after: Position | None) -> Swept:
    try:
        swept = run.transact(no_shows.mark_due, MarkDue(run.run_id, run.batch_size, after))
    except Exception as error:  # noqa: BLE001 -- whichever row it was, the others go on
        _rise_if_lost(error)
        log.warning("A batch of the no-show check failed; going on row by row", error=describe(error))
        return _one_by_one(run, after)
    run.items += swept.marked
    return swept


def _one_by_one(run: Running, after: Position | None) -> Swept:
    now = run.runtime.clocks.hospital.now()
    keys = run.runtime.read(due_keys, run.hospital_id, now, run.batch_size, after)
    failed_in_a_row = 0
    for key in keys:
        try:
            swept = run.transact(no_shows.mark_due, MarkDue(run.run_id, 1, after))
        except Exception as error:
            _rise_if_lost(error)
            failed_in_a_row += 1
            if failed_in_a_row >= HOPELESS_AFTER:
                raise
            log.exception("An appointment could not be marked", appointment=str(key.id))
            run.problems.append(f"appointment {key.id}: {describe(error)}")
        else:
            failed_in_a_row = 0
            run.items += swept.marked
        after = (key.due_at, key.id)
    return Swept(last=after if keys else None)


def _rise_if_lost(error: Exception) -> None:
    if isinstance(error, DomainError) and error.code is Code.RUN_LOST:
        raise error
