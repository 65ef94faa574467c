"""The list of addresses that do not work: who sees it, what is on it, and how a line goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hms.domain.messages import Channel
from hms.models import Patient, WrongAddress
from tests.support.clinic import Clinic
from tests.support.factories import add, make_hospital, make_patient

PATH = "/wrong-addresses"


def wrong(clinic: Clinic, patient: Patient, channel: Channel = Channel.EMAIL, **values: Any) -> None:
    address = patient.email if channel is Channel.EMAIL else patient.phone
    given: dict[str, Any] = {
        "hospital_id": patient.hospital_id,
        "patient_id": patient.id,
        "channel": channel,
        "address": address,
        "reason": "550 No such user",
        "since": clinic.clock.now() - timedelta(days=3),
    }
    add(clinic.runtime, WrongAddress(**given | values))


@pytest.fixture
def asha(clinic: Clinic) -> Patient:
    patient = clinic.patients["Asha"]
    wrong(clinic, patient)
    return patient


def test_the_desk_sees_who_where_why_and_since_when(clinic: Clinic, asha: Patient) -> None:
    for who in (clinic.reception, clinic.admin):
        html = clinic.client(who).get(PATH).text
        assert "Asha Menon" in html
        assert f'value="{asha.email}"' in html
        assert "550 No such user · since" in html
    assert clinic.client(clinic.doctors[0]).get(PATH).status_code == 403
    assert clinic.client(clinic.patients["Divya"]).get(PATH).status_code == 403


def test_nothing_is_listed_that_was_mended_or_is_of_another_hospital(clinic: Clinic, asha: Patient) -> None:
    other = make_hospital(clinic.runtime, "HMS002")
    wrong(clinic, make_patient(clinic.runtime, other, first_name="Elsewhere"))
    wrong(clinic, clinic.patients["Divya"], address="earlier@home.example")
    desk = clinic.client(clinic.reception)
    html = desk.get(PATH).text
    assert ("Asha" in html, "Divya" in html, "Elsewhere" in html) == (True, False, False)
    form = {"field": "email", "address": " New@Home.Example ", "version": "1"}
    answer = desk.post(f"{PATH}/{asha.id}", form)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PATH}?saved=1")
    html = desk.get(f"{PATH}?saved=1").text
    assert "Everybody can be reached" in html
    with clinic.runtime.reading() as session:
        assert session.get_one(Patient, asha.id).email == "new@home.example"
    assert desk.post(f"{PATH}/{asha.id}", form).status_code == 409


def test_what_was_typed_stays_until_it_can_be_an_address(clinic: Clinic, asha: Patient) -> None:
    wrong(clinic, asha, Channel.SMS)
    desk = clinic.client(clinic.reception)
    for field, typed in (("email", "asha@"), ("phone", "12345")):
        answer = desk.post(f"{PATH}/{asha.id}", {"field": field, "address": typed})
        assert (answer.status_code, f'value="{typed}"' in answer.text) == (422, True)
    assert desk.post(f"{PATH}/{asha.id}", {"field": "phone", "address": "98450 12345"}).status_code == 303
    assert desk.post(f"{PATH}/{asha.id}", {"field": "email", "address": ""}).status_code == 303
    with clinic.runtime.reading() as session:
        row = session.get_one(Patient, asha.id)
        assert (row.phone, row.email) == ("+919845012345", None)


def test_staff_are_listed_without_a_field(clinic: Clinic) -> None:
    user = clinic.admin
    values: dict[str, Any] = {"patient_id": None, "user_id": user.id, "address": user.email}
    wrong(clinic, clinic.patients["Asha"], **values)
    html = clinic.client(clinic.reception).get(PATH).text
    assert user.email in html
    assert "An admin changes it" in html
