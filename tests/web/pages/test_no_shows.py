"""Marks, penalties and a patient's record: what admins see and do, with notes; what patients see of their own."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from pyarrow import parquet

from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import PatientStatus, Role
from hms.models import Appointment, NoShowLog, NoShowPenalty, Patient
from hms.processes.jobs import run_job
from tests.support.callers import counted_statements
from tests.support.clinic import Clinic, Visitor
from tests.support.factories import make_hospital, make_user
from tests.support.visits import reload, rows


@pytest.fixture
def mark(clinic: Clinic, clock: FixedClock) -> NoShowLog:
    """Give the mark of Divya, who did not come."""
    clock.advance(timedelta(minutes=55))
    assert run_job(clinic.runtime, clinic.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON).is_well
    [log] = rows(clinic.runtime, NoShowLog, NoShowLog.appointment_id == clinic.visits["Divya"])
    assert isinstance(log, NoShowLog)
    return log


@pytest.fixture
def admin(clinic: Clinic) -> Visitor:
    return clinic.client(clinic.admin)


def count_of(clinic: Clinic) -> int:
    return int(reload(clinic.runtime, Patient, clinic.patients["Divya"].id).no_show_count)


def test_lists_who_was_marked_and_why_by_filter(clinic: Clinic, mark: NoShowLog, admin: Visitor) -> None:
    listed = admin.get("/no-shows").text
    assert f"/no-shows/{mark.id}" in listed
    assert "Did not come" in listed
    assert f"/no-shows/{mark.id}" in admin.get("/no-shows?from=2026-01-22&to=2026-01-22&reason=AUTO_TIMEOUT").text
    for nothing in ("from=2026-01-23", "to=2026-01-21", "reason=PATIENT_CALLED", f"doctor={clinic.doctors[1].id}"):
        assert f"/no-shows/{mark.id}" not in admin.get(f"/no-shows?{nothing}").text
    assert f"/no-shows/{mark.id}" in admin.get("/no-shows?from=nonsense&doctor=nobody").text
    assert f"/no-shows/{mark.id}" in admin.get("/no-shows/penalties?counting=yes").text
    assert f"/no-shows/{mark.id}" not in admin.get("/no-shows/penalties?counting=no").text


@pytest.mark.parametrize(
    ("verb", "opposite", "words"), [("waive", "reinstate", "Waived"), ("justify", "unjustify", "Justified")]
)
def test_forgives_with_a_note_and_takes_it_back(
    clinic: Clinic, mark: NoShowLog, admin: Visitor, verb: str, opposite: str, words: str
) -> None:
    assert count_of(clinic) == 1
    done = admin.post(f"/no-shows/{mark.id}/{verb}", {"note": "The bus broke down"})
    assert done.status_code == 200
    assert f"<span>{words}</span>" in done.text.partition("What was done")[2]
    assert "The bus broke down" in done.text
    assert words in done.text
    assert f"/no-shows/{mark.id}/{opposite}" in done.text
    assert count_of(clinic) == 0
    assert admin.post(f"/no-shows/{mark.id}/{opposite}", {"note": "No, it did not"}).status_code == 200
    assert count_of(clinic) == 1


def test_without_a_note_nothing_happens_and_what_was_typed_stays(
    clinic: Clinic, mark: NoShowLog, admin: Visitor
) -> None:
    refused = admin.post(f"/no-shows/{mark.id}/waive", {"note": " "})
    assert refused.status_code == 422
    assert "must say why" in refused.text
    long = admin.post(f"/no-shows/{mark.id}/waive", {"note": "x" * 401})
    assert "x" * 401 in long.text
    assert count_of(clinic) == 1


def test_corrects_a_mark(clinic: Clinic, mark: NoShowLog, admin: Visitor) -> None:
    done = admin.post(f"/no-shows/{mark.id}/attended", {"note": "Was with the nurse"})
    assert "taken back" in done.text
    assert reload(clinic.runtime, Appointment, mark.appointment_id).status is Status.COMPLETED
    assert count_of(clinic) == 0
    again = admin.post(f"/no-shows/{mark.id}/undo", {"note": "Once more"})
    assert again.status_code == 422


def test_a_mark_whose_time_is_over_cannot_be_undone(clinic: Clinic, mark: NoShowLog, admin: Visitor) -> None:
    refused = admin.post(f"/no-shows/{mark.id}/undo", {"note": "A mistake"})
    assert refused.status_code == 422
    assert reload(clinic.runtime, Appointment, mark.appointment_id).status is Status.NO_SHOW


def test_the_list_is_a_file_for_spreadsheets_too(clinic: Clinic, mark: NoShowLog, admin: Visitor) -> None:
    sent = admin.get("/no-shows.csv?reason=AUTO_TIMEOUT")
    assert sent.mimetype == "text/csv"
    assert "no-shows-2026-01-22.csv" in sent.headers["Content-Disposition"]
    assert len(sent.text.splitlines()) == 1 + len(rows(clinic.runtime, NoShowLog))
    assert "Divya Rao" in sent.text
    assert len(admin.get("/no-shows.csv?from=2026-01-23").text.splitlines()) == 1
    assert clinic.client(clinic.reception).get("/no-shows.csv").status_code == 403
    assert mark.reason.value in sent.text


def test_the_files_hold_what_the_list_shows(clinic: Clinic, mark: NoShowLog, admin: Visitor) -> None:
    patient = clinic.patients["Divya"]
    shown = admin.get(f"/no-shows?patient={patient.id}&reason=AUTO_TIMEOUT").text
    assert "Only marks of" in shown
    given = re.findall(r'href="(/no-shows[.](?:csv|parquet)[?][^"]*)"', shown)
    assert [address.partition("?")[0] for address in given] == ["/no-shows.csv", "/no-shows.parquet"]
    assert all(f"patient={patient.id}" in address and "reason=AUTO_TIMEOUT" in address for address in given)
    marks = rows(clinic.runtime, NoShowLog, NoShowLog.patient_id == patient.id)
    assert len(admin.get(given[0].replace("&amp;", "&")).text.splitlines()) == 1 + len(marks)
    sent = admin.get(given[1].replace("&amp;", "&"))
    assert sent.mimetype == "application/vnd.apache.parquet"
    assert parquet.ParquetFile(io.BytesIO(sent.data)).read(["mrn"]).to_pylist() == [{"mrn": patient.mrn}] * len(marks)
    assert clinic.client(clinic.reception).get("/no-shows.parquet").status_code == 403
    assert mark.hospital_id == clinic.hospital.id


def test_blocks_and_unblocks_from_the_record(clinic: Clinic, mark: NoShowLog, admin: Visitor) -> None:
    divya = clinic.patients["Divya"]
    page = admin.get(f"/patients/{divya.id}/no-shows").text
    assert f"/no-shows/{mark.id}" in page
    assert "Counts" in page
    assert admin.post(f"/patients/{divya.id}/block", {"note": ""}).status_code == 422
    assert "may not book" in admin.post(f"/patients/{divya.id}/block", {"note": "Rude on the phone"}).text
    assert reload(clinic.runtime, Patient, divya.id).status is PatientStatus.BLOCKED
    assert "may book again" in admin.post(f"/patients/{divya.id}/unblock", {"note": "Said sorry"}).text
    assert reload(clinic.runtime, Patient, divya.id).status is PatientStatus.ACTIVE


def test_patients_read_their_own_record_without_staffs_notes(clinic: Clinic, mark: NoShowLog) -> None:
    with clinic.runtime.database.writing() as session:
        session.get_one(NoShowLog, mark.id).notes = "Between us"
    own = clinic.client(clinic.patients["Divya"])
    page = own.get("/my/no-shows").text
    assert "1 missed visit counts" in page
    assert "Between us" not in page
    assert f"/no-shows/{mark.id}" not in page
    assert own.get(f"/patients/{clinic.patients['Asha'].id}/no-shows").status_code == 403


def test_only_admins_of_the_hospital_decide(clinic: Clinic, mark: NoShowLog) -> None:
    stranger = clinic.client(make_user(clinic.runtime, make_hospital(clinic.runtime, "HMS002"), Role.HOSPITAL_ADMIN))
    assert stranger.get(f"/no-shows/{mark.id}").status_code == 404
    assert stranger.post(f"/no-shows/{mark.id}/waive", {"note": "Kind"}).status_code == 404
    for role in (Role.RECEPTIONIST, Role.NURSE, Role.DOCTOR, Role.PATIENT):
        other = clinic.client(make_user(clinic.runtime, clinic.hospital, role))
        for path in ("/no-shows", "/no-shows/penalties", f"/no-shows/{mark.id}"):
            assert other.get(path).status_code == 403, (role, path)
        assert other.post(f"/no-shows/{mark.id}/waive", {"note": "Kind"}).status_code == 403
    assert rows(clinic.runtime, NoShowPenalty)[0].waived_at is None


def test_statements_are_fixed(clinic: Clinic, mark: NoShowLog, admin: Visitor) -> None:
    record = f"/patients/{clinic.patients['Divya'].id}/no-shows"
    for path, most in (("/no-shows", 4), ("/no-shows/penalties", 4), (f"/no-shows/{mark.id}", 5), (record, 6)):
        with counted_statements(clinic.runtime) as statements:
            assert admin.get(path).status_code == 200
        assert len(statements) <= most, (path, statements)
