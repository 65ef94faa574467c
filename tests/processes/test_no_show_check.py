"""The sweep, as `run_job` runs it: when it marks, what it writes, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import event, text

from hms.clock import Clocks, FixedClock
from hms.domain.appointments import Status
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import PatientStatus
from hms.models import (
    Appointment,
    AppointmentEvent,
    JobRun,
    NoShowLog,
    NoShowPenalty,
    OutgoingMessage,
    Patient,
)
from hms.processes.batches import FIRST
from hms.processes.jobs import OutcomeStatus, RunOutcome, run_job
from hms.runtime import Runtime, build
from hms.services import attendance, consultations
from hms.services.attendance import Attend, SetStatus
from hms.services.consultations import Edit, Start
from tests.support.factories import actor_of, make_doctor, make_hospital, make_patient, reception_of
from tests.support.fixtures import NOW
from tests.support.missed_day import make_missed_day
from tests.support.visits import local, make_visit, reload, rows


def sweep(runtime: Runtime, hospital_id: UUID) -> RunOutcome:
    outcome = run_job(runtime, hospital_id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    assert outcome.error is None
    return outcome


@pytest.fixture
def database(fresh_database: str) -> str:
    """Give each test a database of its own: a bad row is planted as a trigger."""
    return fresh_database


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


def test_who_is_here_done_or_cancelled_is_never_taken(runtime: Runtime, clock: FixedClock) -> None:
    hospital = make_hospital(runtime)
    doctor = make_doctor(runtime, hospital, slot_duration=15)
    reception, me = reception_of(runtime, hospital), actor_of(doctor)
    walls = ("09:00", "09:15", "09:30", "09:45", "10:00")
    here, seen, done, cancelled, confirmed = (
        make_visit(runtime, hospital, doctor, make_patient(runtime, hospital), local(hospital, NOW, wall))
        for wall in walls
    )
    for visit in (here, seen, done):
        runtime.transact(reception, attendance.check_in, Attend(visit))
    runtime.transact(me, consultations.start, Start(seen))
    consultation = runtime.transact(me, consultations.start, Start(done))
    diagnosis = ({"text": "Influenza"},)
    runtime.transact(me, consultations.complete, Edit(consultation, chief_complaint="Fever", diagnosis=diagnosis))
    runtime.transact(reception, attendance.set_status, SetStatus(cancelled, Status.CANCELLED))
    runtime.transact(reception, attendance.confirm, Attend(confirmed))
    clock.advance(timedelta(hours=5))
    assert sweep(runtime, hospital.id).items == 3  # with two alerts of the one who still waits
    assert [log.appointment_id for log in rows(runtime, NoShowLog)] == [confirmed]


def test_one_bad_row_stops_nobody_and_is_named(runtime: Runtime, clock: FixedClock) -> None:
    """The database itself refuses to mark one of five appointments."""
    hospital = make_hospital(runtime)
    doctor = make_doctor(runtime, hospital, slot_duration=15)
    visits = [
        make_visit(runtime, hospital, doctor, make_patient(runtime, hospital), local(hospital, NOW, f"09:{15 * n:02}"))
        for n in range(4)
    ]
    refuse_to_mark(runtime, visits[1])
    clock.advance(timedelta(hours=3))
    outcome = run_job(runtime, hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    assert (outcome.status, outcome.items) == (OutcomeStatus.FAILED, 3)
    assert f"1 could not be done: appointment {visits[1]}" in (outcome.error or "")
    assert {log.appointment_id for log in rows(runtime, NoShowLog)} == {visits[0], visits[2], visits[3]}
    assert reload(runtime, Appointment, visits[1]).status is Status.SCHEDULED
    [run] = rows(runtime, JobRun)
    assert (run.status, run.items_processed, run.error_message) == ("FAILED", 3, outcome.error)


def refuse_to_mark(runtime: Runtime, visit: UUID) -> None:
    """Plant a trigger that lets every change of this appointment fail."""
    on_sqlite = runtime.database.dialect == "sqlite"
    row = f"OLD.id = '{visit.hex if on_sqlite else visit}'"
    with runtime.database.writing() as session:
        if on_sqlite:
            refuse = "BEGIN SELECT RAISE(ABORT, 'bad row'); END"
            session.execute(text(f"CREATE TRIGGER bad_row BEFORE UPDATE ON appointments WHEN {row} {refuse}"))
        else:
            body = "BEGIN RAISE EXCEPTION 'bad row'; END"
            session.execute(text(f"CREATE FUNCTION bad_row() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"))
            when = f"BEFORE UPDATE ON appointments FOR EACH ROW WHEN ({row}) EXECUTE FUNCTION bad_row()"
            session.execute(text(f"CREATE TRIGGER bad_row {when}"))


def test_the_statements_of_a_batch_do_not_grow_with_its_rows(runtime: Runtime) -> None:
    counts = {}
    for code, visits in (("FEW", 8), ("MANY", FIRST - 10)):
        day = datetime(2026, 1, 22, 17, 30, tzinfo=UTC)
        hospital = make_missed_day(runtime, code, day, visits=visits)
        house = build(runtime.settings, clocks=Clocks(FixedClock(day), FixedClock(day)))
        statements = count()
        event.listen(house.database.writer, "before_cursor_execute", lambda *_, tick=statements: next(tick))
        outcome = run_job(house, hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
        house.close()
        assert outcome.items >= visits // 2
        counts[code] = next(statements)
    # PostgreSQL loads many rows by COPY, which the listener misses. Only among many is somebody blocked, and looked up.
    assert counts["MANY"] - 1 <= counts["FEW"] <= 45
