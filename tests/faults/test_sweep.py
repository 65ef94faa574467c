"""The sweep is killed -9 again and again, and run again: the rows are those of one clean run."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta

import pytest

from hms.clock import Clocks, FixedClock
from hms.domain.job_runs import TIMED_OUT, JobName, RunSource, RunStatus
from hms.models import JobRun, NoShowLog, NoShowPenalty, OutgoingMessage
from hms.processes.jobs import OutcomeStatus, run_job
from hms.runtime import Runtime, build
from hms.settings import Settings
from tests.support.missed_day import dump, make_missed_day
from tests.support.sweeper import Sweeper
from tests.support.visits import rows

NOW = datetime(2026, 1, 22, 17, 30, tzinfo=UTC)
LEASE = timedelta(minutes=6)


@pytest.fixture
def database(fresh_database: str) -> str:
    """Give each killed sweep a database of its own."""
    return fresh_database


@pytest.mark.parametrize(
    ("rounds", "visits"),
    [
        pytest.param(5, 40, id="everyday"),
        pytest.param(50, 240, id="nightly", marks=[pytest.mark.nightly, pytest.mark.timeout(600)]),
    ],
)
def test_killed_and_run_again_writes_what_one_clean_run_would(
    settings: Settings, runtime: Runtime, rounds: int, visits: int
) -> None:
    killed, clean = (make_missed_day(runtime, code, NOW, visits=visits) for code in ("KILLED", "CLEAN"))
    machine_now = NOW
    for _ in range(rounds):
        machine_now += LEASE  # so that the next start takes the dead run over
        sweeper = Sweeper.start(settings.effective_database_url, killed.id, NOW, machine_now, batch=1)
        sweeper.wait_ready()
        sweeper.go()
        _wait_for_more(runtime, random.randint(0, 3))
        time.sleep(random.uniform(0, 0.02))
        sweeper.kill()
    already = _marked(runtime)  # at least: a server may still commit for a dead client
    house = build(settings, clocks=Clocks(FixedClock(NOW), FixedClock(machine_now + LEASE)))
    last = run_job(house, killed.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    assert run_job(house, clean.id, JobName.NO_SHOW_CHECK, RunSource.CRON).status is OutcomeStatus.COMPLETED
    house.close()
    assert last.status is OutcomeStatus.COMPLETED
    assert already > 0, "no round lived long enough to mark anything"
    assert dump(runtime, killed) == dump(runtime, clean)
    logs = rows(runtime, NoShowLog, NoShowLog.hospital_id == killed.id)
    penalties = rows(runtime, NoShowPenalty, NoShowPenalty.hospital_id == killed.id)
    assert len({log.appointment_id for log in logs}) == len(logs) == len(penalties)
    told = [m.channel for m in rows(runtime, OutgoingMessage, OutgoingMessage.key.startswith("no_show:"))]
    assert told.count("in_app") == 2 * len(logs)
    dead = rows(runtime, JobRun, JobRun.hospital_id == killed.id, JobRun.status == RunStatus.FAILED)
    assert {run.error_message for run in dead} == {TIMED_OUT}


def _wait_for_more(runtime: Runtime, wanted: int, seconds: float = 3) -> None:
    """Wait until so many more are marked, or long enough for there to be none left."""
    target, end = _marked(runtime) + wanted, time.monotonic() + seconds
    while _marked(runtime) < target and time.monotonic() < end:
        time.sleep(0.002)


def _marked(runtime: Runtime) -> int:
    return len(rows(runtime, NoShowLog))
