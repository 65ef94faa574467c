"""A history that is asked for is written at once by a worker that is told of it, and else at beat's next round."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from celery import Celery

from hms.clock import sleep, stopwatch
from hms.domain.exports import ExportStatus
from hms.jobs import build_app, nudge_through, schedule
from hms.jobs.serving import WorkerThread
from hms.jobs.tasks import WRITE_EXPORTS
from hms.runtime import Runtime
from tests.support.exporting import Archive
from tests.support.letters import states
from tests.support.processes import free_port


@pytest.fixture
def app(runtime: Runtime) -> Celery:
    return build_app(runtime)


@pytest.fixture
def worker(app: Celery) -> Iterator[WorkerThread]:
    worker = WorkerThread(app)
    worker.start()
    assert worker.wait_ready(20)
    yield worker
    assert worker.stop(20)


def wait_until_done(archive: Archive, task: UUID) -> None:
    end = stopwatch() + 20
    while archive.task(task).status is not ExportStatus.DONE:
        assert stopwatch() < end
        sleep(0.05)


@pytest.mark.usefixtures("worker")
def test_a_worker_writes_and_mails_at_once(runtime: Runtime, app: Celery) -> None:
    nudge_through(app, runtime)
    archive = Archive.open(runtime, 3)
    task = archive.ask()
    wait_until_done(archive, task)
    end = stopwatch() + 20
    while states(runtime) != ["DELIVERED"] * 2:  # in the app at once; the mail, since that commit told the relay
        assert stopwatch() < end
        sleep(0.05)
    assert len(archive.lines(task)) == 3


@pytest.mark.usefixtures("worker")
def test_what_the_broker_lost_is_found_by_beats_task(runtime: Runtime, app: Celery) -> None:
    archive = Archive.open(runtime, 1)
    task = archive.ask()  # nobody is told
    assert archive.task(task).status is ExportStatus.PENDING
    entry = schedule.entries(1)["exports.write"]
    assert (entry["task"], entry["schedule"]) == (WRITE_EXPORTS, schedule.RELAY_SECONDS)
    app.send_task(entry["task"])
    wait_until_done(archive, task)
    assert archive.task(task).progress == 100


def test_asking_needs_no_broker(runtime: Runtime) -> None:
    broker = f"redis://127.0.0.1:{free_port()}/0"
    runtime.settings = runtime.settings.model_copy(update={"broker_url": broker})
    nudge_through(build_app(runtime), runtime)
    archive = Archive.open(runtime, 1)
    began = stopwatch()
    task = archive.ask()
    assert stopwatch() - began < 2
    assert archive.task(task).is_under_way
