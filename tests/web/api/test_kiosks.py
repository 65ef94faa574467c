"""The kiosk over HTTP: on only where switched on, one answer for whatever does not fit, slow for who guesses."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from hms.clock import FixedClock
from hms.domain.people import PatientStatus
from hms.models import AppointmentEvent, AuditEntry
from hms.runtime import Runtime
from tests.support.callers import HttpHouse, Reply, counted_statements
from tests.support.factories import make_hospital, make_patient
from tests.support.visits import rows

BORN = "1980-02-29"
PATH = "/kiosks/HMS001/check-in"


@pytest.fixture
def house(house: HttpHouse) -> HttpHouse:
    """Give the hospital with its kiosk switched on by an admin."""
    assert house.admin.patch("/hospital", {"settings": {"kioskCheckIn": True}}).status == 200
    return house


def tap(house: HttpHouse, mrn: str | None = None, born: str = BORN, path: str = PATH, **more: Any) -> Reply:
    return house.stranger.post(path, {"mrn": mrn or house.patient.mrn, "dateOfBirth": born}, **more)


def status_of(house: HttpHouse, visit: dict[str, Any]) -> str:
    status: str = house.reception.get(f"/appointments/{visit['id']}").data["status"]
    return status


def test_a_patient_checks_in_and_a_second_time_changes_nothing(house: HttpHouse, runtime: Runtime) -> None:
    visit = house.booked("09:30")
    later = house.booked("15:00")

    for number in (house.patient.mrn, house.patient.mrn.lower(), house.patient.mrn.removeprefix("HMS001-")):
        reply = tap(house, number)
        assert (reply.status, reply.data["startTime"]) == (200, "09:30")
        assert reply.data["doctorName"].startswith("Anagha Vijay")

    here = house.reception.get(f"/appointments/{visit['id']}").data
    assert (here["status"], here["version"], here["checkedInAt"]) == ("CHECKED_IN", 2, "2026-01-22T03:25:00.000Z")
    assert status_of(house, later) == "SCHEDULED"
    (event,) = rows(runtime, AppointmentEvent, AppointmentEvent.to_status == "CHECKED_IN")
    assert (event.actor_id, event.reason) == (None, "Checked in at the kiosk")


def test_whatever_does_not_fit_gets_the_same_answer(house: HttpHouse, runtime: Runtime, clock: FixedClock) -> None:
    visit = house.booked("10:00")
    without = house.new_patient()
    gone = house.new_patient(status=PatientStatus.INACTIVE)
    nameless = house.new_patient(date_of_birth=None)
    elsewhere = make_patient(runtime, make_hospital(runtime, "HMS002", kiosk_check_in=True))
    before = len(rows(runtime, AuditEntry))

    clock.advance(timedelta(minutes=4, seconds=59))  # 08:59:59, a second too early
    answers = [
        tap(house),
        tap(house, "NOBODY000000"),
        tap(house, born="1980-02-28"),
        tap(house, without.mrn),
        tap(house, gone.mrn),
        tap(house, nameless.mrn),
        tap(house, elsewhere.mrn),
        tap(house, "%' OR 1=1"),
    ]

    assert {reply.refusal for reply in answers} == {(404, "NOT_FOUND")}
    assert len({reply.raw for reply in answers}) == 1
    assert len(rows(runtime, AuditEntry)) == before
    assert status_of(house, visit) == "SCHEDULED"
    clock.advance(timedelta(seconds=1))
    assert tap(house).status == 200


@pytest.mark.parametrize("status", ["CANCELLED", "NO_SHOW", "IN_PROGRESS"])
def test_what_is_no_longer_expected_is_not_touched(house: HttpHouse, clock: FixedClock, status: str) -> None:
    visit = house.booked("09:00")
    path = f"/appointments/{visit['id']}"
    if status == "CANCELLED":
        house.reception.delete(path)
    elif status == "NO_SHOW":
        clock.advance(timedelta(minutes=5))
        house.reception.post(f"/no-show/{visit['id']}", {})
    else:
        house.reception.patch(f"{path}/status", {"status": "CHECKED_IN"})
        house.by_doctor.post("/consultations", {"appointmentId": visit["id"]})

    assert tap(house).refusal == (404, "NOT_FOUND")
    assert status_of(house, visit) == status


def test_only_todays_visit_and_until_it_counts_as_missed(house: HttpHouse, clock: FixedClock) -> None:
    visit = house.booked("09:00")
    house.booked("09:00", day="2026-01-23")
    clock.advance(timedelta(minutes=35))  # 09:30, its end
    assert tap(house).refusal == (404, "NOT_FOUND")
    clock.advance(timedelta(seconds=-1))
    assert tap(house).data["startTime"] == "09:00"
    assert status_of(house, visit) == "CHECKED_IN"


def test_there_is_no_kiosk_unless_switched_on(house: HttpHouse) -> None:
    house.booked("09:00")
    house.admin.patch("/hospital", {"settings": {"kioskCheckIn": False}})
    off, unknown = tap(house), tap(house, path="/kiosks/HMS999/check-in")
    assert (off.refusal, off.raw) == ((404, "NOT_FOUND"), unknown.raw)
    for minutes in (4, 481):
        reply = house.admin.patch("/hospital", {"settings": {"kioskMinutesBefore": minutes}})
        assert reply.json["error"]["details"] == [
            {"field": "kioskMinutesBefore", "message": "must be between 5 and 480"}
        ]


def test_guessing_birth_dates_is_slowed_down(house: HttpHouse, machine_clock: FixedClock) -> None:
    house.booked("09:00")
    for number in (house.patient.mrn, "NOBODY000000"):
        tries = [tap(house, number, (date(1970, 1, 1) + timedelta(days=day)).isoformat()) for day in range(6)]
        assert [reply.status for reply in tries] == [404] * 5 + [429]
        assert int(tries[-1].headers["Retry-After"]) == 901
    assert tap(house).refusal == (429, "RATE_LIMITED")
    machine_clock.advance(timedelta(minutes=15))
    assert tap(house).status == 200


def test_so_is_trying_many_numbers_from_one_place(house: HttpHouse) -> None:
    house.booked("09:00")
    tries = [tap(house, f"NOBODY{number:06}").status for number in range(41)]
    assert tries == [404] * 40 + [429]
    assert tap(house).refusal == (429, "RATE_LIMITED")
    assert tap(house, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status == 200


def test_statements_of_a_check_in_and_of_a_refusal(house: HttpHouse, runtime: Runtime) -> None:
    house.booked("09:00")
    counts = []
    for number in ("NOBODY000000", house.patient.mrn):
        with counted_statements(runtime) as statements:
            tap(house, number)
        counts.append(len(statements))
    assert counts == [3, 8]


def test_bad_bodies(house: HttpHouse) -> None:
    for body in ({}, {"mrn": "x"}, {"mrn": "", "dateOfBirth": BORN}, {"mrn": "x", "dateOfBirth": "29.2.1980"}):
        assert house.stranger.post(PATH, body).refusal == (422, "VALIDATION"), body
