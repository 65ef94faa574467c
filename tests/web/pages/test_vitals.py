"""The vitals form: ranges beside the fields, everything wrong at once, corrections with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from hms.domain.people import Role
from hms.models import User
from hms.queries import vitals
from hms.queries.vitals import VitalsRow
from tests.support.callers import counted_statements
from tests.support.clinic import Clinic
from tests.support.factories import actor_of, make_user

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://localhost/queue"}


@pytest.fixture
def nurse(clinic: Clinic) -> User:
    """Give a nurse."""
    return make_user(clinic.runtime, clinic.hospital, Role.NURSE)


def path(clinic: Clinic, name: str = "Fatima") -> str:
    return f"/visits/{clinic.visits[name]}/vitals"


def send(clinic: Clinic, who: Any, **form: Any) -> Any:
    return clinic.client(who).post(path(clinic), form, headers=HTMX)


def recorded(clinic: Clinic, nurse: User) -> list[VitalsRow]:
    return clinic.runtime.read(vitals.of_appointment, actor_of(nurse), clinic.visits["Fatima"])


def test_form_says_units_and_ranges(clinic: Clinic, nurse: User) -> None:
    visitor = clinic.client(nurse)
    with counted_statements(clinic.runtime) as statements:
        html = visitor.get(path(clinic)).text
    assert len(statements) <= 5, statements
    for words in ("mmHg", "50–300", "°C", "25–45", "0.3–500", 'data-low="90"'):
        assert words in html, words


def test_records_and_shows_the_queue_without_the_patient(clinic: Clinic, nurse: User) -> None:
    answer = send(clinic, nurse, systolic="120", diastolic="80", temperature="36,8", version=2)
    assert answer.status_code == 200
    assert answer.headers["HX-Trigger"] == "close-sheet"
    assert "vitals are recorded" in answer.text
    assert 'id="s-ready"' in answer.text
    (row,) = recorded(clinic, nurse)
    assert (row.systolic, row.diastolic, row.temperature) == (120, 80, 36.8)


def test_what_cannot_be_is_said_beside_its_field_and_stays(clinic: Clinic, nurse: User) -> None:
    wrong: list[tuple[dict[str, str], list[str]]] = [
        ({"heart_rate": "900", "temperature": "366"}, ["from 20 to 300", "from 25 to 45"]),
        ({"heart_rate": "quick", "pain": "3.5"}, ["Must be a whole number"]),
        ({"weight": "12kg"}, ["Must be a number"]),
        ({"systolic": "120"}, ["blood pressure is two values"]),
        ({}, ["At least one measurement is required"]),
    ]
    for form, says in wrong:
        answer = send(clinic, nurse, **form)
        assert answer.status_code == 422, form
        assert answer.headers["HX-Retarget"] == "#sheet"
        for words in says:
            assert words in answer.text, form
        for value in form.values():
            assert f'value="{value}"' in answer.text, form
    assert recorded(clinic, nurse) == []


def test_correction_needs_its_reason_and_keeps_what_it_replaces(clinic: Clinic, nurse: User) -> None:
    send(clinic, nurse, heart_rate="170")
    assert 'value="170"' in clinic.client(nurse).get(path(clinic)).text
    silent = send(clinic, nurse, heart_rate="70")
    assert silent.status_code == 422
    assert "Please say why" in silent.text
    assert send(clinic, nurse, heart_rate="70", reason="Slip of the key").status_code == 200
    assert [row.heart_rate for row in recorded(clinic, nurse)] == [70, 170]
    assert "Replaced before (1)" in clinic.client(nurse).get(path(clinic)).text


def test_only_who_may_and_only_while_the_patient_waits(clinic: Clinic, nurse: User) -> None:
    assert clinic.client(clinic.reception).get(path(clinic)).status_code == 403
    assert send(clinic, clinic.reception, heart_rate="70").status_code == 403
    other = send(clinic, clinic.doctors[0], heart_rate="70")
    assert other.status_code == 409
    assert "toast bad" in other.text
    assert recorded(clinic, nurse) == []
    assert "while the patient is here" in clinic.client(nurse).get(path(clinic, "Grace")).text
    assert clinic.client(nurse).post(path(clinic, "Grace"), {"heart_rate": "70"}, headers=HTMX).status_code == 409
