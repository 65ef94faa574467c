"""The automation page: whether each job is well, and since when not and why; running now; what a run would do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource, RunStatus
from hms.domain.people import Role
from hms.models import JobRun, NoShowLog
from hms.processes.jobs import run_job
from tests.support.callers import counted_statements
from tests.support.clinic import Clinic
from tests.support.factories import add, make_user
from tests.support.visits import rows


def failed(clinic: Clinic, clock: FixedClock, reason: str) -> None:
    add(
        clinic.runtime,
        JobRun(
            hospital_id=clinic.hospital.id,
            job_name=JobName.NO_SHOW_CHECK,
            status=RunStatus.FAILED,
            started_at=clock.now(),
            completed_at=clock.now(),
            heartbeat_at=clock.now(),
            duration_ms=1500,
            error_message=reason,
            run_metadata={"source": "cron"},
        ),
    )


def test_tells_whether_each_job_is_well(clinic: Clinic, clock: FixedClock) -> None:
    admin = clinic.client(clinic.admin)
    run_job(clinic.runtime, clinic.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    page = admin.get("/automation").text
    assert "Well" in page
    assert page.count("Has not run yet") == len(JobName) - 1
    for minute in range(3):
        clock.advance(timedelta(minutes=minute + 1))
        failed(clinic, clock, "The disk is full")
    page = admin.get("/automation").text
    assert "3 consecutive failures" in page
    assert page.count("The disk is full") == 3
    assert "1.5 s" in page
    assert "The disk is full" not in admin.get("/automation?job=HOUSEKEEPING").text


def test_runs_now_and_says_what_came_of_it(clinic: Clinic, clock: FixedClock) -> None:
    admin = clinic.client(clinic.admin)
    clock.advance(timedelta(hours=9))
    rehearsal = admin.get("/automation/rehearsal").text
    assert "Nothing has been changed" in rehearsal
    assert "Missed" in rehearsal
    assert rows(clinic.runtime, NoShowLog) == []
    answer = admin.post("/automation/NO_SHOW_CHECK/run")
    assert answer.status_code == 200
    assert "No-show check: done, " in answer.text
    assert rows(clinic.runtime, NoShowLog)
    assert rows(clinic.runtime, JobRun)[0].run_metadata["source"] == "manual"
    assert "Nothing is due" in admin.get("/automation/rehearsal").text
    assert admin.post("/automation/NOTHING/run").status_code == 404


def test_a_run_that_is_under_way_is_said(clinic: Clinic, clock: FixedClock) -> None:
    machine_now = clinic.runtime.clocks.machine.now()
    running = {"status": RunStatus.RUNNING, "started_at": clock.now(), "heartbeat_at": machine_now}
    add(clinic.runtime, JobRun(hospital_id=clinic.hospital.id, job_name=JobName.NO_SHOW_CHECK, **running))
    answer = clinic.client(clinic.admin).post("/automation/NO_SHOW_CHECK/run")
    assert answer.status_code == 200
    assert "Nothing was started" in answer.text
    assert "Running since" in answer.text


@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.NURSE, Role.DOCTOR, Role.PATIENT])
def test_is_for_admins_only(clinic: Clinic, role: Role) -> None:
    other = clinic.client(make_user(clinic.runtime, clinic.hospital, role))
    assert other.get("/automation").status_code == 403
    assert other.get("/automation/rehearsal").status_code == 403
    assert other.post("/automation/NO_SHOW_CHECK/run").status_code == 403
    assert "Automation" not in other.get("/").text


def test_asks_five_statements_whatever_ran(clinic: Clinic) -> None:
    admin = clinic.client(clinic.admin)
    for _ in range(4):
        run_job(clinic.runtime, clinic.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    with counted_statements(clinic.runtime) as statements:
        admin.get("/automation")
    assert len(statements) <= 5
