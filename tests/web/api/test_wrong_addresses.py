"""The list of addresses that do not work, over HTTP: who reads it, in which parts, and how a line goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hms.clock import FixedClock
from hms.domain.messages import Channel
from hms.domain.people import Role
from hms.models import Patient, User, WrongAddress
from tests.support.callers import HttpHouse, counted_statements
from tests.support.factories import add, make_hospital, make_patient, make_user

PATH = "/wrong-addresses"


def wrong(house: HttpHouse, clock: FixedClock, person: Patient | User, days: int = 0, **values: Any) -> None:
    given: dict[str, Any] = {
        "hospital_id": person.hospital_id,
        "patient_id" if isinstance(person, Patient) else "user_id": person.id,
        "channel": Channel.EMAIL,
        "address": person.email,
        "reason": "550 No such user",
        "since": clock.now() - timedelta(days=days),
    }
    add(house.runtime, WrongAddress(**given | values))


def test_admins_and_reception_read_who_cannot_be_reached(house: HttpHouse, clock: FixedClock) -> None:
    wrong(house, clock, house.patient, days=3)
    wrong(house, clock, house.patient, channel=Channel.SMS, address=house.patient.phone, days=2)
    nurse = make_user(house.runtime, house.hospital, Role.NURSE)
    wrong(house, clock, nurse, days=1)
    wrong(house, clock, make_patient(house.runtime, make_hospital(house.runtime, "HMS002")))
    for role, caller in house.everybody.items():
        if role not in {Role.HOSPITAL_ADMIN, Role.RECEPTIONIST}:
            assert caller.get(PATH).refusal == (403, "FORBIDDEN")
            continue
        login, text, mail = caller.get(PATH).data
        assert (login["userId"], login["patientId"], login["address"]) == (str(nurse.id), None, nurse.email)
        assert (text["channel"], text["address"]) == ("sms", house.patient.phone)
        assert (mail["patientId"], mail["userId"], mail["mrn"]) == (str(house.patient.id), None, house.patient.mrn)
        assert (mail["reason"], mail["version"]) == ("550 No such user", 1)
    assert house.stranger.get(PATH).status == 401


def test_the_list_is_read_in_parts(house: HttpHouse, clock: FixedClock) -> None:
    people = [make_patient(house.runtime, house.hospital, email=f"p{number}@home.example") for number in range(5)]
    for number, patient in enumerate(people):
        wrong(house, clock, patient, days=number // 2)  # some at the same instant
    first = house.reception.get(f"{PATH}?limit=3")
    second = house.reception.get(f"{PATH}?limit=3&cursor={first.json['meta']['nextCursor']}")
    assert [len(part.data) for part in (first, second)] == [3, 2]
    assert second.json["meta"]["nextCursor"] is None
    found = [row["address"] for row in first.data + second.data]
    assert sorted(found) == [patient.email for patient in people]
    assert house.reception.get(f"{PATH}?cursor=nonsense").refusal == (422, "VALIDATION")


@pytest.mark.parametrize("whose", ["patients", "users"])
def test_a_line_goes_when_its_address_is_mended(house: HttpHouse, clock: FixedClock, whose: str) -> None:
    person = house.patient if whose == "patients" else make_user(house.runtime, house.hospital, Role.NURSE)
    wrong(house, clock, person)
    [row] = house.admin.get(PATH).data
    changed = {"email": "new@home.example", "version": row["version"]}
    assert house.admin.patch(f"/{whose}/{row['patientId'] or row['userId']}", changed).status == 200
    assert house.admin.get(PATH).data == []


def test_the_list_costs_the_same_however_long_it_is(house: HttpHouse, clock: FixedClock) -> None:
    costs = []
    for number in range(3):
        wrong(house, clock, make_patient(house.runtime, house.hospital, email=f"p{number}@home.example"))
        with counted_statements(house.runtime) as statements:
            assert len(house.reception.get(PATH).data) == number + 1
        costs.append(len(statements))
    assert len(set(costs)) == 1
