"""Vitals over HTTP: who, when, ranges, corrections; what is refused changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from hms.domain.people import Role
from hms.models import AuditEntry, Vitals
from hms.runtime import Runtime
from tests.support.callers import HttpHouse
from tests.support.factories import actor_of, make_doctor, make_hospital
from tests.support.visits import rows

GOOD: dict[str, Any] = {
    "systolic": 120,
    "diastolic": 80,
    "heartRate": 72,
    "temperature": 36.6,
    "spO2": 98,
    "respiratoryRate": 14,
    "weight": 70,
    "height": 171.5,
    "pain": 0,
}


@pytest.fixture
def path(house: HttpHouse) -> str:
    """Give the address of the vitals of a patient who is here."""
    booked = house.booked("09:00")
    house.reception.patch(f"/appointments/{booked['id']}/status", {"status": "CHECKED_IN"})
    return f"/appointments/{booked['id']}/vitals"


def test_recorded_read_and_corrected(house: HttpHouse, runtime: Runtime, path: str) -> None:
    recorded = house.nurse.post(path, GOOD | {"version": 2})

    assert (recorded.status, recorded.data["status"], recorded.data["version"]) == (200, "CHECKED_IN", 3)
    assert recorded.data["vitalsRecordedAt"] == "2026-01-22T03:25:00.000Z"
    assert house.nurse.post(path, GOOD).refusal == (409, "ALREADY_EXISTS")
    stale = house.nurse.post(path, GOOD | {"correctionReason": "Typing error", "version": 2})
    assert stale.refusal == (409, "STALE_VERSION")
    assert stale.json["error"]["current"] == recorded.data
    corrected = house.admin.post(path, GOOD | {"weight": 80.5, "correctionReason": "Typing error", "version": 3})
    assert corrected.data["vitalsRecordedAt"] == recorded.data["vitalsRecordedAt"]

    present, earlier = house.by_doctor.get(path).data
    assert {name: present[name] for name in GOOD} == GOOD | {"weight": 80.5}
    assert (present["supersededAt"], present["correctionReason"]) == (None, "Typing error")
    assert {name: earlier[name] for name in GOOD} == GOOD
    assert earlier["supersededAt"] is not None
    trail = rows(runtime, AuditEntry, AuditEntry.action == "vitals.recorded")
    assert [entry.details["is_correction"] for entry in trail] == [False, True]
    assert "80.5" not in str([entry.details for entry in trail])


def test_what_is_out_of_range_is_named_and_nothing_is_kept(house: HttpHouse, runtime: Runtime, path: str) -> None:
    reply = house.nurse.post(path, GOOD | {"temperature": 98.6, "spO2": 140})

    assert reply.refusal == (422, "VALIDATION")
    assert reply.json["error"]["details"] == [
        {"field": "temperature", "message": "must be from 25 to 45 °C"},
        {"field": "spO2", "message": "must be from 40 to 100 %"},
    ]
    for body in ({}, {"systolic": 120}, {"weight": "70"}, {"pulse": 70}, {"heartRate": 10**30}):
        assert house.nurse.post(path, body).refusal == (422, "VALIDATION"), body
    assert rows(runtime, Vitals) == []
    assert house.nurse.get(path.removesuffix("/vitals")).data["version"] == 2


def test_who_may(house: HttpHouse, runtime: Runtime, path: str) -> None:
    colleague = house.caller(actor_of(make_doctor(runtime, house.hospital)))
    foreign = house.caller_with(Role.HOSPITAL_ADMIN, make_hospital(runtime, "HMS002"))
    for somebody, refusal in (
        (house.reception, (403, "FORBIDDEN")),
        (house.by_patient, (403, "FORBIDDEN")),
        (house.stranger, (401, "UNAUTHENTICATED")),
        (foreign, (404, "NOT_FOUND")),
    ):
        assert somebody.post(path, GOOD).refusal == refusal
        assert somebody.get(path).refusal == refusal
    assert colleague.post(path, GOOD).refusal == (403, "FORBIDDEN")
    assert rows(runtime, Vitals) == []
    assert house.by_doctor.post(path, GOOD).status == 200


def test_only_of_who_is_here(house: HttpHouse, runtime: Runtime, path: str) -> None:
    visit = path.removesuffix("/vitals")
    house.reception.patch(f"{visit}/status", {"status": "SCHEDULED"})
    assert house.nurse.post(path, GOOD).refusal == (409, "INVALID_TRANSITION")
    assert rows(runtime, Vitals) == []


def test_a_new_check_in_asks_for_new_vitals(house: HttpHouse, path: str) -> None:
    visit = path.removesuffix("/vitals")
    house.nurse.post(path, GOOD)
    assert house.reception.patch(f"{visit}/status", {"status": "SCHEDULED"}).data["vitalsRecordedAt"] is None
    house.reception.patch(f"{visit}/status", {"status": "CHECKED_IN"})

    again = house.nurse.post(path, GOOD | {"pain": 3})

    assert again.data["vitalsRecordedAt"] is not None
    assert [row["pain"] for row in house.nurse.get(path).data] == [3, 0]
