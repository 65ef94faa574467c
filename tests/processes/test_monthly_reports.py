"""Monthly reports: the month before by the hospital's calendar, each doctor once, told by mail and kept as told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.consultations import ConsultationStatus
from hms.domain.errors import Code, DomainError
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import Role
from hms.domain.reports import ReportLine, ReportTotals
from hms.models import Appointment, Consultation, Doctor, Hospital, MonthlyReport, Notification, User
from hms.processes.jobs import RunOutcome, run_job
from hms.processes.schedule import due_jobs
from hms.queries import reports
from hms.runtime import Runtime
from tests.support.callers import counted_statements
from tests.support.factories import actor_of, add, admin_of, make_doctor, make_hospital, make_patient, make_user
from tests.support.mailed import Mailbox
from tests.support.races import at_once, houses_on
from tests.support.visits import make_visit, rows

WAYS = {
    Status.COMPLETED: (Status.CHECKED_IN, Status.IN_PROGRESS, Status.COMPLETED),
    Status.NO_SHOW: (Status.NO_SHOW,),
    Status.CANCELLED: (Status.CANCELLED,),
}
FIRST = datetime(2026, 3, 1, 3, 30, tzinfo=UTC)  # 09:00 in Kolkata, where the hospital is


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(FIRST)


@pytest.fixture
def hospital(runtime: Runtime) -> Hospital:
    return make_hospital(runtime)


@pytest.fixture
def doctor(runtime: Runtime, hospital: Hospital) -> Doctor:
    return make_doctor(runtime, hospital, specialization="Cardiology")


def visit(
    runtime: Runtime, hospital: Hospital, doctor: Doctor, wall: str, status: Status = Status.COMPLETED, **found: Any
) -> None:
    """Make a visit at a wall time, with its consultation where anything was found."""
    starts_at = datetime.fromisoformat(wall).replace(tzinfo=hospital.zone).astimezone(UTC)
    patient = make_patient(runtime, hospital, first_name="Asha", last_name="Menon")
    visit_id = make_visit(runtime, hospital, doctor, patient, starts_at)
    with runtime.database.writing() as session:
        for step in WAYS[status]:
            session.execute(
                update(Appointment)
                .where(Appointment.id == visit_id)
                .values(status=step, holds_slot=step is not Status.CANCELLED)
            )
    if found:
        values = {"status": ConsultationStatus.COMPLETED, "chief_complaint": "Cough", "started_at": starts_at} | found
        add(
            runtime,
            Consultation(hospital_id=hospital.id, appointment_id=visit_id, doctor_id=doctor.id, **values),
        )


def report(runtime: Runtime, hospital: Hospital) -> RunOutcome:
    return run_job(runtime, hospital.id, JobName.MONTHLY_REPORT, RunSource.CRON)


def written(runtime: Runtime, doctor: Doctor) -> MonthlyReport:
    [found] = rows(runtime, MonthlyReport, MonthlyReport.doctor_id == doctor.id)
    assert isinstance(found, MonthlyReport)
    return found


def test_says_what_the_month_was_and_nothing_of_its_neighbours(
    runtime: Runtime, hospital: Hospital, doctor: Doctor
) -> None:
    bronchitis: dict[str, Any] = {
        "diagnosis": [{"text": "Bronchitis", "code": "J20.9"}, {"text": "Fever"}],
        "treatment_notes": "Rest",
    }
    amoxicillin = {"medicine": "Amoxicillin", "dose": "500 mg", "frequency": "three times a day"}
    visit(runtime, hospital, doctor, "2026-02-28T23:30", **bronchitis)
    visit(runtime, hospital, doctor, "2026-02-01T00:00", diagnosis=[{"text": "Cold"}], prescriptions=[amoxicillin])
    visit(runtime, hospital, doctor, "2026-02-03T09:00", diagnosis=[{"text": "Nothing"}], treatment_notes=" ")
    visit(runtime, hospital, doctor, "2026-02-03T10:00", Status.NO_SHOW)
    visit(runtime, hospital, doctor, "2026-02-03T11:00", Status.CANCELLED)
    for neighbour in ("2026-01-31T23:30", "2026-03-01T00:00"):
        visit(runtime, hospital, doctor, neighbour, **bronchitis)
    assert report(runtime, hospital).items == 1
    admin = admin_of(runtime, hospital)
    found = runtime.read(reports.one, admin, written(runtime, doctor).id)
    assert (found.row.month, found.row.specialization) == (date(2026, 2, 1), "Cardiology")
    assert found.row.totals == ReportTotals(appointments=4, completed=3, no_shows=1, treatments=2)
    assert [(line.date.day, line.diagnosis, line.treatment) for line in found.lines] == [
        (1, "Cold", "Amoxicillin 500 mg, three times a day"),
        (3, "Nothing", ""),
        (28, "Bronchitis (J20.9); Fever", "Rest"),
    ]
    assert found.lines[2] == ReportLine(
        date(2026, 2, 28),
        datetime(2026, 2, 28, 23, 30).time(),  # noqa: DTZ001 -- a wall time
        "Asha Menon",
        "Bronchitis (J20.9); Fever",
        "Rest",
    )


def test_is_told_once_and_stays_as_told(
    runtime: Runtime, hospital: Hospital, doctor: Doctor, clock: FixedClock
) -> None:
    visit(runtime, hospital, doctor, "2026-02-03T09:00")
    assert [report(runtime, hospital).items for _ in range(2)] == [1, 0]
    visit(runtime, hospital, doctor, "2026-02-04T09:00")
    clock.advance(timedelta(days=20))
    assert report(runtime, hospital).items == 0
    assert written(runtime, doctor).appointments == 1
    told = [row for row in rows(runtime, Notification) if row.type == "MONTHLY_REPORT"]
    assert [(row.user_id, row.title) for row in told] == [(doctor.user_id, "Monthly Report: February 2026")]


def test_leaves_out_who_saw_nobody_or_has_left_and_other_hospitals(
    runtime: Runtime, hospital: Hospital, doctor: Doctor
) -> None:
    make_doctor(runtime, hospital)
    gone, elsewhere = make_doctor(runtime, hospital), make_hospital(runtime, "HMS002")
    with runtime.database.writing() as session:
        session.execute(update(User).where(User.id == gone.user_id).values(is_active=False))
    other = make_doctor(runtime, elsewhere)
    for house, whose in ((hospital, doctor), (hospital, gone), (elsewhere, other)):
        visit(runtime, house, whose, "2026-02-03T09:00")
    assert report(runtime, hospital).items == 1
    assert [row.doctor_id for row in rows(runtime, MonthlyReport)] == [doctor.id]


def test_is_due_on_the_first_at_nine_and_for_whoever_was_away(
    runtime: Runtime, hospital: Hospital, clock: FixedClock
) -> None:
    def due() -> bool:
        return any(tick.job is JobName.MONTHLY_REPORT for tick in due_jobs(runtime))

    assert due()
    clock.advance(-timedelta(seconds=1))
    assert not due()
    clock.advance(timedelta(days=26))
    assert due()
    assert hospital.timezone == "Asia/Kolkata"


def test_the_mail_has_the_table_unless_diagnoses_must_not_be_mailed(
    runtime: Runtime, hospital: Hospital, doctor: Doctor
) -> None:
    visit(runtime, hospital, doctor, "2026-02-03T09:00", diagnosis=[{"text": "<b>Cold</b>"}])
    report(runtime, hospital)
    [mail] = Mailbox(runtime).fetch()
    assert "&lt;b&gt;Cold&lt;/b&gt;" in mail.html
    assert "Diagnosis: <b>Cold</b>" in mail.text
    assert f"/reports/{written(runtime, doctor).id}" in mail.text


def test_the_mail_leads_to_the_report_where_diagnoses_must_not_be_mailed(runtime: Runtime) -> None:
    hospital = make_hospital(runtime, mail_clinical_content=False)
    doctor = make_doctor(runtime, hospital)
    visit(runtime, hospital, doctor, "2026-02-03T09:00", diagnosis=[{"text": "Cold"}])
    report(runtime, hospital)
    [mail] = Mailbox(runtime).fetch()
    assert "Cold" not in mail.html + mail.text
    assert f"/reports/{written(runtime, doctor).id}" in mail.text


def test_only_admins_and_the_doctor_read_it(runtime: Runtime, hospital: Hospital, doctor: Doctor) -> None:
    visit(runtime, hospital, doctor, "2026-02-03T09:00")
    report(runtime, hospital)
    report_id = written(runtime, doctor).id

    def answer(actor: Actor) -> Code | UUID:
        try:
            return runtime.read(reports.one, actor, report_id).row.id
        except DomainError as error:
            return error.code

    elsewhere = make_hospital(runtime, "HMS002")
    nurse, colleague = make_user(runtime, hospital, Role.NURSE), make_doctor(runtime, hospital)
    assert answer(actor_of(doctor)) == answer(admin_of(runtime, hospital)) == report_id
    assert answer(actor_of(nurse)) is Code.FORBIDDEN
    assert answer(actor_of(colleague)) is answer(admin_of(runtime, elsewhere)) is Code.NOT_FOUND
    assert runtime.read(reports.listing, actor_of(colleague)) == []


def test_two_runs_at_once_write_one_report(runtime: Runtime, hospital: Hospital, doctor: Doctor) -> None:
    visit(runtime, hospital, doctor, "2026-02-03T09:00")
    with houses_on(runtime, 4) as houses:
        at_once([partial(report, house, hospital) for house in houses])
    assert written(runtime, doctor).appointments == 1


def test_statements_don_t_grow_with_doctors(runtime: Runtime, hospital: Hospital) -> None:
    def statements(doctors: int) -> int:
        for _ in range(doctors):
            visit(runtime, hospital, make_doctor(runtime, hospital), "2026-02-03T09:00")
        with counted_statements(runtime) as seen:
            assert report(runtime, hospital).items == doctors
        return len(seen)

    few, many = statements(1), statements(3)
    assert few == many


def test_one_that_cannot_be_written_stops_nobody_else_s(runtime: Runtime, hospital: Hospital) -> None:
    bad, good = (make_doctor(runtime, hospital) for _ in range(2))
    visit(runtime, hospital, bad, "2026-02-03T09:00", diagnosis=["no object"])
    visit(runtime, hospital, good, "2026-02-03T09:00")
    outcome = report(runtime, hospital)
    assert not outcome.is_well
    assert f"doctor {bad.id}" in (outcome.error or "")
    assert [row.doctor_id for row in rows(runtime, MonthlyReport)] == [good.id]
