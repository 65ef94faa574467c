"""Every way in takes numbers as people write them, keeps them as the world does, and says what is wrong with others."""

from __future__ import annotations

from typing import Any

import pytest

from hms.models import LoginLink
from hms.runtime import Runtime
from tests.support.callers import HttpHouse
from tests.support.clinic import Clinic, open_clinic
from tests.support.visits import rows

KEPT = "+919845012345"
WAYS = ("98450 12345", "(0) 98450-12345", "098450 12345", "0091 9845012345", "+91 98450 12345")
PERSON = {"firstName": "Zoë", "lastName": "Ångström"}
PASSWORD = "open sesame, please"


@pytest.fixture
def house(runtime: Runtime) -> HttpHouse:
    return HttpHouse(runtime)


def refusal(reply: Any) -> str:
    assert reply.refusal == (422, "VALIDATION")
    [detail] = reply.json["error"]["details"]
    assert detail["field"] == "phone"
    return str(detail["message"])


def test_patients_are_kept_and_found_by_numbers_however_they_are_typed(house: HttpHouse) -> None:
    made = [house.reception.post("/patients", {**PERSON, "phone": way, "anyway": True}).data for way in WAYS]
    assert {one["phone"] for one in made} == {KEPT}
    for typed in (*WAYS, "98450", "12345"):
        found = house.reception.get("/patients", query_string={"search": typed}).data
        assert len(found) == len(made), typed
    alike = house.reception.post("/patients", {**PERSON, "phone": "9845012345"})
    assert alike.refusal == (409, "POSSIBLE_DUPLICATE")


def test_a_number_that_cannot_be_dialled_is_refused_with_one_that_can(house: HttpHouse) -> None:
    patient = house.new_patient(login=True)
    for number in ("12345", "+91 12", "+9198450123456789"):
        assert "such as +91 " in refusal(house.reception.post("/patients", {**PERSON, "phone": number}))
        assert "such as +91 " in refusal(house.reception.patch(f"/patients/{patient.id}", {"phone": number}))
        refusal(house.admin.patch(f"/users/{house.admin.actor.user_id}", {"phone": number}))
        login = {"email": "n@hms.example", "password": PASSWORD, "role": "NURSE", **PERSON, "phone": number}
        refusal(house.admin.post("/users", login))
        body = {"hospitalCode": house.hospital.code, "email": "z@home.example", "password": PASSWORD, **PERSON}
        refusal(house.stranger.post("/auth/register", {**body, "phone": number}))
    assert house.reception.patch(f"/patients/{patient.id}", {"phone": None}).data["phone"] is None


def test_the_hospital_says_whose_numbers_come_without_a_code(house: HttpHouse) -> None:
    assert house.admin.patch("/hospital", {"settings": {"country": "SE"}}).status == 200
    made = house.reception.post("/patients", {**PERSON, "phone": "070-123 45 67"}).data
    assert made["phone"] == "+46701234567"
    assert house.admin.patch("/hospital", {"settings": {"country": "Sweden"}}).refusal == (422, "VALIDATION")


def test_a_number_from_a_sign_up_waits_as_it_will_be_kept(house: HttpHouse, runtime: Runtime) -> None:
    body = {"hospitalCode": house.hospital.code, "email": "z@home.example", "password": PASSWORD, **PERSON}
    assert house.stranger.post("/auth/register", {**body, "phone": WAYS[1]}).status == 202
    [link] = rows(runtime, LoginLink)
    assert link.person["phone"] == KEPT


def test_an_old_number_stays_while_nobody_touches_it(house: HttpHouse) -> None:
    patient = house.new_patient(phone="12345")
    path = f"/patients/{patient.id}"
    assert house.reception.patch(path, {"phone": "12345", "language": "hi"}).data["phone"] == "12345"


@pytest.fixture
def clinic(runtime: Runtime, clock: Any) -> Clinic:
    return open_clinic(runtime, clock)


def test_the_forms_say_it_beside_the_field(clinic: Clinic) -> None:
    desk = clinic.client(clinic.reception)
    typed = {"first_name": "Zoë", "last_name": "Ångström", "phone": "123456"}
    answer = desk.post("/patients/new", typed)
    assert (answer.status_code, 'id="phone-wrong"' in answer.text) == (422, True)
    signing = {"hospital": clinic.hospital.code, "email": "z@home.example", "password": PASSWORD, "born": "1990-02-28"}
    answer = clinic.app.test_client().post("/sign-up", data={**typed, **signing})
    assert (answer.status_code, 'id="phone-wrong"' in answer.text) == (422, True)
