"""Alerts over HTTP: their rows, who sees and handles which, pages of them, and the live channel."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hms.clock import FixedClock
from hms.domain.people import Role
from hms.models import Patient
from hms.runtime import Runtime
from tests.support.callers import HttpHouse
from tests.support.factories import actor_of, make_doctor, make_hospital
from tests.support.fixtures import NOW
from tests.support.visits import local

ALERTS = "/no-show/alerts"


@pytest.fixture
def roy(house: HttpHouse) -> Patient:
    """Give a patient with the name and number of the examples."""
    return house.new_patient(first_name="Roy", last_name="Anindya", mrn="HMS001-MKEVX0F35AIU")


def check(house: HttpHouse, clock: FixedClock, wall: str) -> None:
    clock.move_to(local(house.hospital, NOW, wall))
    assert house.admin.post("/no-show/trigger").status == 200


def here(house: HttpHouse, clock: FixedClock, start: str, patient: Patient | None = None) -> dict[str, Any]:
    clock.move_to(local(house.hospital, NOW, "08:55"))
    booked = house.booked(start, patient or house.new_patient())
    return dict(house.reception.patch(f"/appointments/{booked['id']}/status", {"status": "CHECKED_IN"}).data)


def test_rows_are_those_of_the_interface(house: HttpHouse, clock: FixedClock, roy: Patient) -> None:
    visit = here(house, clock, "09:00", roy)
    check(house, clock, "09:35")
    listed = house.nurse.get(ALERTS)
    [alert] = listed.data
    assert listed.json["meta"] == {"nextCursor": None, "limit": 50}
    assert alert == {
        "id": alert["id"],
        "alertType": "NO_VITALS",
        "status": "ACTIVE",
        "message": "Patient Roy Anindya (HMS001-MKEVX0F35AIU) checked in at 08:55 but vitals not recorded.",
        "triggeredAt": "2026-01-22T04:05:00.000Z",
        "acknowledgedAt": None,
        "acknowledgedBy": None,
        "patient": {"firstName": "Roy", "lastName": "Anindya", "mrn": "HMS001-MKEVX0F35AIU"},
        "doctor": {"user": {"firstName": "Anagha", "lastName": alert["doctor"]["user"]["lastName"]}},
        "appointmentId": visit["id"],
    }
    clock.advance(timedelta(minutes=1))
    taken = house.nurse.put(f"{ALERTS}/{alert['id']}/acknowledge")
    known = {
        "status": "ACKNOWLEDGED",
        "acknowledgedAt": "2026-01-22T04:06:00.000Z",
        "acknowledgedBy": str(house.nurse.actor.user_id),
    }
    assert taken.data == alert | known
    assert house.admin.put(f"{ALERTS}/{alert['id']}/acknowledge").data == taken.data
    assert house.reception.get(ALERTS).data == [taken.data]
    assert house.reception.get(f"{ALERTS}?status=ACTIVE").data == []
    done = house.admin.put(f"{ALERTS}/{alert['id']}/resolve")
    assert done.data == taken.data | {"status": "RESOLVED"}
    assert house.admin.put(f"{ALERTS}/{alert['id']}/resolve").data == done.data
    assert house.nurse.put(f"{ALERTS}/{alert['id']}/acknowledge").refusal == (409, "INVALID_TRANSITION")
    assert house.nurse.get(ALERTS).data == []


def test_who_may_what(house: HttpHouse, clock: FixedClock, runtime: Runtime) -> None:
    here(house, clock, "09:00")
    check(house, clock, "09:35")
    [alert] = house.reception.get(ALERTS).data
    foreign = house.caller_with(Role.NURSE, make_hospital(runtime, "HMS002"))
    colleague = house.caller(actor_of(make_doctor(runtime, house.hospital)))
    assert {role: who.get(ALERTS).status for role, who in house.everybody.items()} == {
        role: 403 if role is Role.PATIENT else 200 for role in Role
    }
    assert house.stranger.get(ALERTS).refusal == (401, "UNAUTHENTICATED")
    assert (colleague.get(ALERTS).data, foreign.get(ALERTS).data) == ([], [])
    for verb in ("acknowledge", "resolve"):
        path = f"{ALERTS}/{alert['id']}/{verb}"
        for who in (house.reception, house.by_patient, colleague):
            assert who.put(path).refusal == (403, "FORBIDDEN")
        assert foreign.put(path).refusal == (404, "NOT_FOUND")
        assert house.by_doctor.put(path).status == 200


def test_pages_and_filters(house: HttpHouse, clock: FixedClock) -> None:
    for start in ("09:00", "09:30", "10:00"):
        here(house, clock, start)
    check(house, clock, "10:15")
    check(house, clock, "11:00")
    first = house.nurse.get(f"{ALERTS}?limit=4")
    rest = house.nurse.get(f"{ALERTS}?limit=4&cursor={first.json['meta']['nextCursor']}")
    seen = [row["triggeredAt"] for row in first.data + rest.data]
    assert (len(first.data), len(rest.data), rest.json["meta"]["nextCursor"]) == (4, 2, None)
    assert seen == sorted(seen, reverse=True)
    assert len({row["id"] for row in first.data + rest.data}) == 6
    long = house.reception.get(f"{ALERTS}?mine=true").data
    assert {row["alertType"] for row in long} == {"WAITING_TOO_LONG"}
    assert house.admin.get(f"{ALERTS}?alertType=NO_VITALS&doctorId={house.doctor.id}").data != []
    assert house.admin.get(f"{ALERTS}?doctorId={house.patient.id}").data == []
    assert house.admin.get(f"{ALERTS}?status=RESOLVED").refusal == (422, "VALIDATION")


def test_open_pages_hear_of_new_alerts(house: HttpHouse, clock: FixedClock) -> None:
    here(house, clock, "09:00")
    before = house.nurse.get("/live")
    assert (before.data["activeAlerts"], before.data["latestAlertId"]) == (0, None)
    check(house, clock, "09:35")
    after = house.nurse.get("/live", headers={"If-None-Match": before.headers["ETag"]})
    [alert] = house.nurse.get(ALERTS).data
    assert (after.data["activeAlerts"], after.data["latestAlertId"]) == (1, alert["id"])
    assert house.reception.get("/live").data["activeAlerts"] == 0
    assert house.by_doctor.get("/live").data["activeAlerts"] == 1
    assert house.by_patient.get("/live").data["latestAlertId"] is None
