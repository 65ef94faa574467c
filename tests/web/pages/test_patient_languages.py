"""Patients read their own language, wherever they come; staff read English."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hms.domain.errors import Code, DomainError
from hms.languages import ENGLISH, LANGUAGES, Said, voice, voices
from hms.models import Hospital, Patient, User
from hms.processes.exports import write_due
from hms.web.errors import STATUS, Problem, TooManyError
from hms.web.pages.readers import reader, speak, speak_unasked
from hms.web.pages.refusals import WORDS, said, said_of
from tests.support.callers import counted_statements
from tests.support.clinic import Clinic
from tests.support.patient_pages import Marking, Patients, Seen, bracketed, unsaid

CHECKS = list(Code)[: list(Code).index(Code.UNAUTHENTICATED)]
OTHERS = [language for language in LANGUAGES if language != ENGLISH]


@pytest.fixture
def patients(clinic: Clinic) -> Patients:
    return Patients.open(clinic)


@pytest.fixture
def bracketing(patients: Patients, monkeypatch: pytest.MonkeyPatch) -> Patients:
    """Give patients to whom voices say everything in brackets."""
    for name in ("_date", "_date_by_parts", "_time"):
        monkeypatch.setattr(voices, name, lambda at, *_: Said(bracketed(f"{at}")))
    monkeypatch.setattr(voices, "translations", lambda _: Marking())
    patients.speak("ar")
    return patients


def test_every_word_on_any_page_of_a_patient_is_said_by_a_voice(bracketing: Patients) -> None:
    found = []
    for page in bracketing.pages():
        answer = bracketing.answer(page, "ar")
        seen = Seen(answer.text)
        assert (seen.language, seen.direction, len(seen.texts) > 3) == ("ar", "rtl", True), page
        found += [f"{page.path} {answer.status_code}: {text}" for text in unsaid(answer.text, bracketing.names)]
    assert not found, "\n".join(found)


def test_so_is_every_word_of_a_file_that_is_ready_or_was(bracketing: Patients) -> None:
    address = f"/my/exports/{bracketing.visits['export']}"
    write_due(bracketing.clinic.runtime)
    for path in ("/my/exports", address, f"{address}/state"):
        assert unsaid(bracketing.divya.get(path).text, bracketing.names) == []
    assert "history.csv" in bracketing.divya.get(address).text
    bracketing.clinic.clock.advance(timedelta(days=8))
    for path in ("/my/exports", address):
        assert unsaid(bracketing.divya.get(path).text, bracketing.names) == []
    assert "history.csv" not in bracketing.divya.get(address).text


@pytest.mark.parametrize(
    ("language", "direction", "title", "status", "when"),
    [
        ("es", "ltr", "Mis citas", "Programada", "jueves, 22 de enero, 14:00"),
        ("ar", "rtl", "مواعيدي", "محدّد", "الخميس، 22 يناير، 2:00 م"),
    ],
)
def test_a_patients_own_page_at_no_more_cost(
    patients: Patients, language: str, direction: str, title: str, status: str, when: str
) -> None:
    patients.speak(language)
    with counted_statements(patients.clinic.runtime) as statements:
        seen = Seen(patients.divya.get("/").text)
    assert (seen.language, seen.direction) == (language, direction)
    assert {title, status, when} <= set(seen.texts)
    patients.speak(ENGLISH)
    with counted_statements(patients.clinic.runtime) as in_english:
        patients.divya.get("/")
    assert len(statements) == len(in_english)


@pytest.mark.parametrize(
    ("wished", "locale", "language"),
    [
        ("ar-EG, en;q=0.5", "en", "ar"),
        ("en;q=0.3, pt-BR;q=0.7, es;q=0.5", "en", "pt"),
        ("fr, es;q=0, hi;q=0.1", "en", "hi"),
        ("fr-CH, *;q=0.5", "es-MX", "es"),  # not among ours: the hospital's
        ("", "ar-EG", "ar"),
        ("fr", "de-CH", "en"),
    ],
)
def test_before_signing_in_the_browser_says_which_language(
    clinic: Clinic, wished: str, locale: str, language: str
) -> None:
    with clinic.runtime.database.writing() as session:
        session.get_one(Hospital, clinic.hospital.id).locale = locale
    answer = clinic.app.test_client().get("/sign-in", headers={"Accept-Language": wished})
    assert (Seen(answer.text).language, answer.headers["Cache-Control"]) == (language, "no-store")


def test_staff_read_english_whatever_they_and_their_browser_chose(clinic: Clinic) -> None:
    with clinic.runtime.database.writing() as session:
        session.get_one(User, clinic.reception.id).language = "ar"
    desk = clinic.client(clinic.reception)
    for path in ("/board", "/notifications", "/preferences", "/my/calendar", "/nowhere", "/forgot"):
        seen = Seen(desk.get(path, headers={"Accept-Language": "ar"}).text)
        assert (seen.language, seen.direction) == ("en", "ltr"), path


def test_a_part_of_a_page_is_new_to_who_chose_another_language(patients: Patients) -> None:
    state = f"/my/exports/{patients.visits['export']}/state?seen=PENDING-0-en"
    assert patients.divya.get(state).status_code == 204
    patients.speak("es")
    assert "Esperando su turno" in patients.divya.get(state).text


def test_who_saves_a_language_reads_it_at_once(clinic: Clinic) -> None:
    divya = clinic.patients["Divya"]
    visitor = clinic.client(divya)
    saved = visitor.post("/preferences", {"patient_id": str(divya.id), "language": "pt"})
    assert "Salvo. Vale a partir de agora." in visitor.get(saved.headers["Location"]).text


def test_the_desk_may_choose_it_too(clinic: Clinic) -> None:
    divya = clinic.patients["Divya"]
    clinic.client(clinic.reception).post(f"/patients/{divya.id}/language", {"language": "hi"})
    assert Seen(clinic.client(divya).get("/").text).language == "hi"


def test_the_kiosk_speaks_as_was_chosen_there_and_forgets_it(patients: Patients) -> None:
    tablet = patients.clinic.app.test_client()
    assert Seen(tablet.get("/kiosk/HMS001", headers={"Accept-Language": "es"}).text).language == "en"
    chosen = tablet.get("/kiosk/HMS001?language=es").text
    assert 'action="/kiosk/HMS001?language=es"' in chosen
    assert 'data-start="/kiosk/HMS001"' in chosen
    number = patients.clinic.patients["Emeka"].mrn
    wrong = tablet.post("/kiosk/HMS001?language=es", data={"mrn": number, "day": "1", "month": "2", "year": "1980"})
    assert (wrong.status_code, "desde 60 minutos antes de su cita" in wrong.text) == (422, True)


@pytest.mark.parametrize("language", OTHERS)
def test_refusals_are_said_by_their_code(clinic: Clinic, language: str) -> None:
    with clinic.app.test_request_context():
        speak(voice(language))
        told = {code: said(DomainError(code, "English")) for code in CHECKS}
        assert len(CHECKS) == 16
        assert len(set(told.values())) == len(CHECKS)
        assert not set(told.values()) & {"English", *WORDS.values()}
        assert said(DomainError(Code.RUN_LOST, "English")) == "English"
        assert "12" in said(TooManyError("English", 720))
        problem = Problem(429, Code.RATE_LIMITED, "English", headers={"Retry-After": "90"})
        assert "90" in said_of(problem)


def test_in_english_services_say_it_themselves(clinic: Clinic) -> None:
    with clinic.app.test_request_context(headers={"Accept-Language": "en-GB"}):
        assert said(DomainError(Code.SLOT_TAKEN, "English"), "Other words") == "English"
        assert said_of(Problem(404, Code.NOT_FOUND, "English")) == "English"
    assert set(WORDS) <= set(STATUS)


def test_who_reads_of_a_failure_is_settled_without_the_database(clinic: Clinic) -> None:
    patient = clinic.patients["Divya"]
    with clinic.runtime.database.writing() as session:
        session.get_one(Patient, patient.id).language = "hi"
    headers = {"Accept-Language": "fr, es;q=0.5"}
    with counted_statements(clinic.runtime) as statements, clinic.app.test_request_context(headers=headers):
        speak_unasked()
        assert reader().language == "es"
    assert statements == []
