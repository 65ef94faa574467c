"""Each hospital's jobs fall due by its own clock, once, and late rather than never."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.errors import DomainError
from hms.domain.job_runs import MOST_TRIES, RETRY_AFTER, JobName, RunSource
from hms.domain.people import Role
from hms.models import JobRun, Notification
from hms.processes.jobs import run_job
from hms.processes.schedule import due_jobs, tick_seconds
from hms.queries.ticks import Tick
from hms.runtime import Runtime
from hms.services import job_runs
from hms.services.job_runs import FailRun, StartRun
from tests.support.factories import make_hospital, make_user
from tests.support.races import at_once, houses_on
from tests.support.visits import rows


def at(wall: str) -> datetime:
    return datetime.fromisoformat(wall).astimezone(UTC)


def due(runtime: Runtime, job: JobName) -> list[Tick]:
    return [tick for tick in due_jobs(runtime) if tick.job is job]


def test_every_hospital_has_its_own_hours(runtime: Runtime, clock: FixedClock) -> None:
    kolkata = make_hospital(runtime)
    berlin = make_hospital(runtime, "HMS002", "Europe/Berlin")
    clock.move_to(at("2026-01-22T12:03+05:30"))  # 07:33 in Berlin
    sweeps = due(runtime, JobName.NO_SHOW_CHECK)
    assert {(tick.hospital_id, tick.scheduled_for) for tick in sweeps} == {
        (kolkata.id, at("2026-01-22T12:00+05:30")),
        (berlin.id, at("2026-01-22T07:30+01:00")),
    }
    clock.move_to(at("2026-01-22T11:03+05:30"))  # 06:33 in Berlin: too early there
    assert {tick.hospital_id for tick in due(runtime, JobName.NO_SHOW_CHECK)} == {kolkata.id}


def test_what_has_run_is_not_due_again(runtime: Runtime, clock: FixedClock) -> None:
    hospital = make_hospital(runtime)
    clock.move_to(at("2026-01-22T12:03+05:30"))
    [tick] = due(runtime, JobName.NO_SHOW_CHECK)
    assert run_job(runtime, hospital.id, tick.job, RunSource.CRON, tick.scheduled_for).is_well
    assert due(runtime, JobName.NO_SHOW_CHECK) == []
    clock.advance(timedelta(minutes=2))
    assert [tick.scheduled_for for tick in due(runtime, JobName.NO_SHOW_CHECK)] == [at("2026-01-22T12:05+05:30")]


def test_a_house_opened_late_catches_up_once(runtime: Runtime, clock: FixedClock) -> None:
    make_hospital(runtime)
    clock.move_to(at("2026-01-22T20:00+05:30"))
    assert [tick.scheduled_for for tick in due(runtime, JobName.SLOT_HORIZON)] == [at("2026-01-22T01:00+05:30")]
    clock.move_to(at("2026-01-22T23:56+05:30"))  # an hour after the last sweep of the day
    assert due(runtime, JobName.NO_SHOW_CHECK) == []


def test_one_unreadable_schedule_stops_nobody_else(runtime: Runtime, clock: FixedClock) -> None:
    make_hospital(runtime, no_show_check_schedule="whenever")
    fine = make_hospital(runtime, "HMS002")
    clock.move_to(at("2026-01-22T12:03+05:30"))
    assert {tick.hospital_id for tick in due(runtime, JobName.NO_SHOW_CHECK)} == {fine.id}
    assert len(due(runtime, JobName.SLOT_HORIZON)) == 2


@pytest.mark.parametrize(("speed", "seconds"), [(1, 5.0), (60, 1.25), (600, 0.25)])
def test_a_faster_clock_is_looked_at_oftener(speed: float, seconds: float) -> None:
    assert tick_seconds(speed) == seconds


def test_a_tick_that_failed_is_tried_again_and_then_left(
    runtime: Runtime, clock: FixedClock, machine_clock: FixedClock
) -> None:
    hospital = make_hospital(runtime)
    admin = make_user(runtime, hospital, Role.HOSPITAL_ADMIN)
    clock.move_to(at("2026-01-22T01:00+05:30"))
    [tick] = due(runtime, JobName.SLOT_HORIZON)
    for _ in range(MOST_TRIES):
        assert due(runtime, JobName.SLOT_HORIZON) == [tick]
        system = Actor.system(hospital.id)
        run_id = runtime.transact(system, job_runs.start, StartRun(tick.job, RunSource.CRON, tick.scheduled_for))
        runtime.transact(system, job_runs.fail, FailRun(run_id, "no luck", 5))
        assert due(runtime, JobName.SLOT_HORIZON) == []
        with pytest.raises(DomainError, match="Already processing"):
            runtime.transact(system, job_runs.start, StartRun(tick.job, RunSource.CRON, tick.scheduled_for))
        machine_clock.advance(RETRY_AFTER)
    assert due(runtime, JobName.SLOT_HORIZON) == []
    runs = rows(runtime, JobRun)
    assert [run.scheduled_for for run in runs] == [None, None, tick.scheduled_for]
    assert [run.run_metadata.get("try", 1) for run in runs] == [1, 2, 3]
    assert [row.user_id for row in rows(runtime, Notification) if row.type == "JOB_FAILING"] == [admin.id]


def test_schedulers_that_race_for_a_failed_tick_make_one_run(
    runtime: Runtime, clock: FixedClock, machine_clock: FixedClock
) -> None:
    hospital = make_hospital(runtime)
    clock.move_to(at("2026-01-22T01:00+05:30"))
    [tick] = due(runtime, JobName.SLOT_HORIZON)
    wish, system = StartRun(tick.job, RunSource.CRON, tick.scheduled_for), Actor.system(hospital.id)
    run_id = runtime.transact(system, job_runs.start, wish)
    runtime.transact(system, job_runs.fail, FailRun(run_id, "no luck", 5))
    machine_clock.advance(RETRY_AFTER)
    with houses_on(runtime, 4) as houses:
        told = at_once(
            [partial(run_job, house, hospital.id, tick.job, RunSource.CRON, tick.scheduled_for) for house in houses]
        )
    assert sorted(outcome.status for outcome in told) == ["ALREADY_PROCESSING"] * 3 + ["COMPLETED"]
    assert len(rows(runtime, JobRun)) == 2
