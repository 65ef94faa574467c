"""The evening's summary."""

from hms.processes.running import Running
from hms.services import summaries


def summarise(run: Running) -> None:
    """Tell the admins of the day's no-shows. Items: no-shows."""
    run.items += run.transact(summaries.summarise, run.run_id)
