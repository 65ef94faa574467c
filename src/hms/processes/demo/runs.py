"""The automatic runs of the last days, as the schedule would have started them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hms.domain.job_runs import JobName, RunSource, RunStatus
from hms.domain.no_shows import NoShowReason
from hms.processes.demo.seeded import Row, Seeded
from hms.processes.demo.visits import SWEEP_EVERY, DemoVisit

DAYS = 7
NIGHTLY = ((JobName.SLOT_HORIZON, time(1)), (JobName.HOUSEKEEPING, time(3)))


def run_rows(
    chance: Seeded, hospital_id: UUID, zone: ZoneInfo, now: datetime, visits: Iterable[DemoVisit]
) -> list[Row]:
    """Return one completed run for each time the schedule asked for one, before ``now``."""
    marks = Counter(v.mark.at for v in visits if v.mark and v.mark.reason is NoShowReason.AUTO_TIMEOUT)
    today = now.astimezone(zone).date()
    return [
        _row(chance, hospital_id, job, at, marks[at] if job is JobName.NO_SHOW_CHECK else 0)
        for back in range(DAYS, -1, -1)
        for job, at in _due(today - timedelta(days=back), zone)
        if at < now
    ]


def _due(day: date, zone: ZoneInfo) -> Iterator[tuple[JobName, datetime]]:
    for job, wall in NIGHTLY:
        yield job, datetime.combine(day, wall, tzinfo=zone)
    at, last = (datetime.combine(day, wall, tzinfo=zone) for wall in (time(7), time(22, 55)))
    while at <= last:
        yield JobName.NO_SHOW_CHECK, at
        at += SWEEP_EVERY


def _row(chance: Seeded, hospital_id: UUID, job: JobName, at: datetime, items: int) -> Row:
    milliseconds = chance.randint(9, 40) + 3 * items
    done = at + timedelta(milliseconds=milliseconds)
    return {
        "id": chance.id_at(at),
        "hospital_id": hospital_id,
        "job_name": job,
        "status": RunStatus.COMPLETED,
        "scheduled_for": at,
        "started_at": at,
        "completed_at": done,
        "heartbeat_at": done,
        "duration_ms": milliseconds,
        "items_processed": items,
        "run_metadata": {"source": RunSource.CRON.value},
    }
