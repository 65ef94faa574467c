"""The consultation's page: drafts that lose nothing, both messages at once, abandoning, colleagues, who sees what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from hms.domain.appointments import Status
from hms.domain.consultations import ConsultationStatus
from hms.models import Appointment, Consultation, ConsultationParticipant
from hms.services import consultations
from hms.services.consultations import Start
from tests.support.callers import counted_statements
from tests.support.clinic import HOSTILE, Clinic
from tests.support.factories import actor_of

JSON = {"Accept": "application/json"}
FULL: dict[str, Any] = {
    "complaint": "Chest pain",
    "diagnosis": ["Angina", "", "Anaemia"],
    "code": ["i20.9", "", ""],
    "medicine": ["Nitroglycerin", ""],
    "dose": ["0.4 mg", ""],
    "frequency": ["as needed", ""],
    "duration": ["", ""],
    "instructions": ["Under the tongue", ""],
    "notes": "Rest.\r\nCome back in a week.",
}


@pytest.fixture
def started(clinic: Clinic) -> UUID:
    """Give the consultation that the second doctor began with Fatima."""
    return clinic.runtime.transact(actor_of(clinic.doctors[1]), consultations.start, Start(clinic.visits["Fatima"]))


def row(clinic: Clinic, consultation_id: UUID) -> Consultation:
    with clinic.runtime.reading() as session:
        found = session.get(Consultation, consultation_id)
        assert found is not None
        return found


def draft(clinic: Clinic, consultation_id: UUID, version: int, **form: Any) -> Any:
    doctor = clinic.client(clinic.doctors[1])
    return doctor.post(f"/consultations/{consultation_id}/draft", {"version": version, **form}, headers=JSON)


def test_page_shows_what_is_known_beside_the_form(clinic: Clinic, started: UUID) -> None:
    doctor = clinic.client(clinic.doctors[1])
    doctor.get(f"/consultations/{started}")
    with counted_statements(clinic.runtime) as statements:
        html = doctor.get(f"/consultations/{started}").text
    assert len(statements) <= 14, statements
    for words in ("Fatima Khan", "Not recorded", "No earlier visits", "Chief complaint", "Ask a colleague"):
        assert words in html, words


def test_draft_is_recorded_with_every_line(clinic: Clinic, started: UUID) -> None:
    answer = draft(clinic, started, 1, **FULL)
    assert answer.status_code == 200
    assert answer.json == {"version": 2, "saved": "10:40", "errors": {}}
    kept = row(clinic, started)
    assert kept.status is ConsultationStatus.IN_PROGRESS
    assert kept.diagnosis == [{"text": "Angina", "code": "I20.9"}, {"text": "Anaemia"}]
    assert [line["medicine"] for line in kept.prescriptions] == ["Nitroglycerin"]
    assert kept.treatment_notes == "Rest.\nCome back in a week."
    assert "I20.9" in clinic.client(clinic.doctors[1]).get(f"/consultations/{started}").text


def test_unfinished_lines_are_named_and_the_rest_is_recorded(clinic: Clinic, started: UUID) -> None:
    form = {**FULL, "code": ["flu", "J11", ""], "medicine": ["", ""]}
    answer = draft(clinic, started, 1, **form)
    assert answer.json["errors"].keys() == {"diagnosis.0.code", "diagnosis.1.text", "prescriptions.0.medicine"}
    kept = row(clinic, started)
    assert kept.diagnosis == [{"text": "Angina"}, {"text": "Anaemia"}]
    assert kept.chief_complaint == "Chest pain"


def test_repeat_whose_first_answer_was_lost_is_no_conflict(clinic: Clinic, started: UUID) -> None:
    draft(clinic, started, 1, **FULL)
    again = draft(clinic, started, 1, **FULL)
    assert (again.status_code, again.json["version"]) == (200, 2)
    other = draft(clinic, started, 1, **{**FULL, "notes": "Something else"})
    assert (other.status_code, other.json["version"], other.json["closed"]) == (409, 2, False)
    assert row(clinic, started).treatment_notes == "Rest.\nCome back in a week."


def test_completion_names_both_that_miss_and_then_leads_back(clinic: Clinic, started: UUID) -> None:
    doctor = clinic.client(clinic.doctors[1])
    path = f"/consultations/{started}/complete"
    missing = doctor.post(path, {"notes": "Only notes"}, headers=JSON)
    assert missing.status_code == 422
    assert missing.json == {
        "errors": {
            "complaint": "Chief complaint is required",
            "diagnosis": "At least one diagnosis is required",
        }
    }
    plain = doctor.post(path, {"notes": f"Only notes {HOSTILE}"})
    assert plain.status_code == 422
    assert "Chief complaint is required" in plain.text
    assert "Only notes &lt;script&gt;" in plain.text
    wrong_code = doctor.post(path, {**FULL, "code": ["x", "", ""]}, headers=JSON)
    assert wrong_code.json["errors"].keys() == {"diagnosis.0.code"}
    assert row(clinic, started).status is ConsultationStatus.STARTED
    done = doctor.post(path, {**FULL, "version": 1}, headers=JSON)
    assert "visit is completed" in doctor.get(done.json["location"]).text
    assert row(clinic, started).status is ConsultationStatus.COMPLETED
    over = draft(clinic, started, 2, **FULL)
    assert (over.status_code, over.json["closed"]) == (409, True)
    html = doctor.get(f"/consultations/{started}").text
    assert "Complete the visit" not in html
    assert "Angina" in html


def test_abandoning_needs_a_reason_and_lets_the_patient_wait_again(clinic: Clinic, started: UUID) -> None:
    doctor = clinic.client(clinic.doctors[1])
    path = f"/consultations/{started}/abandon"
    assert "say why" in doctor.post(path, {"reason": " "}).text
    assert doctor.post(path, {"reason": "Fire alarm"}).headers["Location"] == "/day"
    with clinic.runtime.reading() as session:
        visit = session.get(Appointment, clinic.visits["Fatima"])
        assert visit is not None
        assert visit.status is Status.CHECKED_IN


def test_without_scripts_the_form_is_saved_by_hand(clinic: Clinic, started: UUID) -> None:
    doctor = clinic.client(clinic.doctors[1])
    assert doctor.post(f"/consultations/{started}", FULL).status_code == 303
    assert row(clinic, started).chief_complaint == "Chest pain"
    assert doctor.post(f"/consultations/{started}", {**FULL, "code": ["x", "", ""]}).status_code == 422
    assert doctor.post(f"/consultations/{started}", {**FULL, "version": 1}).status_code == 409


def test_colleague_is_asked_reads_along_and_adds_a_note(clinic: Clinic, started: UUID) -> None:
    lead, colleague = clinic.client(clinic.doctors[1]), clinic.client(clinic.doctors[0])
    page = f"/consultations/{started}"
    assert colleague.get(page).status_code == 404
    assert "Choose the colleague" in lead.post(f"{page}/colleagues", {"doctor": ""}).text
    assert lead.post(f"{page}/colleagues", {"doctor": clinic.doctors[0].id, "role": "ASSISTING"}).status_code == 303
    again = lead.post(f"{page}/colleagues", {"doctor": clinic.doctors[0].id}, headers={"HX-Request": "true"})
    assert again.status_code == 409
    assert "takes part" in again.text
    assert "You are asked to take part" in colleague.get("/day").text
    html = colleague.get(page).text
    assert "You read along" in html
    assert "Complete the visit" not in html
    added = colleague.post(f"{page}/notes", {"text": "I agree."}, headers={"HX-Request": "true"})
    assert "I agree." in added.text
    assert colleague.post(f"{page}/complete", FULL, headers=JSON).status_code == 409
    assert colleague.post(f"{page}/colleagues/{clinic.doctors[0].id}/dismiss").status_code == 409
    assert lead.post(f"{page}/colleagues/{clinic.doctors[0].id}/dismiss").status_code == 303
    assert colleague.get(page).status_code == 404
    assert "I agree." in lead.get(page).text
    with clinic.runtime.reading() as session:
        assert session.query(ConsultationParticipant).count() == 0


def test_administrator_is_led_back_to_the_board(clinic: Clinic, started: UUID) -> None:
    admin = clinic.client(clinic.admin)
    assert 'class="back" href="/board"' in admin.get(f"/consultations/{started}").text
    answer = admin.post(f"/consultations/{started}/complete", FULL)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/board")


def test_consultations_are_doctors_and_admins_only(clinic: Clinic, started: UUID) -> None:
    for who in (clinic.reception, clinic.patients["Divya"]):
        assert clinic.client(who).get(f"/consultations/{started}").status_code == 403
    assert clinic.client(clinic.admin).get(f"/consultations/{started}").status_code == 200
    assert clinic.client(clinic.doctors[0]).post(f"/consultations/{started}/draft", FULL, headers=JSON).status_code in (
        403,
        404,
    )
    assert row(clinic, started).chief_complaint is None
