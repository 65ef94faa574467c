"""What is derived is compared with what it is derived from, in sets; every kind of drift is found and named."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from hms.cli import main
from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.job_runs import JobName, RunSource
from hms.domain.no_shows import NoShowReason
from hms.domain.people import PatientStatus
from hms.domain.stage_alerts import AlertType
from hms.models import Appointment, Doctor, DoctorDay, Hospital, NoShowLog, NoShowPenalty, Patient, StageAlert
from hms.processes import drift
from hms.processes.drift import Checked
from hms.processes.jobs import run_job
from hms.queries import drift as queries
from hms.queries.drift import Drift
from hms.runtime import Runtime
from hms.services import attendance, blocks, no_shows
from hms.services.attendance import Attend
from hms.services.blocks import Block
from hms.services.no_shows import MarkNoShow
from tests.support.callers import counted_statements
from tests.support.factories import add, admin_of, make_doctor, make_hospital, make_patient, reception_of
from tests.support.fixtures import NOW
from tests.support.visits import local, make_visit

WALLS = ("09:00", "09:30", "10:00")


class House:
    """A hospital with a patient who missed three visits and is blocked, and one who missed nothing."""

    def __init__(self, runtime: Runtime, clock: FixedClock, code: str = "HMS001", **settings: Any) -> None:
        self.runtime = runtime
        self.hospital: Hospital = make_hospital(runtime, code, **settings)
        self.doctor: Doctor = make_doctor(runtime, self.hospital)
        self.patient: Patient = make_patient(runtime, self.hospital)
        self.innocent: Patient = make_patient(runtime, self.hospital)
        self.visits = [self.visit(self.patient, wall) for wall in WALLS]
        self.kept = self.visit(self.innocent, "11:00")
        clock.move_to(local(self.hospital, NOW, "10:30"))
        desk = reception_of(runtime, self.hospital)
        for visit in self.visits:
            runtime.transact(desk, no_shows.mark, MarkNoShow(visit, NoShowReason.MANUAL_STAFF))

    def visit(self, patient: Patient, wall: str) -> UUID:
        return make_visit(self.runtime, self.hospital, self.doctor, patient, local(self.hospital, NOW, wall))

    def set(self, model: type[Any], *conditions: Any, **values: object) -> None:
        """Write past all services."""
        with self.runtime.database.writing() as session:
            session.execute(update(model).where(*conditions).values(**values))

    def found(self) -> list[Drift]:
        return list(drift.check(self.runtime, self.hospital.id, Checked()))


@pytest.fixture
def house(runtime: Runtime, clock: FixedClock) -> House:
    return House(runtime, clock)


def test_what_the_services_wrote_has_not_drifted(house: House, runtime: Runtime) -> None:
    checked = Checked()
    assert list(drift.check(runtime, house.hospital.id, checked)) == []
    assert (checked.patients, checked.doctors, checked.found) == (2, 1, 0)
    runtime.transact(admin_of(runtime, house.hospital), blocks.unblock, Block(house.patient.id, "Promised to come"))
    runtime.transact(admin_of(runtime, house.hospital), blocks.block, Block(house.innocent.id, "Rude to staff"))
    assert house.found() == []


@pytest.mark.parametrize(
    ("whose", "values", "what"),
    [
        ("patient", {"no_show_count": 2}, "the count is 2, and 3 penalties count"),
        ("innocent", {"no_show_count": 1}, "the count is 1, and 0 penalties count"),
        (
            "patient",
            {"status": PatientStatus.ACTIVE, "blocked_by_count": False},
            "not blocked by a count of 3, which blocks",
        ),
        ("patient", {"status": PatientStatus.ACTIVE}, "the count is said to block the patient, who is not blocked"),
        (
            "innocent",
            {"status": PatientStatus.BLOCKED, "blocked_by_count": True},
            "blocked by a count of 0, which does not block",
        ),
    ],
)
def test_a_count_or_block_that_drifted_is_named(house: House, whose: str, values: dict[str, Any], what: str) -> None:
    patient: Patient = getattr(house, whose)
    house.set(Patient, Patient.id == patient.id, **values)
    assert house.found() == [Drift(what, patient_id=patient.id)]


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (NoShowLog, {"voided_at": NOW}),
        (NoShowLog, {"justified": True}),
    ],
)
def test_marks_that_contradict_themselves_are_named(house: House, model: type[Any], values: dict[str, Any]) -> None:
    visit = house.visits[1]
    house.set(model, model.appointment_id == visit, **values)
    what = f"appointment {visit}: its state, its no-show log and its penalty don't agree"
    assert house.found() == [Drift(what, patient_id=house.patient.id)]


@pytest.mark.parametrize(
    ("kind", "drifted"),
    [
        (AlertType.WAITING_TOO_LONG, {"status": Status.SCHEDULED, "alert_due_at": None}),
        (AlertType.NO_VITALS, {"vitals_recorded_at": NOW}),
    ],
)
def test_an_alert_that_nobody_waits_for_is_named(house: House, kind: AlertType, drifted: dict[str, Any]) -> None:
    house.runtime.transact(reception_of(house.runtime, house.hospital), attendance.check_in, Attend(house.kept))
    alert = StageAlert(
        hospital_id=house.hospital.id, appointment_id=house.kept, alert_type=kind, message="Waits.", triggered_at=NOW
    )
    add(house.runtime, alert)
    assert house.found() == []
    house.set(Appointment, Appointment.id == house.kept, **drifted)
    what = f"appointment {house.kept}: its {kind.value} alert is open, and nobody waits for that"
    assert house.found() == [Drift(what, patient_id=house.innocent.id)]


def test_a_day_that_drifted_is_named(house: House) -> None:
    house.set(DoctorDay, booked=9)
    day = date(2026, 1, 22)
    what = "the day's counter says 9 visits, and 4 count"
    found = house.found()
    assert [(row.doctor_id, row.day) for row in found] == [(house.doctor.id, day)]
    assert found[0].what == what


def test_a_penalty_that_left_the_window_is_no_drift_until_the_night(runtime: Runtime, clock: FixedClock) -> None:
    house = House(runtime, clock, no_show_window_days=30)
    run_job(runtime, house.hospital.id, JobName.HOUSEKEEPING, RunSource.CRON)
    clock.advance(timedelta(days=31))
    assert house.found() == []
    run_job(runtime, house.hospital.id, JobName.HOUSEKEEPING, RunSource.CRON)
    with runtime.reading() as session:
        assert session.get_one(Patient, house.patient.id).status is PatientStatus.ACTIVE
    assert house.found() == []
    house.set(Patient, Patient.id == house.patient.id, no_show_count=3)
    assert [row.what for row in house.found()] == ["the count is 3, and 0 penalties count"]


def test_the_night_mends_what_drifted(house: House) -> None:
    house.set(Patient, no_show_count=7)
    assert len(house.found()) == 2
    run_job(house.runtime, house.hospital.id, JobName.HOUSEKEEPING, RunSource.CRON)
    assert house.found() == []


def test_patients_are_compared_in_sets(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def cost() -> int:
        with counted_statements(house.runtime) as statements:
            assert house.found() == []
        return len(statements)

    one = cost()
    for _ in range(6):
        make_patient(house.runtime, house.hospital)
    assert cost() == one
    monkeypatch.setattr(queries, "AT_ONCE", 3)
    assert cost() > one
    assert one <= 12


def test_hms_check_names_the_patient_and_ends_with_1(
    runtime: Runtime, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    House(runtime, clock)
    monkeypatch.setenv("HMS_DATABASE_URL", runtime.settings.database_url)
    other = House(runtime, clock, "HMS002")
    well = CliRunner().invoke(main, ["check"])
    assert (well.exit_code, well.stderr) == (0, "")
    assert well.stdout.splitlines() == [
        f"{code}: 2 patients and the days of 1 doctor compared: nothing differs." for code in ("HMS001", "HMS002")
    ]
    other.set(Patient, Patient.id == other.patient.id, no_show_count=1)
    before = runtime.read(_everything)
    ill = CliRunner().invoke(main, ["check"])
    assert ill.exit_code == 1
    assert f"HMS002  patient {other.patient.id}: the count is 1, and 3 penalties count" in ill.stdout
    assert "HMS002: 2 patients and the days of 1 doctor compared: 1 differ." in ill.stdout
    assert runtime.read(_everything) == before
    assert CliRunner().invoke(main, ["check", "--hospital", "hms001"]).exit_code == 0
    assert CliRunner().invoke(main, ["check", "--hospital", "HMS009"]).exit_code == 1


def _everything(session: Any) -> list[Any]:
    tables = (Patient, Appointment, NoShowPenalty, NoShowLog)
    return [tuple(row) for model in tables for row in session.execute(model.__table__.select()).all()]
