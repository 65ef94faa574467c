"""Reception's desk: finding and registering a patient; their card: book, walk in, move, override a block."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from hms.domain.appointments import Status
from hms.domain.people import PatientStatus, Role
from hms.models import Appointment, AuditEntry, Patient
from tests.support.callers import counted_statements
from tests.support.clinic import HOSTILE, TODAY, Clinic
from tests.support.factories import make_hospital, make_patient, make_user

HTMX = {"HX-Request": "true"}
BIRTH = "1984-02-29"


def names(html: str) -> list[str]:
    return re.findall(r"data-person>\s*<span><strong>([^<]+)</strong>", html)


def card(clinic: Clinic, name: str = "Hiro") -> str:
    return f"/patients/{clinic.patients[name].id}"


def sheet(clinic: Clinic, start: str = "15:30") -> str:
    return f"/calendar/{clinic.doctors[1].id}/{TODAY}/{start}/book"


def visits(clinic: Clinic, patient_id: UUID) -> list[Appointment]:
    with clinic.runtime.reading() as session:
        return session.query(Appointment).filter_by(patient_id=patient_id).order_by(Appointment.booked_at).all()


def register(clinic: Clinic, **form: str) -> Any:
    typed = {"first_name": "Ana", "last_name": "Silva", "born": BIRTH, "sex": "FEMALE", **form}
    return clinic.client(clinic.reception).post("/patients/new", typed)


def test_finds_by_name_and_birth_date(clinic: Clinic) -> None:
    with clinic.runtime.database.writing() as session:
        row = session.get(Patient, clinic.patients["Grace"].id)
        assert row is not None
        row.date_of_birth = TODAY.replace(year=1984, month=2, day=29)
    desk = clinic.client(clinic.reception)
    for q, shown in (
        ("muller", ["Björn Müller"]),
        ("rao", ["Divya Rao", "Grace Rao"]),
        ("rao 29/2/1984", ["Grace Rao"]),
        (BIRTH, ["Grace Rao"]),
        ("rao 31/2/1984", []),
        ("r", []),
        ("zzz", []),
    ):
        part = desk.get("/patients", query_string={"q": q}, headers=HTMX).text
        assert names(part) == shown, q
        assert "<html" not in part
        assert ("Nobody matches" in part) is (len(q) > 1 and not shown), q
    assert HOSTILE not in desk.get("/patients?q=emeka").text


def test_finds_by_record_number_and_phone_within_the_hospital(clinic: Clinic) -> None:
    desk, patient = clinic.client(clinic.reception), clinic.patients["Hiro"]
    make_patient(clinic.runtime, make_hospital(clinic.runtime, code="HMS002"), first_name="Hiro", last_name="Tanaka")
    assert patient.phone is not None
    for q in (patient.mrn, patient.phone, "hiro tanaka"):
        assert names(desk.get("/patients", query_string={"q": q}).text) == ["Hiro Tanaka"], q


def test_registers_and_shows_the_card(clinic: Clinic) -> None:
    assert 'value="Silva"' in clinic.client(clinic.reception).get("/patients/new?q=Ana Silva").text
    answer = register(clinic, phone="+91 22 5550 1234", email="ana@example.org")
    assert answer.status_code == 303
    html = clinic.client(clinic.reception).get(answer.headers["Location"]).text
    for words in ("Ana Silva", "29 Feb 1984", "The patient is registered", "Nothing is booked"):
        assert words in html, words


def test_registration_says_everything_that_is_wrong_at_once(clinic: Clinic) -> None:
    answer = register(clinic, last_name="", born="2999-01-01", phone="12", email="ana@")
    assert answer.status_code == 422
    for words in ("Type the last name", "Type the whole number", "An address looks like", 'value="Ana"'):
        assert words in answer.text, words
    assert "date of birth" in register(clinic, born="2999-01-01").text


def test_registration_shows_who_is_alike_before_another_is_made(clinic: Clinic) -> None:
    first = register(clinic).headers["Location"]
    again = register(clinic, first_name="ANA")
    assert again.status_code == 409
    assert "registered already" in again.text
    assert first.partition("?")[0] in again.text
    assert 'value="ANA"' in again.text
    assert register(clinic, first_name="ANA", anyway="yes").status_code == 303


def test_card_offers_the_soonest_times_and_a_doctor_own(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    html = desk.get(card(clinic)).text
    assert "Today, 10:30" in html or "Today, 11:00" in html
    assert f"patient={clinic.patients['Hiro'].id}" in html
    doctor = clinic.doctors[1].id
    times = desk.get(f"{card(clinic)}?doctor={doctor}&day={TODAY}", headers=HTMX).text
    assert f"{TODAY}/15:30/book" in times
    assert "<html" not in times
    with clinic.runtime.database.writing() as session:
        session.merge(clinic.doctors[1]).max_patients_per_day = 3
    full = desk.get(f"{card(clinic)}?doctor={doctor}&day={TODAY}").text
    assert "Nothing free on Thursday 22 January. The next:" in full
    assert "Friday 23 January" in full
    assert "no free time left today" in desk.get(f"{card(clinic)}?doctor={doctor}&walk_in=1").text


def test_books_for_the_patient_of_the_card(clinic: Clinic) -> None:
    desk, patient = clinic.client(clinic.reception), make_patient(clinic.runtime, clinic.hospital)
    form = desk.get(f"{sheet(clinic)}?patient={patient.id}", headers=HTMX).text
    assert f"{patient.first_name} {patient.last_name}" in form
    assert 'id="who"' not in form
    answer = desk.post(sheet(clinic), {"known": patient.id, "reason": "Rash"}, headers=HTMX)
    assert "Booked for Thursday 22 January at 15:30" in desk.get(answer.headers["HX-Redirect"]).text
    (visit,) = visits(clinic, patient.id)
    assert (visit.status, visit.reason) == (Status.SCHEDULED, "Rash")
    taken = desk.post(sheet(clinic), {"known": clinic.patients["Grace"].id}, headers=HTMX)
    assert taken.status_code == 422
    assert taken.headers["HX-Retarget"] == "#sheet"


def test_walk_in_is_booked_and_checked_in_at_once(clinic: Clinic) -> None:
    desk, patient = clinic.client(clinic.reception), make_patient(clinic.runtime, clinic.hospital)
    assert " checked>" in desk.get(f"{sheet(clinic)}?patient={patient.id}&walk_in=1").text
    answer = desk.post(sheet(clinic), {"known": patient.id, "walk_in": "1"})
    assert answer.status_code == 303
    assert "Checked in for 15:30" in desk.get(answer.headers["Location"]).text
    assert [visit.status for visit in visits(clinic, patient.id)] == [Status.CHECKED_IN]


def test_blocked_patient_is_booked_for_urgent_care_with_a_reason_only(clinic: Clinic) -> None:
    desk, patient = clinic.client(clinic.reception), make_patient(clinic.runtime, clinic.hospital)
    with clinic.runtime.database.writing() as session:
        session.merge(patient).status = PatientStatus.BLOCKED
    assert "Blocked from booking" in desk.get(f"/patients/{patient.id}").text
    assert "Why this is urgent" in desk.get(f"{sheet(clinic)}?patient={patient.id}").text
    silent = desk.post(sheet(clinic), {"known": patient.id, "walk_in": "1"}, headers=HTMX)
    assert silent.status_code == 422
    assert "Why this is urgent" in silent.text
    assert visits(clinic, patient.id) == []
    urgent = desk.post(sheet(clinic), {"known": patient.id, "walk_in": "1", "override": "Chest pain"})
    assert urgent.status_code == 303
    with clinic.runtime.reading() as session:
        entries = session.query(AuditEntry).all()
    assert any("Chest pain" in str(entry.details) for entry in entries)


def test_moves_a_visit_of_this_patient_only(clinic: Clinic) -> None:
    desk, visit = clinic.client(clinic.reception), clinic.visits["Hiro"]
    html = desk.get(f"{card(clinic)}?move={visit}").text
    assert "Move the visit of Thursday 22 January, 15:00" in html
    assert f"move={visit}" in html
    whose = {"known": clinic.patients["Hiro"].id, "move": visit, "version": 1}
    assert desk.post(sheet(clinic), {**whose, "known": clinic.patients["Grace"].id}).status_code in (404, 422)
    answer = desk.post(sheet(clinic), whose)
    assert "Moved to Thursday 22 January at 15:30" in desk.get(answer.headers["Location"]).text
    assert desk.post(sheet(clinic, "16:00"), whose).status_code == 422  # another version by now


def test_checks_in_at_the_card(clinic: Clinic) -> None:
    desk, visit = clinic.client(clinic.reception), clinic.visits["Grace"]
    answer = desk.post(f"{card(clinic, 'Grace')}/{visit}/check-in", {"version": 1})
    assert "Checked in for 11:30" in desk.get(answer.headers["Location"]).text
    stale = desk.post(f"{card(clinic, 'Grace')}/{visit}/check-in", {"version": 1})
    assert stale.status_code == 409


def test_who_may_what_and_how_much_is_asked(clinic: Clinic) -> None:
    nurse = clinic.client(make_user(clinic.runtime, clinic.hospital, Role.NURSE))
    html = nurse.get(card(clinic)).text
    assert "Check in" in html
    assert 'id="book"' not in html
    divya = clinic.client(clinic.patients["Divya"])
    for path in ("/patients", "/patients/new", card(clinic, "Divya")):
        assert divya.get(path).status_code == 403, path
    elsewhere = make_patient(clinic.runtime, make_hospital(clinic.runtime, code="HMS002"))
    desk = clinic.client(clinic.reception)
    assert desk.get(f"/patients/{elsewhere.id}").status_code == 404
    desk.get("/patients")
    for path, most in (("/patients?q=rao", 3), (card(clinic), 8), (f"{card(clinic)}?move={clinic.visits['Hiro']}", 9)):
        with counted_statements(clinic.runtime) as statements:
            assert desk.get(path).status_code == 200
        assert len(statements) <= most, (path, statements)
