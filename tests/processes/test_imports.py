"""A file of old books comes in whole: history in its final state, the future by all checks, bad rows by line."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.job_runs import JobName, RunSource
from hms.domain.no_shows import ReviewReason
from hms.domain.people import PatientStatus
from hms.models import (
    Appointment,
    AppointmentEvent,
    AppointmentReview,
    AuditEntry,
    Doctor,
    DoctorSchedule,
    Hospital,
    NoShowLog,
    NoShowPenalty,
    Notification,
    OutgoingMessage,
    Patient,
    User,
)
from hms.models.bulk import AT_ONCE
from hms.processes.imports import ImportOptions, ImportReport, import_file
from hms.processes.jobs import run_job
from hms.runtime import Runtime
from tests.support.factories import make_doctor, make_hospital, make_patient

COLUMNS = ("appointment_ref", "patient_ref", "first_name", "last_name", "doctor_email", "date", "start_time")
EXTRA = ("outcome", "minutes", "booked_at", "email")
DOCTOR = "rao@clinic.example"
Cells = dict[str, str]


def visit(number: int, *, patient: str = "P1", day: str = "2026-01-20", start: str = "09:00", **cells: str) -> Cells:
    return {
        "appointment_ref": f"A{number}",
        "patient_ref": patient,
        "first_name": "Asha",
        "last_name": f"Menon {patient}",
        "doctor_email": DOCTOR,
        "date": day,
        "start_time": start,
        "email": f"{patient.lower()}@example.org",
    } | cells


class Clinic:
    """A hospital in Kolkata at 08:55 of 22 January 2026, with a doctor from 09:00 to 17:00 in slots of 30 minutes."""

    def __init__(self, runtime: Runtime, folder: Path) -> None:
        self.runtime = runtime
        self.hospital: Hospital = make_hospital(runtime)
        self.actor = Actor.system(self.hospital.id)
        self.doctor = make_doctor(runtime, self.hospital)
        with runtime.database.writing() as session:
            session.get_one(User, self.doctor.user_id).email = DOCTOR
        self._file = folder / "old-books.csv"

    def load(self, rows: Sequence[Cells], **options: bool) -> ImportReport:
        with self._file.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, (*COLUMNS, *EXTRA), restval="")
            writer.writeheader()
            writer.writerows(rows)
        return import_file(self.runtime, self.actor, self._file, ImportOptions(**options))

    def load_text(self, text: str | bytes) -> ImportReport:
        self._file.write_bytes(text.encode() if isinstance(text, str) else text)
        return import_file(self.runtime, self.actor, self._file, ImportOptions())

    def all(self, *columns: Any) -> list[Any]:
        with self.runtime.reading() as session:
            rows = session.execute(select(*columns)).all()
        return [row[0] for row in rows] if len(columns) == 1 else [tuple(row) for row in rows]


@pytest.fixture
def clinic(runtime: Runtime, tmp_path: Path) -> Clinic:
    return Clinic(runtime, tmp_path)


def told(report: ImportReport) -> list[tuple[int, str]]:
    return [(refused.line, refused.reason) for refused in report.bad]


def test_history_enters_its_final_state(clinic: Clinic) -> None:
    report = clinic.load(
        [
            visit(1, outcome="attended", booked_at="2026-01-02T10:00"),
            visit(2, patient="P2", start="09:30", outcome="no_show", minutes="15"),
            visit(3, patient="P3", start="10:00", outcome="cancelled"),
            visit(4, patient="P4", start="10:30"),
        ]
    )
    assert (report.lines, report.past, report.reviews, len(report.patients), report.bad) == (4, 4, 1, 4, [])
    rows = clinic.all(Appointment.external_ref, Appointment.status, Appointment.imported, Appointment.holds_slot)
    assert sorted(rows) == [
        ("A1", Status.COMPLETED, True, True),
        ("A2", Status.NO_SHOW, True, True),
        ("A3", Status.CANCELLED, True, False),
        ("A4", Status.SCHEDULED, True, True),
    ]
    assert Counter(clinic.all(AppointmentEvent.is_import, AppointmentEvent.from_status)) == {(True, None): 4}
    assert clinic.all(AppointmentReview.reason) == [ReviewReason.IMPORTED_OPEN]
    lengths = dict(clinic.all(Appointment.external_ref, Appointment.duration_minutes))
    assert lengths == {"A1": 30, "A2": 15, "A3": 30, "A4": 30}
    assert (datetime(2026, 1, 2, 4, 30, tzinfo=UTC)) in clinic.all(Appointment.booked_at)


def test_nobody_is_told_and_nobody_blocked(clinic: Clinic) -> None:
    report = clinic.load([visit(n, day=f"2026-01-{n:02}", outcome="no_show") for n in range(5, 10)])
    assert (report.past, report.penalties, report.blocked) == (5, 0, 0)
    assert clinic.all(Notification.id) == clinic.all(OutgoingMessage.id) == clinic.all(NoShowPenalty.id) == []
    assert clinic.all(Patient.no_show_count, Patient.status) == [(0, PatientStatus.ACTIVE)]
    assert clinic.all(NoShowLog.notification_sent, NoShowLog.notes) == [(False, "Imported")] * 5


def test_history_counts_when_asked(clinic: Clinic) -> None:
    rows = [visit(n, day=f"2026-01-{n:02}", outcome="no_show") for n in range(5, 9)]
    report = clinic.load([*rows, visit(20, patient="P2", outcome="no_show")], count_history=True)
    assert (report.penalties, report.blocked) == (5, 1)
    standing = clinic.all(Patient.external_ref, Patient.no_show_count, Patient.status, Patient.blocked_by_count)
    assert sorted(standing) == [("P1", 4, PatientStatus.BLOCKED, True), ("P2", 1, PatientStatus.ACTIVE, False)]
    assert clinic.all(OutgoingMessage.id) == []
    assert "patient.blocked" in clinic.all(AuditEntry.action)


def test_importing_again_changes_nothing(clinic: Clinic) -> None:
    rows = [
        visit(1, outcome="attended"),
        visit(2, day="2026-01-26"),
        {"patient_ref": "P9", "first_name": "Only", "last_name": "Patient"},
    ]
    first = clinic.load(rows)
    before = snapshot(clinic)
    again = clinic.load([row | {"first_name": "Changed"} for row in rows])
    assert (first.past, first.booked, len(first.patients)) == (1, 1, 2)
    assert (again.known, again.past, again.booked, again.patients, again.bad) == (2, 0, 0, set(), [])
    assert snapshot(clinic) == before


def snapshot(clinic: Clinic) -> list[list[Any]]:
    models = (Patient, Appointment, AppointmentEvent, AppointmentReview, NoShowLog, AuditEntry, OutgoingMessage)
    with clinic.runtime.reading() as session:
        return [sorted(map(repr, session.execute(select(model.__table__)))) for model in models]


def test_future_visits_pass_all_checks(clinic: Clinic) -> None:
    report = clinic.load(
        [
            visit(1, day="2026-01-26", booked_at="2026-01-10T10:00"),
            visit(2, patient="P2", day="2026-01-26"),
            visit(3, patient="P3", day="2026-01-26", start="09:10"),
            visit(4, patient="P4", day="2026-01-26", start="13:30"),
            visit(5, patient="P1", day="2026-01-26", start="09:00"),
            visit(6, patient="P6", day="2026-06-26"),
            visit(7, patient="P7", day="2026-01-26", start="10:00", minutes="20"),
            visit(8, patient="P8", day="2026-01-26", start="10:30"),
        ]
    )
    assert report.booked == 2
    assert [line for line, _ in told(report)] == [3, 4, 5, 6, 7, 8]
    assert dict(told(report))[8] == "minutes: this doctor's slots last 30 minutes, not 20"
    rows = clinic.all(Appointment.external_ref, Appointment.status, Appointment.imported, Appointment.booked_at)
    assert sorted(rows) == [
        ("A1", Status.SCHEDULED, False, datetime(2026, 1, 10, 4, 30, tzinfo=UTC)),
        ("A8", Status.SCHEDULED, False, datetime(2026, 1, 22, 3, 25, tzinfo=UTC)),
    ]
    assert None not in clinic.all(Appointment.slot_id)
    assert clinic.all(OutgoingMessage.id) == []


def test_blocked_patient_is_not_booked(clinic: Clinic) -> None:
    make_patient(clinic.runtime, clinic.hospital, external_ref="P1", status=PatientStatus.BLOCKED)
    report = clinic.load([visit(1, day="2026-01-26"), visit(2, outcome="attended")])
    assert (report.booked, report.past, report.patients) == (0, 1, set())
    [(line, reason)] = told(report)
    assert line == 2
    assert "blocked" in reason


def test_bad_rows_are_told_by_line_and_stop_nothing(clinic: Clinic) -> None:
    header = ",".join((*COLUMNS, "outcome"))
    report = clinic.load_text(
        f"{header}\n"
        f"A1,P1,Asha,Menon,{DOCTOR},2026-01-20,09:00,attended\n"
        f'A2,P2,"Two\nlines",Menon,{DOCTOR},2026-01-20,09:30,attended\n'
        f"A3,P3,Asha,Menon,{DOCTOR},2026-01-20\n"
        f"A1,P4,Asha,Menon,{DOCTOR},2026-01-20,10:00,attended\n"
        f"A5,P5,Asha,,{DOCTOR},2026-13-20,10:30,attended\n"
        f"A6,P6,Asha,Menon,nobody@clinic.example,2026-01-20,11:00,attended\n"
        f"\n"
        f"A7,P7,Asha,Menon,{DOCTOR},2026-01-20,11:30,attended\n"
    )
    assert told(report) == [
        (3, "first_name: has characters that cannot be read; is the file UTF-8?"),
        (5, "line: has 6 columns, the header has 8"),
        (6, "appointment_ref: A1 was on line 2 already"),
        (7, "last_name: is missing; date: '2026-13-20' is not a date such as 2026-01-22"),
        (
            8,
            "doctor_email: there is no doctor nobody@clinic.example; create them first, or let the import do it",
        ),
    ]
    assert (report.past, sorted(clinic.all(Patient.external_ref))) == (2, ["P1", "P7"])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_encodings_are_read_or_told(clinic: Clinic, encoding: str) -> None:
    text = "patient_ref;first_name;last_name\nP1;Käthe;Weiß\nP2;Asha;Menon\n"
    report = clinic.load_text(text.encode(encoding))
    names = sorted(clinic.all(Patient.last_name))
    assert (names, len(report.bad)) == ((["Menon", "Weiß"], 0) if encoding == "utf-8-sig" else (["Menon"], 1))


@pytest.mark.parametrize(
    ("header", "lacks"),
    [
        ("", "patient_ref, first_name, last_name"),
        ("patient_ref,first_name", "last_name"),
        ("patient_ref,first_name,last_name,date", "appointment_ref, doctor_email, start_time"),
    ],
)
def test_file_without_the_needed_columns_is_refused(clinic: Clinic, header: str, lacks: str) -> None:
    with pytest.raises(DomainError) as refused:
        clinic.load_text(f"{header}\n")
    assert refused.value.code is Code.VALIDATION
    assert lacks in refused.value.message


def test_unknown_columns_are_left_alone_and_told(clinic: Clinic) -> None:
    report = clinic.load_text("patient_ref,first_name,last_name,shoe_size\nP1,Asha,Menon,38\n")
    assert (report.unknown_columns, len(report.patients), report.bad) == (("shoe_size",), 1, [])


def test_dry_run_tells_the_same_and_keeps_nothing(clinic: Clinic) -> None:
    rows = [
        visit(1, outcome="no_show"),
        visit(2, day="2026-01-26"),
        visit(3, patient="P3", day="2026-01-26"),
        visit(4, patient="P4", doctor_email="new@clinic.example", outcome="attended"),
    ]
    before = snapshot(clinic)
    rehearsed = clinic.load(rows, dry_run=True, create_doctors=True, count_history=True)
    assert snapshot(clinic) == before
    assert rehearsed == clinic.load(rows, create_doctors=True, count_history=True)
    assert (rehearsed.past, rehearsed.booked, rehearsed.penalties, len(rehearsed.bad)) == (2, 1, 1, 1)


def test_doctors_are_created_with_what_their_rows_tell(clinic: Clinic) -> None:
    new = {"doctor_email": "New@clinic.example", "minutes": "20"}
    rows = [
        visit(1, start="10:00", outcome="attended", **new),
        visit(2, patient="P2", start="15:40", outcome="attended", **new),
        visit(3, patient="P3", day="2026-01-27", start="10:40", **new),
    ]
    report = clinic.load(rows, create_doctors=True)
    assert (report.doctors, report.past, report.booked, report.bad) == ({"new@clinic.example"}, 2, 1, [])
    columns = (DoctorSchedule.day_of_week, DoctorSchedule.start_time, DoctorSchedule.end_time)
    with clinic.runtime.reading() as session:
        doctor = session.scalars(
            select(Doctor).join(User, User.id == Doctor.user_id).where(User.email == "new@clinic.example")
        ).one()
        week = session.execute(select(*columns).where(DoctorSchedule.doctor_id == doctor.id)).all()
    assert doctor.slot_duration == 20
    assert [tuple(row) for row in week] == [("TUESDAY", time(10), time(16))]


def test_login_of_somebody_else_is_no_doctor(clinic: Clinic) -> None:
    with clinic.runtime.database.writing() as session:
        session.add(
            User(
                hospital_id=clinic.hospital.id,
                email="desk@clinic.example",
                password_hash="!",
                role="RECEPTIONIST",
                first_name="D",
                last_name="D",
                created_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )
    rows = [visit(1, outcome="attended"), visit(2, doctor_email="desk@clinic.example", outcome="attended")]
    report = clinic.load(rows, create_doctors=True)
    assert (report.past, told(report)) == (
        1,
        [(3, "doctor_email: desk@clinic.example is the login of somebody who is no doctor")],
    )


def test_row_that_the_schema_refuses_stands_alone(clinic: Clinic) -> None:
    rows = [visit(n, patient=f"P{n}", day=f"2025-11-{n % 28 + 1:02}", outcome="attended") for n in range(60)]
    rows += [visit(100, patient="X1", day="2025-12-01"), visit(101, patient="X2", day="2025-12-01", start="09:15")]
    report = clinic.load(rows)
    assert report.past == 61
    assert [line for line, _ in told(report)] == [63]
    assert len(report.patients) == 61


def test_open_past_visits_wait_for_a_human(clinic: Clinic, clock: FixedClock) -> None:
    clinic.load([visit(1), visit(2, patient="P2", day="2026-01-21")])
    clock.advance(timedelta(hours=1))
    outcome = run_job(clinic.runtime, clinic.hospital.id, JobName.NO_SHOW_CHECK, RunSource.MANUAL)
    assert (outcome.items, set(clinic.all(Appointment.status))) == (0, {Status.SCHEDULED})


def test_two_hospitals_keep_their_own_references(clinic: Clinic, tmp_path: Path) -> None:
    clinic.load([visit(1, outcome="attended")])
    other = make_hospital(clinic.runtime, "OTHER")
    file = tmp_path / "old-books.csv"
    report = import_file(clinic.runtime, Actor.system(other.id), file, ImportOptions(create_doctors=True))
    assert (report.past, report.known, len(report.patients)) == (1, 0, 1)


def test_statements_do_not_grow_with_the_rows(clinic: Clinic) -> None:
    def count(rows: Sequence[Cells]) -> int:
        statements: list[str] = []

        def note(_c: object, _u: object, statement: str, *_rest: object) -> None:
            statements.append(statement)

        event.listen(clinic.runtime.database.writer, "before_cursor_execute", note)
        clinic.load(rows)
        event.remove(clinic.runtime.database.writer, "before_cursor_execute", note)
        return len(statements)

    few = count([visit(n, patient=f"P{n}", outcome="attended") for n in range(3)])
    many = count([visit(n, patient=f"P{n}", outcome="attended") for n in range(10, 10 + AT_ONCE - 1)])
    assert many <= few
    with clinic.runtime.reading() as session:
        assert session.scalar(select(func.count()).select_from(Appointment)) == 3 + AT_ONCE - 1
