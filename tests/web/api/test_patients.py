"""Registering patients at the desk: who is there already is named, and nobody is registered twice by accident."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from hms.models import Patient
from tests.support.callers import Caller, HttpHouse, counted_statements
from tests.support.factories import make_hospital, make_patient
from tests.support.races import at_once

ZOE: dict[str, Any] = {
    "firstName": "Zoë",
    "lastName": "Ångström",
    "dateOfBirth": "1990-02-28",
    "phone": "+46 70 123 45 67",
    "email": "zoe@home.example",
}


@pytest.fixture
def known(house: HttpHouse) -> dict[str, Any]:
    """Give the record of somebody whom the desk has registered."""
    row: dict[str, Any] = house.reception.post("/patients", ZOE).data
    return row


def register(by: Caller, **values: Any) -> Any:
    """Register somebody who has nothing in common with anybody but what is given."""
    body = {"firstName": "Ravi", "lastName": "Iyer", "dateOfBirth": "1975-05-05"} | values
    return by.post("/patients", {name: value for name, value in body.items() if value is not None})


@pytest.mark.parametrize(
    ("values", "same"),
    [
        ({"firstName": "ZOE", "lastName": "angstrom", "dateOfBirth": "1990-02-28"}, ["nameAndDateOfBirth"]),
        ({"firstName": "Ångström ", "lastName": "Zoë", "dateOfBirth": "1990-02-28"}, ["nameAndDateOfBirth"]),
        ({"phone": "070-123 45 67"}, ["phone"]),
        ({"phone": "0046701234567"}, ["phone"]),
        ({"email": "ZOE@home.example"}, ["email"]),
        ({**ZOE}, ["nameAndDateOfBirth", "phone", "email"]),
    ],
)
def test_who_is_there_already_is_named(
    house: HttpHouse, known: dict[str, Any], values: dict[str, Any], same: list[str]
) -> None:
    refused = register(house.reception, **values)
    assert refused.refusal == (409, "POSSIBLE_DUPLICATE")
    [candidate] = refused.json["error"]["current"]
    assert (candidate["patient"]["mrn"], candidate["same"]) == (known["mrn"], same)
    [detail] = refused.json["error"]["details"]
    assert detail["message"].startswith(f"Zoë Ångström, {known['mrn']}, born 28 February 1990: the same ")
    assert register(house.reception, **values, anyway=True).status == 201


@pytest.mark.parametrize(
    "values",
    [
        {"firstName": "Zoë", "lastName": "Ångström", "dateOfBirth": "1990-03-28"},
        {"firstName": "Zoë", "lastName": "Ångström", "dateOfBirth": None},
        {"firstName": "Zoe-Ann", "lastName": "Ångström", "dateOfBirth": "1990-02-28"},
        {"phone": "+46 70 123 45 68"},
        {"phone": "+46 8 123 45 67"},
        {"email": "zoe@work.example"},
    ],
)
def test_another_person_is_registered_at_once(house: HttpHouse, known: dict[str, Any], values: dict[str, Any]) -> None:
    assert known["status"] == "ACTIVE"
    assert register(house.nurse, **values).status == 201


def test_the_number_on_their_card_finds_them(house: HttpHouse, known: dict[str, Any]) -> None:
    refused = register(house.reception, mrn=known["mrn"].lower())
    assert refused.json["error"]["current"][0]["same"] == ["mrn"]
    made = register(house.reception, mrn=known["mrn"], anyway=True)
    assert made.data["mrn"] != known["mrn"]


def test_a_family_is_listed_those_with_more_in_common_first(house: HttpHouse, known: dict[str, Any]) -> None:
    for name in ("Björn", "Anna"):
        assert register(house.reception, firstName=name, phone=ZOE["phone"], anyway=True).status == 201
    refused = register(house.reception, **ZOE)
    found = [(row["patient"]["firstName"], len(row["same"])) for row in refused.json["error"]["current"]]
    assert found == [("Zoë", 3), ("Anna", 1), ("Björn", 1)]
    assert refused.json["error"]["current"][0]["patient"]["id"] == known["id"]


def test_other_hospitals_patients_are_nobody(house: HttpHouse) -> None:
    make_patient(house.runtime, make_hospital(house.runtime, "HMS002"), email=ZOE["email"], phone=ZOE["phone"])
    assert register(house.reception, **ZOE).status == 201


def test_a_refusal_leaves_the_key_free(house: HttpHouse, known: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "registration-1"}
    assert house.reception.post("/patients", ZOE, headers=key).code == "POSSIBLE_DUPLICATE"
    made = house.reception.post("/patients", ZOE | {"anyway": True}, headers=key)
    assert made.data["id"] != known["id"]
    assert house.reception.post("/patients", ZOE | {"anyway": True}, headers=key).data["id"] == made.data["id"]


def test_two_desks_at_once_register_one_patient(house: HttpHouse) -> None:
    got = at_once([partial(by.post, "/patients", ZOE) for by in (house.reception, house.admin, house.nurse)])
    assert sorted(reply.status for reply in got) == [201, 409, 409]
    with house.runtime.reading() as session:
        assert session.scalar(select(func.count()).where(Patient.email == ZOE["email"])) == 1


def test_the_comparison_is_one_statement(house: HttpHouse) -> None:
    with counted_statements(house.runtime) as statements:
        assert register(house.reception, **ZOE).status == 201
    compared = [one for one in statements if "UNION" in one]
    assert (len(compared), len(statements)) == (1, 7)
