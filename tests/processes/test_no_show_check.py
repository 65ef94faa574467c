"""The sweep, as `run_job` runs it: when it marks, what it writes, and what it leaves alone."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import PatientStatus
from hms.models import (
    Appointment,
    AppointmentEvent,
    NoShowLog,
    NoShowPenalty,
    OutgoingMessage,
    Patient,
)
from hms.processes.jobs import OutcomeStatus, RunOutcome, run_job
from hms.runtime import Runtime
from tests.support.factories import make_doctor, make_hospital, make_patient
from tests.support.fixtures import NOW
from tests.support.visits import local, make_visit, reload, rows


def sweep(runtime: Runtime, hospital_id: UUID) -> RunOutcome:
    outcome = run_job(runtime, hospital_id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    assert outcome.error is None
    return outcome


@pytest.mark.parametrize(
    ("start", "booked", "now", "marked"),
    [
        ("09:00", None, "09:14:59", False),
        ("09:00", None, "09:15:00", True),
        ("10:00", "10:10", "10:15:00", False),
        ("10:00", "10:10", "10:24:59", False),
        ("10:00", "10:10", "10:25:00", True),
    ],
)
def test_marks_from_the_due_instant_on(
    runtime: Runtime, clock: FixedClock, start: str, booked: str | None, now: str, marked: bool
) -> None:
    hospital = make_hospital(runtime)
    doctor = make_doctor(runtime, hospital, slot_duration=15)
    patient = make_patient(runtime, hospital)
    given = {"booked_at": local(hospital, NOW, booked)} if booked else {}
    visit = make_visit(runtime, hospital, doctor, patient, local(hospital, NOW, start), **given)
    clock.move_to(local(hospital, NOW, now))
    outcome = sweep(runtime, hospital.id)
    assert (outcome.status, outcome.items) == (OutcomeStatus.COMPLETED, int(marked))
    assert reload(runtime, Appointment, visit).status == (Status.NO_SHOW if marked else Status.SCHEDULED)


def test_a_mark_brings_all_that_follows(runtime: Runtime, clock: FixedClock) -> None:
    hospital = make_hospital(runtime)
    doctor = make_doctor(runtime, hospital, slot_duration=15)
    patient = make_patient(runtime, hospital)
    starts = local(hospital, NOW, "09:00")
    visit = make_visit(runtime, hospital, doctor, patient, starts)
    clock.move_to(starts + timedelta(minutes=17))
    assert sweep(runtime, hospital.id).items == 1
    stored = reload(runtime, Appointment, visit)
    assert (stored.status, stored.version, stored.holds_slot) == (Status.NO_SHOW, 2, True)
    [log] = rows(runtime, NoShowLog)
    assert (log.reason, log.slot_time, log.timeout_minutes) == ("AUTO_TIMEOUT", starts.time(), 15)
    assert (log.triggered_at, log.created_by, log.notification_sent) == (clock.now(), None, True)
    assert (log.slot_released, log.slot_released_at) == (False, None)
    [penalty] = rows(runtime, NoShowPenalty)
    assert (penalty.appointment_id, penalty.patient_id, penalty.email_sent) == (visit, patient.id, True)
    [event] = rows(runtime, AppointmentEvent)
    assert (event.from_status, event.to_status, event.actor_id) == (Status.SCHEDULED, Status.NO_SHOW, None)
    assert sorted(m.channel for m in rows(runtime, OutgoingMessage)) == ["email", "in_app", "sms"]
    told = reload(runtime, Patient, patient.id)
    assert (told.no_show_count, told.status) == (1, PatientStatus.ACTIVE)


def test_sweeping_again_changes_nothing(runtime: Runtime, clock: FixedClock) -> None:
    hospital = make_hospital(runtime)
    doctor = make_doctor(runtime, hospital)
    patient = make_patient(runtime, hospital)
    make_visit(runtime, hospital, doctor, patient, local(hospital, NOW, "09:00"))
    clock.advance(timedelta(hours=2))
    assert sweep(runtime, hospital.id).items == 1
    before = [len(rows(runtime, model)) for model in (NoShowLog, NoShowPenalty, OutgoingMessage, AppointmentEvent)]
    clock.advance(timedelta(minutes=5))
    assert sweep(runtime, hospital.id).items == 0
    after = [len(rows(runtime, model)) for model in (NoShowLog, NoShowPenalty, OutgoingMessage, AppointmentEvent)]
    assert after == before == [1, 1, 3, 1]
