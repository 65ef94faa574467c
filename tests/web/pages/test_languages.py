"""Where people choose the language in which they are told: at the desk, and when they sign up."""

from __future__ import annotations

from hms.models import Patient
from tests.support.clinic import Clinic
from tests.support.visits import reload, rows


def test_reception_chooses_for_a_patient(clinic: Clinic) -> None:
    desk, divya = clinic.client(clinic.reception), clinic.patients["Divya"]
    new = desk.get("/patients/new").text
    assert '<option value="en" lang="en" selected>English</option>' in new
    assert '<option value="ar" lang="ar">العربية</option>' in new
    typed = {"first_name": "Inés", "last_name": "Ibarra", "language": "es"}
    assert desk.post("/patients/new", typed).status_code == 303
    assert [row.language for row in rows(clinic.runtime, Patient) if row.first_name == "Inés"] == ["es"]
    saved = desk.post(f"/patients/{divya.id}/language", {"language": "hi"})
    assert "Saved." in desk.get(saved.headers["Location"]).text
    assert reload(clinic.runtime, Patient, divya.id).language == "hi"
    assert desk.post(f"/patients/{divya.id}/language", {"language": "xx"}).status_code == 422
    assert (
        clinic.client(clinic.patients["Divya"]).post(f"/patients/{divya.id}/language", {"language": "es"}).status_code
        == 403
    )


def test_who_signs_up_is_asked_in_the_browsers_language_first(clinic: Clinic) -> None:
    visitor = clinic.app.test_client()
    form = visitor.get("/sign-up", headers={"Accept-Language": "fr, pt-BR;q=0.9, en;q=0.5"}).text
    assert '<option value="pt" lang="pt" selected>' in form
