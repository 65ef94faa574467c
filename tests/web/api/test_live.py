"""The cheap look that open pages take every few seconds."""

from __future__ import annotations

from datetime import timedelta

from hms.clock import FixedClock
from hms.runtime import Runtime
from tests.support.callers import Caller, HttpHouse, Reply, counted_statements
from tests.support.factories import actor_of


def look(caller: Caller, after: Reply | None = None) -> Reply:
    return caller.get("/live", headers={"If-None-Match": after.headers["ETag"]} if after else {})


def test_nothing_new_is_304_and_costs_two_statements(house: HttpHouse, runtime: Runtime) -> None:
    house.booked("10:00")
    first = look(house.reception)

    with counted_statements(runtime) as statements:
        again = look(house.reception, first)

    assert (again.status, again.raw) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert len(statements) == 2
    assert first.headers["Cache-Control"] == "private, no-cache"
    figures = {"unreadNotifications", "activeAlerts", "latestAlertId"}
    assert set(first.data) == {"version", "at", "today", "board"} | figures


def test_each_change_is_news(house: HttpHouse, clock: FixedClock) -> None:
    seen = look(house.reception)
    assert seen.data["board"] == {}

    visit = house.booked("10:00")
    after_booking = look(house.reception, seen)
    assert (after_booking.status, after_booking.data["board"]) == (200, {"SCHEDULED": 1})

    house.nurse.patch(f"/appointments/{visit['id']}/status", {"status": "CHECKED_IN"})
    after_check_in = look(house.reception, after_booking)
    assert after_check_in.data["board"] == {"CHECKED_IN": 1}

    clock.advance(timedelta(minutes=1))  # waiting times count up
    assert look(house.reception, after_check_in).status == 200


def test_everybody_sees_their_own_figures(house: HttpHouse) -> None:
    house.booked("10:00")
    house.booked("11:00", house.new_patient())
    stranger = house.caller(actor_of(house.new_patient(login=True)))

    assert look(house.by_doctor).data["board"] == {"SCHEDULED": 2}
    assert look(house.by_patient).data["board"] == {"SCHEDULED": 1}
    assert look(house.by_patient).data["unreadNotifications"] == 1
    assert look(stranger).data["board"] == {}
    assert look(house.stranger).refusal == (401, "UNAUTHENTICATED")


def test_one_persons_tag_is_not_anothers(house: HttpHouse) -> None:
    assert look(house.by_patient, look(house.reception)).status == 200
