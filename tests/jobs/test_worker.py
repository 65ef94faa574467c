"""Worker and beat in this process: nudged messages leave at once, and due jobs run without being asked."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from celery import Celery

from hms.clock import FixedClock, sleep, stopwatch
from hms.domain.job_runs import RunSource
from hms.jobs import build_app, nudge_through
from hms.jobs.serving import BeatThread, WorkerThread
from hms.models import JobRun
from hms.runtime import Runtime
from tests.support.factories import make_hospital, make_patient
from tests.support.letters import states, tell
from tests.support.visits import rows


@pytest.fixture
def app(runtime: Runtime) -> Celery:
    app = build_app(runtime)
    nudge_through(app, runtime)
    return app


@pytest.fixture
def worker(app: Celery) -> Iterator[WorkerThread]:
    worker = WorkerThread(app)
    worker.start()
    assert worker.wait_ready(20)
    yield worker
    assert worker.stop(20)


def wait_until(seen: Callable[[], bool]) -> None:
    end = stopwatch() + 20
    while not seen():
        assert stopwatch() < end
        sleep(0.02)


@pytest.mark.usefixtures("worker")
def test_a_nudge_delivers_at_once(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    tell(runtime, hospital, make_patient(runtime, hospital), 3)
    wait_until(lambda: states(runtime) == ["DELIVERED"] * 3)
    assert states(runtime) == ["DELIVERED"] * 3


@pytest.mark.usefixtures("worker")
def test_beat_runs_what_is_due_and_sweeps_after_the_start(runtime: Runtime, app: Celery, clock: FixedClock) -> None:
    clock.move_to(datetime(2026, 1, 22, 6, 33, tzinfo=UTC))  # 12:03 in Kolkata
    make_hospital(runtime)
    beat = BeatThread(app, startup_seconds=0.1)
    beat.start()
    wanted = {RunSource.CRON, RunSource.STARTUP}
    wait_until(lambda: {run.run_metadata["source"] for run in rows(runtime, JobRun)} >= wanted)
    assert beat.stop(10)
    runs = rows(runtime, JobRun)
    assert {run.scheduled_for for run in runs if run.job_name == "NO_SHOW_CHECK"} == {
        None,
        datetime(2026, 1, 22, 6, 30, tzinfo=UTC),
    }
