"""The patient's way to their history as a file."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hms.domain.people import Role
from hms.models import HistoryExport, PatientGuardian, User
from hms.processes.exports import write_due
from tests.support.clinic import Clinic, Visitor
from tests.support.factories import add, make_patient, make_user
from tests.support.visits import rows


@pytest.fixture
def divya(clinic: Clinic) -> Visitor:
    """Sign in the patient who has a login."""
    return clinic.client(clinic.patients["Divya"])


def asked(clinic: Clinic, visitor: Visitor) -> str:
    """Press the button of one's own page and return where it leads."""
    home = visitor.get("/").text
    assert "Export full history" in home
    answer = visitor.post("/my/exports", {"patient": str(clinic.patients["Divya"].id)})
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def test_from_the_button_to_the_file(clinic: Clinic, divya: Visitor) -> None:
    address = asked(clinic, divya)
    waiting = divya.get(address).text
    assert "Waiting for its turn" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    assert "<progress" in divya.get(f"{address}/state").text
    assert divya.get(f"{address}/state?seen=PENDING-0-en").status_code == 204
    assert divya.get(f"{address}/history.csv").status_code == 409
    write_due(clinic.runtime)
    part = divya.get(f"{address}/state?seen=PENDING-0-en").text
    assert "The file is ready" in part
    assert "hx-trigger" not in part
    assert "<html" not in part
    found = re.search(r'href="([^"]+history\.csv)"', part)
    assert found
    file = divya.get(found[1])
    assert file.headers["Content-Disposition"].startswith('attachment; filename="history-')
    assert file.text.startswith("date,doctor,diagnosis,treatment_notes,")
    assert "Ready until" in divya.get("/my/exports").text


def test_pressing_again_shows_the_same_task(clinic: Clinic, divya: Visitor) -> None:
    assert asked(clinic, divya) == asked(clinic, divya)
    assert len(rows(clinic.runtime, HistoryExport)) == 1


def test_nobody_elses_page(clinic: Clinic, divya: Visitor) -> None:
    address = asked(clinic, divya)
    write_due(clinic.runtime)
    other = make_patient(clinic.runtime, clinic.hospital, login=True)
    for path in (address, f"{address}/state", f"{address}/history.csv"):
        assert clinic.client(other).get(path).status_code == 404
        for who in (clinic.admin, clinic.reception, clinic.doctors[0]):
            assert clinic.client(who).get(path).status_code == 403
        assert clinic.app.test_client().get(path).status_code == 303
    assert clinic.client(other).post("/my/exports", {"patient": str(clinic.patients["Divya"].id)}).status_code == 404


def test_an_expired_and_a_failed_one_say_what_to_do(clinic: Clinic, divya: Visitor) -> None:
    address = asked(clinic, divya)
    write_due(clinic.runtime)
    clinic.clock.advance(timedelta(days=7))
    page = clinic.client(clinic.patients["Divya"]).get(address).text
    assert "not kept any more" in page
    assert "Ask for it again" in page


def test_too_many_in_a_day_are_refused_in_words(clinic: Clinic, divya: Visitor) -> None:
    for _ in range(10):
        asked(clinic, divya)
        write_due(clinic.runtime)
    answer = divya.post("/my/exports")
    assert answer.status_code == 429
    assert "10 times within a day" in answer.text


def test_a_guardian_without_a_record_of_their_own(clinic: Clinic) -> None:
    guardian: User = make_user(clinic.runtime, clinic.hospital, Role.PATIENT)
    link = PatientGuardian(
        hospital_id=clinic.hospital.id,
        user_id=guardian.id,
        patient_id=clinic.patients["Asha"].id,
        created_at=clinic.clock.now(),
    )
    add(clinic.runtime, link)
    visitor = clinic.client(guardian)
    assert "Export full history" in visitor.get("/").text
    assert "Asha Menon" in visitor.get("/my/exports").text
    answer = visitor.post("/my/exports", {"patient": str(clinic.patients["Asha"].id)})
    assert "Asha Menon’s history" in visitor.get(answer.headers["Location"]).text
