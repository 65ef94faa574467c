"""Runs that die or fall asleep: taken over after five minutes, and fenced off when they wake up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from hms.access.actors import Actor
from hms.clock import Clocks, FixedClock
from hms.domain.errors import Code, DomainError
from hms.domain.job_runs import TIMED_OUT, JobName, RunSource, RunStatus
from hms.models import Appointment, Hospital, JobRun, NoShowLog, OutgoingMessage
from hms.processes.jobs import OutcomeStatus, RunOutcome, run_job
from hms.processes.schedule import due_jobs
from hms.runtime import Runtime, build
from hms.services import housekeeping, job_runs, no_shows
from hms.services.job_runs import FailRun, FinishRun, StartRun
from hms.services.no_shows import MarkDue
from hms.settings import Settings
from hms.transaction import Work
from tests.support.factories import admin_of, make_doctor, make_hospital, make_patient
from tests.support.fixtures import NOW
from tests.support.missed_day import dump, make_missed_day
from tests.support.visits import local, make_visit, reload, rows

CHECK = StartRun(JobName.NO_SHOW_CHECK, RunSource.CRON)
JUST_ALIVE = timedelta(minutes=4, seconds=59)
DEAD = timedelta(minutes=5)


@pytest.fixture
def system(runtime: Runtime, clock: FixedClock) -> Actor:
    """Give the system at a hospital where one visit is due."""
    hospital = make_hospital(runtime)
    doctor = make_doctor(runtime, hospital)
    make_visit(runtime, hospital, doctor, make_patient(runtime, hospital), local(hospital, NOW, "09:00"))
    clock.advance(timedelta(hours=1))
    return Actor.system(hospital.id)


def test_a_run_without_heartbeat_is_taken_over_after_five_minutes(
    runtime: Runtime, machine_clock: FixedClock, system: Actor
) -> None:
    dead = runtime.transact(system, job_runs.start, CHECK)
    machine_clock.advance(JUST_ALIVE)
    refused = run_job(runtime, system.hospital_id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    assert (refused.status, refused.error) == (OutcomeStatus.ALREADY_PROCESSING, "Already processing")
    assert rows(runtime, NoShowLog) == []
    machine_clock.advance(DEAD - JUST_ALIVE)
    outcome = run_job(runtime, system.hospital_id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    assert (outcome.status, outcome.items) == (OutcomeStatus.COMPLETED, 1)
    old = reload(runtime, JobRun, dead)
    assert (old.status, old.error_message) == (RunStatus.FAILED, TIMED_OUT)


@pytest.mark.parametrize("job", [JobName.DAILY_REMINDERS, JobName.NO_SHOW_CHECK])
def test_a_tick_whose_run_died_is_due_again_until_a_run_lives_through_it(
    runtime: Runtime, machine_clock: FixedClock, system: Actor, job: JobName
) -> None:
    [tick] = [tick for tick in due_jobs(runtime) if tick.job is job]
    died = []
    for _ in range(2):
        died.append(runtime.transact(system, job_runs.start, StartRun(job, RunSource.CRON, tick.scheduled_for)))
        machine_clock.advance(JUST_ALIVE)
        assert tick not in due_jobs(runtime)
        machine_clock.advance(DEAD - JUST_ALIVE)
        assert tick in due_jobs(runtime)
    outcome = run_job(runtime, system.hospital_id, job, RunSource.CRON, tick.scheduled_for)
    assert outcome.status is OutcomeStatus.COMPLETED
    again = run_job(runtime, system.hospital_id, job, RunSource.CRON, tick.scheduled_for)
    assert again.status is OutcomeStatus.ALREADY_PROCESSING
    assert tick not in due_jobs(runtime)
    runs = {run.id: run for run in rows(runtime, JobRun)}
    assert [(runs[each].status, runs[each].error_message) for each in died] == [(RunStatus.FAILED, TIMED_OUT)] * 2
    assert [run.scheduled_for for run in runs.values()] == [None, None, tick.scheduled_for]
    assert {runs[each].run_metadata["scheduledFor"] for each in died} == {tick.scheduled_for.isoformat()}


def test_the_demo_clock_takes_nobody_over(runtime: Runtime, clock: FixedClock, system: Actor) -> None:
    runtime.transact(system, job_runs.start, CHECK)
    clock.advance(timedelta(days=1))
    outcome = run_job(runtime, system.hospital_id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    assert outcome.status is OutcomeStatus.ALREADY_PROCESSING


def test_a_batch_keeps_the_run_alive(runtime: Runtime, machine_clock: FixedClock, system: Actor) -> None:
    run = runtime.transact(system, job_runs.start, CHECK)
    machine_clock.advance(JUST_ALIVE)
    assert runtime.transact(system, no_shows.mark_due, MarkDue(run)).marked == 1
    machine_clock.advance(JUST_ALIVE)
    with pytest.raises(DomainError, match="Already processing"):
        runtime.transact(system, job_runs.start, CHECK)


def finish(work: Work, command: MarkDue) -> None:
    job_runs.finish(work, FinishRun(command.run_id, 0, 1))


def fail(work: Work, command: MarkDue) -> None:
    job_runs.fail(work, FailRun(command.run_id, "woken up", 1))


def forget(work: Work, command: MarkDue) -> None:
    housekeeping.forget_runs(work, command.run_id)


@pytest.mark.parametrize("wish", [no_shows.mark_due, finish, fail, forget])
def test_a_run_taken_over_commits_nothing_when_it_wakes_up(
    runtime: Runtime, machine_clock: FixedClock, system: Actor, wish: Callable[[Work, MarkDue], object]
) -> None:
    old = runtime.transact(system, job_runs.start, CHECK)
    machine_clock.advance(DEAD)
    new = runtime.transact(system, job_runs.start, CHECK)
    before = reload(runtime, JobRun, old)
    with pytest.raises(DomainError) as refused:
        runtime.transact(system, wish, MarkDue(old))
    assert refused.value.code is Code.RUN_LOST
    after = reload(runtime, JobRun, old)
    assert (after.status, after.error_message, after.heartbeat_at) == (RunStatus.FAILED, TIMED_OUT, before.heartbeat_at)
    assert rows(runtime, NoShowLog) == []
    assert {visit.version for visit in rows(runtime, Appointment)} == {1}
    assert reload(runtime, JobRun, new).status is RunStatus.RUNNING


def test_take_overs_count_as_failures(
    runtime: Runtime, clock: FixedClock, machine_clock: FixedClock, system: Actor
) -> None:
    admin = admin_of(runtime, rows(runtime, Hospital)[0])
    for _ in range(4):
        runtime.transact(system, job_runs.start, CHECK)
        clock.advance(timedelta(minutes=5))
        machine_clock.advance(DEAD)
    told = rows(runtime, OutgoingMessage, OutgoingMessage.key.startswith("job_failing:"))
    assert sorted(message.channel for message in told) == ["email", "in_app"]
    assert all(str(admin.user_id) in message.key for message in told)


class SleepyClock(FixedClock):
    """A clock whose reader falls asleep at the fourth look, between two batches, until it is woken."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.looks = 0
        self.asleep, self.wake = threading.Event(), threading.Event()

    def now(self) -> datetime:
        self.looks += 1
        if self.looks == 4:  # after the start, the heartbeat and the first batch
            self.asleep.set()
            assert self.wake.wait(30)
        return super().now()


def test_a_whole_run_that_slept_through_its_take_over_changes_nothing(
    request: pytest.FixtureRequest, settings: Settings, runtime: Runtime
) -> None:
    day = datetime(2026, 1, 22, 17, 30, tzinfo=UTC)
    slept, clean = (make_missed_day(runtime, code, day) for code in ("SLEPT", "CLEAN"))
    hospital_clock = SleepyClock(day)
    small = settings.model_copy(update={"job_batch_size": 3})
    sleeper = build(small, clocks=Clocks(hospital_clock, FixedClock(NOW)))
    other = build(settings, clocks=Clocks(FixedClock(day), FixedClock(NOW + DEAD)))
    request.addfinalizer(sleeper.close)
    request.addfinalizer(other.close)
    ended: list[RunOutcome] = []

    def run() -> None:
        ended.append(run_job(sleeper, slept.id, JobName.NO_SHOW_CHECK, RunSource.CRON))

    thread = threading.Thread(target=run)
    thread.start()
    assert hospital_clock.asleep.wait(30)
    assert run_job(other, slept.id, JobName.NO_SHOW_CHECK, RunSource.STARTUP).status is OutcomeStatus.COMPLETED
    done = dump(runtime, slept)
    hospital_clock.wake.set()
    thread.join()
    assert (ended[0].status, ended[0].items) == (OutcomeStatus.FAILED, 2)  # and one for a human
    assert "taken over" in (ended[0].error or "")
    run_job(other, clean.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    assert dump(runtime, slept) == done == dump(runtime, clean)
