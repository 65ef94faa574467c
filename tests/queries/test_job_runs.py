"""A job's health, as GET /no-show/cron-health shows it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource, RunStatus
from hms.models import Hospital
from hms.queries import job_runs as queries
from hms.queries.job_runs import Health
from hms.runtime import Runtime
from hms.services import job_runs
from hms.services.job_runs import FailRun, FinishRun, StartRun
from tests.support.factories import make_hospital
from tests.support.fixtures import NOW
from tests.support.visits import local


class Watch:
    """A hospital whose no-show check succeeds or fails on command; it is 08:55 there."""

    def __init__(self, runtime: Runtime, clock: FixedClock) -> None:
        self.runtime, self.clock = runtime, clock
        self.hospital: Hospital = make_hospital(runtime)

    def run(self, *, ok: bool) -> None:
        system = Actor.system(self.hospital.id)
        run_id = self.runtime.transact(system, job_runs.start, StartRun(JobName.NO_SHOW_CHECK, RunSource.CRON))
        self.clock.advance(timedelta(seconds=1))
        if ok:
            self.runtime.transact(system, job_runs.finish, FinishRun(run_id, 2, 49))
        else:
            self.runtime.transact(system, job_runs.fail, FailRun(run_id, "Out of beds", 10))
        self.clock.advance(timedelta(minutes=1))

    def health(self) -> Health:
        return self.runtime.read(queries.health, self.hospital.id, self.clock.now())


@pytest.fixture
def watch(runtime: Runtime, clock: FixedClock) -> Watch:
    return Watch(runtime, clock)


def test_a_well_job(watch: Watch) -> None:
    watch.run(ok=False)
    watch.run(ok=True)
    health = watch.health()
    assert (health.job_name, health.is_healthy, health.health_message) == (JobName.NO_SHOW_CHECK, True, "OK")
    assert (health.is_working_hours, health.last_run_status, health.consecutive_failures) == (True, "success", 0)
    assert health.last_run_time == watch.clock.now() - timedelta(minutes=1)
    success = health.last_successful_run
    assert success is not None
    assert (success.duration_ms, success.items_processed, success.source) == (49, 2, "cron")
    assert [run.status for run in health.recent_runs] == [RunStatus.COMPLETED, RunStatus.FAILED]
    stats = health.stats
    assert (stats.total_runs, stats.failed_runs, stats.success_rate) == (2, 1, "50.0%")


def test_before_the_first_run(watch: Watch) -> None:
    health = watch.health()
    assert (health.is_healthy, health.health_message) == (False, "No run has succeeded yet")
    assert (health.last_run_time, health.last_run_status, health.last_successful_run) == (None, None, None)
    assert (health.recent_runs, health.stats.success_rate) == ([], "100.0%")


def test_three_failures_are_not_healthy_even_at_night(watch: Watch) -> None:
    watch.clock.move_to(local(watch.hospital, NOW, "23:30"))
    for failures in (1, 2, 3):
        watch.run(ok=False)
        assert (watch.health().consecutive_failures, watch.health().is_healthy) == (failures, failures < 3)
    health = watch.health()
    assert (health.last_run_status, health.is_working_hours) == ("error", False)


def test_a_long_streak_is_counted_beyond_the_runs_shown(watch: Watch) -> None:
    watch.run(ok=True)
    for _ in range(12):
        watch.run(ok=False)
    health = watch.health()
    assert (health.consecutive_failures, len(health.recent_runs)) == (12, 10)


@pytest.mark.parametrize(
    ("wall", "healthy"), [("09:10", True), ("09:12", False), ("23:00", True)], ids=["recent", "too long", "night"]
)
def test_a_success_is_expected_every_quarter_of_an_hour_inside_working_hours(
    watch: Watch, wall: str, healthy: bool
) -> None:
    watch.run(ok=True)
    watch.clock.move_to(local(watch.hospital, NOW, wall))
    assert watch.health().is_healthy is healthy


def test_a_running_run_is_no_result_yet(watch: Watch) -> None:
    watch.run(ok=True)
    system = Actor.system(watch.hospital.id)
    watch.runtime.transact(system, job_runs.start, StartRun(JobName.NO_SHOW_CHECK, RunSource.MANUAL))
    health = watch.health()
    assert (health.last_run_status, health.stats.total_runs) == ("success", 1)
    assert [run.status for run in health.recent_runs] == [RunStatus.RUNNING, RunStatus.COMPLETED]


def test_runs_of_other_hospitals_and_other_jobs_do_not_show(watch: Watch) -> None:
    other = make_hospital(watch.runtime, code="HMS002")
    for hospital_id, job in ((other.id, JobName.NO_SHOW_CHECK), (watch.hospital.id, JobName.SLOT_HORIZON)):
        watch.runtime.transact(Actor.system(hospital_id), job_runs.start, StartRun(job, RunSource.CRON))
    assert watch.health().recent_runs == []
    [run] = watch.runtime.read(queries.recent_runs, other.id, JobName.NO_SHOW_CHECK)
    assert watch.runtime.read(queries.one, other.id, run.id) == run
    assert watch.runtime.read(queries.one, watch.hospital.id, run.id) is None
