"""Many processes sweep one hospital at once: the rows are those of one clean run."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from hms.access.actors import Actor
from hms.clock import Clocks, FixedClock
from hms.domain.appointments import Status
from hms.domain.job_runs import JobName, RunSource
from hms.models import Appointment, JobRun, Patient
from hms.processes.jobs import OutcomeStatus, run_job
from hms.runtime import Runtime, build
from hms.services import attendance, job_runs, no_shows
from hms.services.attendance import Attend
from hms.services.job_runs import StartRun
from hms.services.no_shows import MarkDue, Swept
from hms.settings import Settings
from tests.support.factories import make_doctor, make_hospital, make_patient, reception_of
from tests.support.missed_day import dump, make_missed_day
from tests.support.sweeper import Sweeper
from tests.support.visits import make_visit, reload, rows

NOW = datetime(2026, 1, 22, 17, 30, tzinfo=UTC)
PROCESSES = 8


def test_eight_processes_write_what_one_would(settings: Settings, runtime: Runtime) -> None:
    raced, clean = (make_missed_day(runtime, code, NOW) for code in ("RACED", "CLEAN"))
    sweepers = [Sweeper.start(settings.effective_database_url, raced.id, NOW, NOW, batch=3) for _ in range(PROCESSES)]
    for sweeper in sweepers:
        sweeper.wait_ready()
    for sweeper in sweepers:
        sweeper.go()
    outcomes = sorted(sweeper.outcome() for sweeper in sweepers)
    assert set(outcomes) <= {OutcomeStatus.COMPLETED, OutcomeStatus.ALREADY_PROCESSING}
    assert OutcomeStatus.COMPLETED in outcomes
    completed = rows(runtime, JobRun, JobRun.hospital_id == raced.id)
    assert len(completed) == outcomes.count(OutcomeStatus.COMPLETED)
    alone = build(settings, clocks=Clocks(FixedClock(NOW), FixedClock(NOW)))
    assert run_job(alone, clean.id, JobName.NO_SHOW_CHECK, RunSource.CRON).items > 0
    alone.close()
    assert dump(runtime, raced) == dump(runtime, clean)


def test_batches_of_one_run_at_once_share_the_work(settings: Settings, runtime: Runtime) -> None:
    """Even if the lock of the run failed its purpose, no appointment could be marked twice."""
    raced, clean = (make_missed_day(runtime, code, NOW) for code in ("RACED", "CLEAN"))
    house = build(settings, clocks=Clocks(FixedClock(NOW), FixedClock(NOW)))
    system = Actor.system(raced.id)
    run_id = house.transact(system, job_runs.start, StartRun(JobName.NO_SHOW_CHECK, RunSource.CRON))
    done: list[Swept] = []

    def mark_some() -> None:
        while (swept := house.transact(system, no_shows.mark_due, MarkDue(run_id, 4))).last:
            done.append(swept)

    threads = [threading.Thread(target=mark_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = run_job(house, clean.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    house.close()
    assert sum(swept.marked for swept in done) == alone.items
    assert dump(runtime, raced) == dump(runtime, clean)


def test_who_is_checked_in_meanwhile_is_not_marked(settings: Settings, runtime: Runtime) -> None:
    hospital = make_hospital(runtime, timezone="UTC")
    doctor = make_doctor(runtime, hospital, slot_duration=15)
    reception = reception_of(runtime, hospital)
    day = datetime(2026, 1, 22, 9, tzinfo=UTC)
    visits = [
        make_visit(
            runtime,
            hospital,
            doctor,
            make_patient(runtime, hospital),
            day.replace(hour=9 + n // 4, minute=15 * (n % 4)),
        )
        for n in range(16)
    ]
    house = build(settings, clocks=Clocks(FixedClock(NOW), FixedClock(NOW)))
    start = threading.Barrier(2)

    def check_everybody_in() -> None:
        start.wait()
        for visit in reversed(visits):
            house.transact(reception, attendance.check_in, Attend(visit))

    greeter = threading.Thread(target=check_everybody_in)
    greeter.start()
    start.wait()
    outcome = run_job(house, hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    greeter.join()
    house.close()
    # Whether the desk or the sweep came first to one of them, the desk has the last word, and no penalty counts.
    assert outcome.status is OutcomeStatus.COMPLETED
    assert {reload(runtime, Appointment, visit).status for visit in visits} == {Status.CHECKED_IN}
    assert {patient.no_show_count for patient in _patients(runtime)} == {0}


def _patients(runtime: Runtime) -> list[Patient]:
    return rows(runtime, Patient)
