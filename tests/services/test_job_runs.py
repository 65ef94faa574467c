"""Runs: the row is the lock, one tick makes one run, and admins hear of a streak of failures once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.errors import Code, DomainError
from hms.domain.job_runs import JobName, RunSource, RunStatus
from hms.models import JobRun, Notification, OutgoingMessage
from hms.runtime import Runtime
from hms.services import job_runs
from hms.services.job_runs import FailRun, FinishRun, StartRun
from tests.support.factories import admin_of, make_hospital, reception_of
from tests.support.fixtures import NOW
from tests.support.visits import reload, rows

CHECK = StartRun(JobName.NO_SHOW_CHECK, RunSource.CRON)


@pytest.fixture
def system(runtime: Runtime) -> Actor:
    """Give the system of a hospital with two admins and a receptionist."""
    hospital = make_hospital(runtime)
    admin_of(runtime, hospital)
    admin_of(runtime, hospital)
    reception_of(runtime, hospital)
    return Actor.system(hospital.id)


def run_once(runtime: Runtime, system: Actor, clock: FixedClock, *, ok: bool) -> None:
    clock.advance(timedelta(minutes=5))
    run_id = runtime.transact(system, job_runs.start, CHECK)
    if ok:
        runtime.transact(system, job_runs.finish, FinishRun(run_id, 2, 49))
    else:
        runtime.transact(system, job_runs.fail, FailRun(run_id, "Out of beds\nsecond line", 10))


def told(runtime: Runtime) -> list[str]:
    """Return the titles of all notifications, in order."""
    return [n.title for n in sorted(rows(runtime, Notification), key=lambda n: n.id)]


def test_a_second_start_changes_nothing(runtime: Runtime, system: Actor) -> None:
    first = runtime.transact(system, job_runs.start, CHECK)
    with pytest.raises(DomainError, match=r"^Already processing$") as refused:
        runtime.transact(system, job_runs.start, CHECK)
    assert refused.value.code is Code.ALREADY_PROCESSING
    assert [run.id for run in rows(runtime, JobRun)] == [first]


def test_other_jobs_and_hospitals_run_meanwhile(runtime: Runtime, system: Actor) -> None:
    other = Actor.system(make_hospital(runtime, code="HMS002").id)
    runtime.transact(system, job_runs.start, CHECK)
    runtime.transact(other, job_runs.start, CHECK)
    runtime.transact(system, job_runs.start, StartRun(JobName.HOUSEKEEPING, RunSource.CRON))
    assert [run.status for run in rows(runtime, JobRun)] == [RunStatus.RUNNING] * 3


def test_one_tick_makes_one_run_even_after_it_completed(runtime: Runtime, system: Actor) -> None:
    tick = StartRun(JobName.NO_SHOW_CHECK, RunSource.CRON, scheduled_for=NOW)
    run_id = runtime.transact(system, job_runs.start, tick)
    runtime.transact(system, job_runs.finish, FinishRun(run_id, 0, 1))
    with pytest.raises(DomainError, match="Already processing"):
        runtime.transact(system, job_runs.start, tick)
    assert len(rows(runtime, JobRun)) == 1


def test_schedulers_that_fire_the_same_tick_at_once_make_one_run(runtime: Runtime, system: Actor) -> None:
    tick = StartRun(JobName.NO_SHOW_CHECK, RunSource.CRON, scheduled_for=NOW)
    outcomes: list[str] = []
    barrier = threading.Barrier(6)

    def fire() -> None:
        barrier.wait()
        try:
            runtime.transact(system, job_runs.start, tick)
            outcomes.append("started")
        except DomainError as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=fire) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [Code.ALREADY_PROCESSING] * 5 + ["started"]
    assert len(rows(runtime, JobRun)) == 1


def test_a_run_keeps_what_it_did(runtime: Runtime, clock: FixedClock, system: Actor) -> None:
    run_id = runtime.transact(system, job_runs.start, CHECK)
    clock.advance(timedelta(seconds=1))
    runtime.transact(system, job_runs.finish, FinishRun(run_id, items=7, duration_ms=49))
    run = reload(runtime, JobRun, run_id)
    assert (run.status, run.items_processed, run.duration_ms) == (RunStatus.COMPLETED, 7, 49)
    assert (run.started_at, run.completed_at) == (NOW, clock.now())
    assert run.run_metadata == {"source": "cron"}


def test_only_who_may_run_jobs_starts_one(runtime: Runtime) -> None:
    hospital = make_hospital(runtime, code="HMS003")
    with pytest.raises(DomainError) as refused:
        runtime.transact(reception_of(runtime, hospital), job_runs.start, CHECK)
    assert refused.value.code is Code.FORBIDDEN
    admin = admin_of(runtime, hospital)
    run_id = runtime.transact(admin, job_runs.start, StartRun(JobName.NO_SHOW_CHECK, RunSource.MANUAL))
    assert reload(runtime, JobRun, run_id).run_metadata == {"source": "manual", "startedBy": str(admin.user_id)}


def test_three_failures_are_told_once_and_so_is_the_recovery(
    runtime: Runtime, clock: FixedClock, system: Actor
) -> None:
    run_once(runtime, system, clock, ok=False)
    run_once(runtime, system, clock, ok=False)
    assert told(runtime) == []
    run_once(runtime, system, clock, ok=False)
    failing = ["NO_SHOW_CHECK is failing"] * 2
    assert told(runtime) == failing
    run_once(runtime, system, clock, ok=False)
    assert told(runtime) == failing
    run_once(runtime, system, clock, ok=True)
    well = [*failing, *["NO_SHOW_CHECK is well again"] * 2]
    assert told(runtime) == well
    run_once(runtime, system, clock, ok=True)
    assert told(runtime) == well
    channels = sorted(message.channel for message in rows(runtime, OutgoingMessage))
    assert channels == ["email"] * 4 + ["in_app"] * 4
    message = min(rows(runtime, Notification), key=lambda n: n.id).message
    assert "failed 3 times in a row. Last error: Out of beds." in message


def test_a_new_streak_is_told_anew(runtime: Runtime, clock: FixedClock, system: Actor) -> None:
    for _ in range(2):
        for ok in (False, False, False, True):
            run_once(runtime, system, clock, ok=ok)
    assert len(told(runtime)) == 8


def test_two_failures_and_a_success_are_nobodys_business(runtime: Runtime, clock: FixedClock, system: Actor) -> None:
    for ok in (False, False, True, False, False, True):
        run_once(runtime, system, clock, ok=ok)
    assert told(runtime) == []
