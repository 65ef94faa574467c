"""The list of addresses that do not work: who sees it, what is on it, and how a line goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from hms.domain.messages import Channel
from hms.domain.people import Role
from hms.models import AuditEntry, Patient, User, WrongAddress
from tests.support.clinic import Clinic
from tests.support.factories import add, make_hospital, make_patient, make_user

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


@pytest.fixture
def login(clinic: Clinic) -> User:
    """Give the receptionist an address that does not work."""
    user = clinic.reception
    wrong(clinic, clinic.patients["Asha"], patient_id=None, user_id=user.id, address=user.email)
    return user


def test_the_address_of_a_login_is_for_admins_to_mend(clinic: Clinic, login: User) -> None:
    """Who can change where a login's mails go can have its password reset."""
    desk, path = clinic.client(clinic.reception), f"{PATH}/logins/{login.id}"
    html = desk.get(PATH).text
    assert (login.email in html, "An admin changes it" in html, path in html) == (True, True, False)
    assert desk.post(path, {"address": "mine@evil.example"}).status_code == 403
    admin = clinic.client(clinic.admin)
    html = admin.get(PATH).text
    assert (path in html, f'value="{login.email}"' in html, "An admin changes it" in html) == (True, True, False)
    answer = admin.post(path, {"address": " New@Clinic.Example ", "version": "1"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PATH}?saved=1")
    with clinic.runtime.reading() as session:
        assert session.get_one(User, login.id).email == "new@clinic.example"
        trail = session.scalars(select(AuditEntry).where(AuditEntry.entity_id == login.id)).all()
        assert [(row.action, row.details["fields"]) for row in trail] == [("user.edited", ["email"])]
    assert "Everybody can be reached" in admin.get(PATH).text


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [("", 422, "needs an address"), ("nobody@", 422, "name@example.org"), ("admin", 422, "name@example.org")],
)
def test_a_login_needs_an_address(clinic: Clinic, login: User, typed: str, status: int, words: str) -> None:
    answer = clinic.client(clinic.admin).post(f"{PATH}/logins/{login.id}", {"address": typed})
    assert (answer.status_code, words in answer.text) == (status, True)


def test_a_login_keeps_its_address_when_the_new_one_is_taken_or_somebody_was_quicker(
    clinic: Clinic, login: User
) -> None:
    admin, path = clinic.client(clinic.admin), f"{PATH}/logins/{login.id}"
    taken = admin.post(path, {"address": clinic.admin.email, "version": "1"})
    assert (taken.status_code, "already has a login" in taken.text) == (409, True)
    assert f'value="{clinic.admin.email}"' in taken.text
    assert admin.post(path, {"address": "a@clinic.example", "version": "7"}).status_code == 409
    other = make_user(clinic.runtime, make_hospital(clinic.runtime, "HMS002"), Role.NURSE)
    assert admin.post(f"{PATH}/logins/{other.id}", {"address": "a@clinic.example"}).status_code == 404
