"""Each hospital's jobs fall due by its own clock, once, and late rather than never."""

from datetime import UTC, datetime, timedelta

import pytest

from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.processes.jobs import run_job
from hms.processes.schedule import due_jobs, tick_seconds
from hms.queries.ticks import Tick
from hms.runtime import Runtime
from tests.support.factories import make_hospital


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
