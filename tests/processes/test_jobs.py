"""`run_job`, the one way to run a job: outcomes, failures, rehearsals, all hospitals in turn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.errors import Code, DomainError
from hms.domain.job_runs import JobName, RunSource, RunStatus
from hms.domain.no_shows import ReviewReason
from hms.domain.people import PatientStatus, Role
from hms.models import (
    DoctorSlot,
    Hospital,
    JobRun,
    LoginSession,
    NoShowLog,
    NoShowPenalty,
    Patient,
    RefreshToken,
)
from hms.processes.jobs import OutcomeStatus, run_for_all, run_job
from hms.runtime import Runtime
from hms.services import job_runs
from hms.services.job_runs import StartRun
from tests.support.factories import add, admin_of, make_doctor, make_hospital, make_patient, make_user, reception_of
from tests.support.fixtures import NOW
from tests.support.visits import local, make_visit, reload, rows

CHECK, HORIZON, CLEANING = JobName.NO_SHOW_CHECK, JobName.SLOT_HORIZON, JobName.HOUSEKEEPING


def make_due(runtime: Runtime, hospital: Hospital, wall: str = "08:00") -> UUID:
    """Make an appointment that is due by the time these tests run, outside of the schedule before nine."""
    doctor = make_doctor(runtime, hospital, slot_duration=15)
    return make_visit(runtime, hospital, doctor, make_patient(runtime, hospital), local(hospital, NOW, wall))


def test_the_outcome_tells_what_the_row_tells(runtime: Runtime, clock: FixedClock) -> None:
    hospital = make_hospital(runtime)
    make_due(runtime, hospital, "09:00")
    clock.advance(timedelta(hours=1))
    admin = admin_of(runtime, hospital)
    outcome = run_job(runtime, hospital.id, CHECK, RunSource.MANUAL, scheduled_for=NOW, actor=admin)
    assert (outcome.status, outcome.items, outcome.error, outcome.is_well) == (OutcomeStatus.COMPLETED, 1, None, True)
    [run] = rows(runtime, JobRun)
    assert (run.id, run.status, run.items_processed) == (outcome.run_id, RunStatus.COMPLETED, 1)
    assert run.run_metadata == {"source": "manual", "startedBy": str(admin.user_id)}
    assert 0 <= run.duration_ms <= outcome.duration_ms
    assert rows(runtime, NoShowLog)[0].created_by is None


def test_a_second_start_says_already_processing(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    runtime.transact(Actor.system(hospital.id), job_runs.start, StartRun(CHECK, RunSource.CRON))
    outcome = run_job(runtime, hospital.id, CHECK, RunSource.MANUAL)
    assert (outcome.status, outcome.error) == (OutcomeStatus.ALREADY_PROCESSING, "Already processing")
    assert outcome.is_well
    assert len(rows(runtime, JobRun)) == 1


def test_the_same_tick_runs_once(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    outcomes = [run_job(runtime, hospital.id, CHECK, RunSource.CRON, scheduled_for=NOW).status for _ in range(2)]
    assert outcomes == [OutcomeStatus.COMPLETED, OutcomeStatus.ALREADY_PROCESSING]
    assert len(rows(runtime, JobRun)) == 1


def test_only_admins_run_jobs(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    for dry_run in (False, True):
        with pytest.raises(DomainError) as refused:
            run_job(
                runtime, hospital.id, CHECK, RunSource.MANUAL, None, reception_of(runtime, hospital), dry_run=dry_run
            )
        assert refused.value.code is Code.FORBIDDEN
    assert rows(runtime, JobRun) == []


def test_a_dry_run_lists_and_writes_nothing(runtime: Runtime, clock: FixedClock) -> None:
    hospital = make_hospital(runtime)
    odd, due = make_due(runtime, hospital), make_due(runtime, hospital, "09:00")
    clock.advance(timedelta(hours=1))
    outcome = run_job(runtime, hospital.id, CHECK, RunSource.MANUAL, dry_run=True)
    assert (outcome.status, outcome.items, outcome.run_id) == (OutcomeStatus.REHEARSED, 2, None)
    listed = [(row.appointment_id, row.review) for row in outcome.rehearsed]
    assert listed == [(odd, ReviewReason.OUTSIDE_SCHEDULE), (due, None)]
    assert (rows(runtime, JobRun), rows(runtime, NoShowLog)) == ([], [])
    with pytest.raises(DomainError, match="cannot be rehearsed"):
        run_job(runtime, hospital.id, CLEANING, RunSource.MANUAL, dry_run=True)


def test_one_hospitals_failure_stops_no_other(runtime: Runtime, clock: FixedClock) -> None:
    """The first hospital's settings are broken past all services."""
    broken, well = make_hospital(runtime, code="AAA"), make_hospital(runtime, code="BBB")
    for hospital in (broken, well):
        make_due(runtime, hospital, "09:00")
    with runtime.database.writing() as session:
        session.execute(
            update(Hospital).where(Hospital.id == broken.id).values(settings={"no_show_catch_up_hours": "x"})
        )
    clock.advance(timedelta(hours=1))
    outcomes = run_for_all(runtime, CHECK, RunSource.EXTERNAL)
    assert list(outcomes) == [broken.id, well.id]
    assert (outcomes[well.id].status, outcomes[well.id].items) == (OutcomeStatus.COMPLETED, 1)
    failed = outcomes[broken.id]
    assert (failed.status, failed.is_well) == (OutcomeStatus.FAILED, False)
    run = reload(runtime, JobRun, failed.run_id or broken.id)
    assert (run.status, run.error_message, run.run_metadata) == (RunStatus.FAILED, failed.error, {"source": "external"})


def test_a_job_that_cannot_start_stops_no_other_hospitals(runtime: Runtime) -> None:
    """The database is too busy for the first hospital."""
    busy, well = make_hospital(runtime, code="AAA"), make_hospital(runtime, code="BBB")

    class Crowded(Runtime):
        def transact(self, actor: Actor, *args: Any, **kwargs: Any) -> Any:
            if actor.hospital_id == busy.id:
                raise DomainError(Code.BUSY, "Too many changes at once.")
            return super().transact(actor, *args, **kwargs)

    crowded = Crowded(runtime.settings, runtime.database, runtime.clocks, runtime.gateways)
    outcomes = run_for_all(crowded, CHECK, RunSource.EXTERNAL)
    assert [outcomes[row.id].status for row in (busy, well)] == [OutcomeStatus.FAILED, OutcomeStatus.COMPLETED]
    assert outcomes[busy.id].error == "Too many changes at once."


def test_the_horizon_is_filled_for_all_active_doctors_and_again_changes_nothing(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    doctors = [make_doctor(runtime, hospital, slot_duration=60) for _ in range(3)]
    gone = make_user(runtime, hospital, Role.DOCTOR, is_active=False)
    left = make_doctor(runtime, hospital)
    with runtime.database.writing() as session:
        session.execute(update(type(left)).where(type(left).id == left.id).values(user_id=gone.id))
    first = run_job(runtime, hospital.id, HORIZON, RunSource.CRON)
    assert (first.status, first.items) == (OutcomeStatus.COMPLETED, 3 * 7 * 31)
    with runtime.reading() as session:
        per_doctor = session.execute(select(DoctorSlot.doctor_id, func.count()).group_by(DoctorSlot.doctor_id))
        assert dict(per_doctor.all()) == {doctor.id: 7 * 31 for doctor in doctors}
    assert run_job(runtime, hospital.id, HORIZON, RunSource.CRON).items == 0


def test_housekeeping_clears_what_is_over_and_keeps_the_rest(runtime: Runtime) -> None:
    hospital = make_hospital(runtime, no_show_window_days=30)
    user = make_user(runtime, hospital, Role.NURSE)
    patient = make_patient(runtime, hospital, no_show_count=1, status=PatientStatus.BLOCKED, blocked_by_count=True)
    old_visit = make_visit(runtime, hospital, make_doctor(runtime, hospital), patient, NOW - timedelta(days=40))
    add(
        runtime,
        NoShowPenalty(
            hospital_id=hospital.id,
            appointment_id=old_visit,
            patient_id=patient.id,
            created_at=NOW - timedelta(days=40),
        ),
        JobRun(
            hospital_id=hospital.id,
            job_name=CHECK,
            status=RunStatus.COMPLETED,
            started_at=NOW - timedelta(days=91),
            heartbeat_at=NOW,
        ),
    )
    for hours in (-1, 1):
        signed_in = LoginSession(
            hospital_id=hospital.id, user_id=user.id, created_at=NOW, expires_at=NOW + timedelta(hours=hours)
        )
        add(runtime, signed_in)
        token = RefreshToken(session_id=signed_in.id, token_hash=f"{hours}", created_at=NOW, expires_at=NOW)
        add(runtime, token)
    outcome = run_job(runtime, hospital.id, CLEANING, RunSource.CRON)
    assert (outcome.status, outcome.items) == (OutcomeStatus.COMPLETED, 2)
    assert [session.expires_at > NOW for session in rows(runtime, LoginSession)] == [True]
    assert [token.token_hash for token in rows(runtime, RefreshToken)] == ["1"]
    assert [run.job_name for run in rows(runtime, JobRun)] == [CLEANING]
    freed = reload(runtime, Patient, patient.id)
    assert (freed.no_show_count, freed.status) == (0, PatientStatus.ACTIVE)
