"""The nightly filling of the calendars up to the horizon."""

from collections.abc import Sequence
from uuid import UUID

from hms.processes.running import Running
from hms.queries.job_runs import doctor_ids
from hms.services import job_runs, slots
from hms.transaction import Work

DOCTORS_AT_ONCE = 20


def fill(run: Running) -> None:
    """Give every doctor's days up to the horizon their slots, some doctors a transaction. Items: slots added."""
    doctors = run.runtime.read(doctor_ids, run.hospital_id)
    for first in range(0, len(doctors), DOCTORS_AT_ONCE):
        run.items += run.transact(_fill, run.run_id, doctors[first : first + DOCTORS_AT_ONCE])


def _fill(work: Work, run_id: UUID, doctors: Sequence[UUID]) -> int:
    job_runs.renew(work, run_id)
    return slots.fill_horizon(work, doctors)
