"""The tick leaves a trace of being at work, whether or not any job is due."""

from __future__ import annotations

from datetime import timedelta

from hms.clock import FixedClock
from hms.domain.job_runs import RunStatus
from hms.jobs import build_app
from hms.jobs.tasks import TICK
from hms.models import Heartbeat, JobRun
from hms.processes.schedule import due_jobs
from hms.runtime import Runtime
from tests.support.factories import add, make_hospital
from tests.support.visits import rows


def test_each_tick_beats_for_every_hospital(runtime: Runtime, clock: FixedClock) -> None:
    hospitals = {make_hospital(runtime, code).id for code in ("HMS001", "HMS002")}
    now = clock.now()
    served = [
        JobRun(
            hospital_id=tick.hospital_id,
            job_name=tick.job,
            status=RunStatus.COMPLETED,
            scheduled_for=tick.scheduled_for,
            started_at=now,
            heartbeat_at=now,
            run_metadata={},
        )
        for tick in due_jobs(runtime)
    ]
    add(runtime, *served)
    tick = build_app(runtime).tasks[TICK]
    tick()
    clock.advance(timedelta(seconds=45))
    tick()
    beats = {(row.hospital_id, row.first_at, row.last_at) for row in rows(runtime, Heartbeat)}
    assert beats == {(hospital, now, clock.now()) for hospital in hospitals}
