"""A worker that is killed -9 at any statement leaves a file that another one ends, whole, and told of once."""

from __future__ import annotations

import os
import signal
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event

from hms.clock import Clocks, FixedClock
from hms.domain.exports import LEASE, ExportStatus
from hms.models import ExportPart, Notification
from hms.processes.exports import write_due
from hms.runtime import Runtime, build
from hms.settings import Settings
from tests.support.exporting import AT_ONCE, Archive
from tests.support.forks import FORKS
from tests.support.visits import rows

PATIENCE = 60
VISITS = 3


@pytest.fixture
def database(fresh_database: str) -> str:
    """Give each killed worker a database of its own."""
    return fresh_database


def _write(statement: int, url: str, now: datetime) -> None:
    """Write what is due, and die before the nth statement or commit."""
    settings = Settings(_env_file=None, database_url=url, sqlite_synchronous="OFF")
    runtime = build(settings, clocks=Clocks(FixedClock(now), FixedClock(now)))
    sent = count(1)

    def reached(*_given: Any) -> None:
        if next(sent) == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    for engine in (runtime.database.writer, runtime.database.reader):
        event.listen(engine, "before_cursor_execute", reached)
        event.listen(engine, "commit", reached)
    write_due(runtime, lines_at_once=AT_ONCE)
    runtime.close()


def killed(statement: int, runtime: Runtime, url: str) -> bool:
    """Let a worker die at a statement; tell whether it lived that long."""
    process = FORKS.Process(target=_write, args=(statement, url, runtime.clocks.machine.now()), daemon=True)
    process.start()
    process.join(PATIENCE)
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0


@pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.nightly)])
def test_killed_at_any_statement(
    runtime: Runtime, database: str, clock: FixedClock, machine_clock: FixedClock, step: int
) -> None:
    archive = Archive.open(runtime, VISITS)
    for lives, statement in enumerate(count(step, step), start=1):
        task = archive.ask()
        if not killed(statement, runtime, database):
            assert archive.task(task).status is ExportStatus.DONE
            assert statement > 20
            break
        machine_clock.advance(LEASE)
        archive.write()
        assert archive.task(task).status is ExportStatus.DONE, statement
        assert len(archive.lines(task)) == VISITS, statement
        assert len(rows(runtime, ExportPart, ExportPart.export_id == task)) == 2
        assert len(rows(runtime, Notification)) == lives
        clock.advance(timedelta(hours=3))  # nobody may ask more than ten times a day
