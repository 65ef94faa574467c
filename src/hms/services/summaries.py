"""The evening's word to the admins on who did not come."""

from uuid import UUID

from hms.domain.events import DaySummarised
from hms.queries import summaries, users
from hms.services import job_runs
from hms.transaction import Work


def summarise(work: Work, run_id: UUID) -> int:
    """Tell every admin of the no-shows of the run's day; return how many there were. RUN_LOST after a take-over.

    A day without appointments is not worth a word. The same day is told once.
    """
    job_runs.renew(work, run_id)
    hospital_id, day = work.actor.hospital_id, job_runs.day_meant(work, run_id)
    appointments = summaries.booked_on(work.session, hospital_id, day)
    missed = len(summaries.missed_on(work.session, hospital_id, day))
    if appointments:
        admins = users.admins(work.session, hospital_id)
        work.emit(
            DaySummarised(entity_id=hospital_id, day=day, appointments=appointments, no_shows=missed, admins=admins)
        )
    return missed
