"""The evening's summary: off unless wanted, the day's no-shows that stand, each admin once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import Role
from hms.models import Doctor, Hospital, Notification
from hms.processes.jobs import RunOutcome, run_job
from hms.processes.schedule import due_jobs
from hms.runtime import Runtime
from tests.support.factories import make_doctor, make_hospital, make_patient, make_user
from tests.support.mailed import Mailbox
from tests.support.visits import local, make_visit, rows

EVENING = datetime(2026, 1, 22, 16, 30, tzinfo=UTC)  # 22:00 in Kolkata, where the hospital is


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(EVENING)


@pytest.fixture
def hospital(runtime: Runtime) -> Hospital:
    return make_hospital(runtime, no_show_summary=True)


@pytest.fixture
def doctor(runtime: Runtime, hospital: Hospital) -> Doctor:
    return make_doctor(runtime, hospital)


def miss(runtime: Runtime, hospital: Hospital, doctor: Doctor, wall: str) -> None:
    """Let a visit of today be missed."""
    patient = make_patient(runtime, hospital, first_name="Divya", last_name="Rao <b>")
    make_visit(runtime, hospital, doctor, patient, local(hospital, EVENING, wall))
    run_job(runtime, hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)


def summarise(runtime: Runtime, hospital: Hospital, tick: datetime | None = None) -> RunOutcome:
    return run_job(runtime, hospital.id, JobName.NO_SHOW_SUMMARY, RunSource.CRON, tick)


def told(runtime: Runtime) -> list[str]:
    return [row.message for row in rows(runtime, Notification) if row.type == "NO_SHOW_SUMMARY"]


def test_every_admin_is_told_of_the_day_once(runtime: Runtime, hospital: Hospital, doctor: Doctor) -> None:
    for _ in range(2):
        make_user(runtime, hospital, Role.HOSPITAL_ADMIN)
    make_user(runtime, hospital, Role.NURSE)
    miss(runtime, hospital, doctor, "09:00")
    make_visit(runtime, hospital, doctor, make_patient(runtime, hospital), local(hospital, EVENING, "22:30"))
    assert [summarise(runtime, hospital).items for _ in range(2)] == [1, 1]
    assert told(runtime) == ["Thursday 22 January 2026: 1 of 2 appointments were missed."] * 2
    mails = [mail for mail in Mailbox(runtime).fetch() if mail.subject == "No-Shows of the Day"]
    assert len(mails) == 2
    assert "Divya Rao &lt;b&gt;" in mails[0].html
    assert "/no-shows?from=2026-01-22&to=2026-01-22" in mails[0].text


def test_a_day_without_appointments_is_not_worth_a_word(runtime: Runtime, hospital: Hospital) -> None:
    make_user(runtime, hospital, Role.HOSPITAL_ADMIN)
    assert summarise(runtime, hospital).is_well
    assert told(runtime) == []


def test_speaks_of_the_day_it_was_meant_for_even_past_midnight(
    runtime: Runtime, hospital: Hospital, doctor: Doctor, clock: FixedClock
) -> None:
    make_user(runtime, hospital, Role.HOSPITAL_ADMIN)
    miss(runtime, hospital, doctor, "09:00")
    clock.advance(timedelta(hours=4))
    summarise(runtime, hospital, EVENING)
    assert told(runtime) == ["Thursday 22 January 2026: 1 of 1 appointments were missed."]


@pytest.mark.parametrize("wanted", [True, False])
def test_is_due_at_ten_where_it_is_wanted(runtime: Runtime, wanted: bool) -> None:
    make_hospital(runtime, "HMS009", no_show_summary=wanted)
    assert any(tick.job is JobName.NO_SHOW_SUMMARY for tick in due_jobs(runtime)) is wanted
