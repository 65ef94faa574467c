"""The review list over HTTP: why each visit is there, in parts, decided one by one or many at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hms.clock import FixedClock
from hms.models import NoShowPenalty
from hms.runtime import Runtime
from tests.support.callers import HttpHouse, cost_alike, counted_statements
from tests.support.factories import make_doctor, make_holiday
from tests.support.visits import rows

STARTS = ("09:00", "09:30", "10:00", "10:30")


def held_back(house: HttpHouse, clock: FixedClock, starts: tuple[str, ...] = STARTS[:3]) -> list[dict[str, Any]]:
    """Book visits, close the hospital on their day, sweep, and return them."""
    visits = [house.booked(start, house.new_patient()) for start in starts]
    make_holiday(house.runtime, house.hospital, clock.now().date())
    clock.advance(timedelta(hours=3))
    assert house.admin.post("/no-show/trigger").data["itemsProcessed"] == 0
    return visits


def test_what_a_human_must_decide(house: HttpHouse, clock: FixedClock, runtime: Runtime) -> None:
    visits = held_back(house, clock)

    reviews = house.reception.get("/no-show/reviews")
    assert [row["appointmentId"] for row in reviews.data] == [visit["id"] for visit in visits]
    assert (reviews.data[0]["reason"], reviews.data[0]["canDecide"]) == ("HOSPITAL_HOLIDAY", True)
    assert reviews.data[0]["why"] == "The hospital was closed on that day."
    assert reviews.json["meta"] == {"nextCursor": None, "limit": 200}

    decisions = {"NO_SHOW": "NO_SHOW", "ATTENDED": "COMPLETED", "CLINIC_FAULT": "CANCELLED"}
    for row, (decision, status) in zip(reviews.data, decisions.items(), strict=True):
        path, seen = f"/no-show/reviews/{row['appointmentId']}", {"version": row["version"], "note": "Asked"}
        assert house.nurse.post(path, {"decision": decision}).refusal == (403, "FORBIDDEN")
        assert house.reception.post(path, {"decision": "MAYBE"}).refusal == (422, "VALIDATION")
        assert house.reception.post(path, {"decision": decision, **seen}).data["status"] == status
        assert house.reception.post(path, {"decision": decision}).refusal == (404, "NOT_FOUND")
    assert house.reception.get("/no-show/reviews").data == []
    assert [str(row.appointment_id) for row in rows(runtime, NoShowPenalty)] == [visits[0]["id"]]


def test_the_list_is_read_in_parts_and_filtered(house: HttpHouse, clock: FixedClock, runtime: Runtime) -> None:
    visits = [visit["id"] for visit in held_back(house, clock)]
    house.booked("09:00", house.new_patient(), day="2026-01-24")
    colleague = make_doctor(runtime, house.hospital)

    def found(query: str) -> list[str]:
        return [row["appointmentId"] for row in house.reception.get(f"/no-show/reviews?{query}").data]

    first = house.reception.get("/no-show/reviews?limit=2")
    second = house.reception.get(f"/no-show/reviews?limit=2&cursor={first.json['meta']['nextCursor']}")
    assert [row["appointmentId"] for page in (first, second) for row in page.data] == visits
    assert second.json["meta"] == {"nextCursor": None, "limit": 2}
    assert found("reason=HOSPITAL_HOLIDAY") == found(f"doctorId={house.doctor.id}") == visits
    assert found("reason=DOCTOR_ABSENT") == found(f"doctorId={colleague.id}") == found("reason=LEFT_OPEN") == []


def test_what_was_left_open_says_so(house: HttpHouse, clock: FixedClock) -> None:
    visit = house.booked("09:00")
    house.reception.patch(f"/appointments/{visit['id']}/status", {"status": "CHECKED_IN"})
    assert house.reception.get("/no-show/reviews").data == []
    clock.advance(timedelta(days=1))

    [row] = house.reception.get("/no-show/reviews?reason=LEFT_OPEN").data

    assert (row["appointmentId"], row["canDecide"], row["openedAt"]) == (visit["id"], False, None)
    assert row["why"] == "The patient was checked in, and the visit was never ended."
    bulk = {"items": [{"appointmentId": visit["id"]}], "decision": "ATTENDED"}
    [result] = house.reception.post("/no-show/reviews", bulk).data
    assert (result["status"], result["code"]) == (None, "INVALID_TRANSITION")


@pytest.mark.parametrize(
    ("decision", "status"), [("NO_SHOW", "NO_SHOW"), ("ATTENDED", "COMPLETED"), ("CLINIC_FAULT", "CANCELLED")]
)
def test_many_are_decided_at_once(
    house: HttpHouse, clock: FixedClock, runtime: Runtime, decision: str, status: str
) -> None:
    visits = held_back(house, clock)
    listed = house.reception.get("/no-show/reviews").data
    items = [{"appointmentId": row["appointmentId"], "version": row["version"]} for row in listed]

    reply = house.reception.post(
        "/no-show/reviews", {"items": list(reversed(items)), "decision": decision, "note": "Asked"}
    )

    assert [(row["appointmentId"], row["status"], row["code"]) for row in reply.data] == [
        (visit["id"], status, None) for visit in reversed(visits)
    ]
    assert house.reception.get("/no-show/reviews").data == []
    for visit in visits:
        assert house.reception.get(f"/appointments/{visit['id']}").data["status"] == status
        events = house.reception.get(f"/appointments/{visit['id']}/events").data
        assert [event["toStatus"] for event in events][-1] == status
    assert len(rows(runtime, NoShowPenalty)) == (3 if decision == "NO_SHOW" else 0)


def test_what_changed_meanwhile_stops_none_of_the_others(house: HttpHouse, clock: FixedClock) -> None:
    first, second, third = (visit["id"] for visit in held_back(house, clock))
    house.reception.post(f"/no-show/reviews/{first}", {"decision": "ATTENDED"})
    elsewhere = "00000000-0000-7000-8000-000000000000"
    items = [
        {"appointmentId": first},
        {"appointmentId": second, "version": 1},
        {"appointmentId": third},
        {"appointmentId": elsewhere},
    ]

    reply = house.reception.post("/no-show/reviews", {"items": items, "decision": "NO_SHOW"})

    assert [(row["status"], row["code"]) for row in reply.data] == [
        (None, "NOT_FOUND"),
        (None, "STALE_VERSION"),
        ("NO_SHOW", None),
        (None, "NOT_FOUND"),
    ]
    assert [row["appointmentId"] for row in house.reception.get("/no-show/reviews").data] == [second]
    twice = {"items": [{"appointmentId": second}] * 2, "decision": "NO_SHOW"}
    for body in (twice, {"items": [], "decision": "NO_SHOW"}):
        assert house.reception.post("/no-show/reviews", body).refusal == (422, "VALIDATION")
    assert house.nurse.post("/no-show/reviews", {"items": items, "decision": "NO_SHOW"}).refusal == (403, "FORBIDDEN")


def test_the_statements_do_not_grow_with_the_visits(house: HttpHouse, clock: FixedClock, runtime: Runtime) -> None:
    visits = held_back(house, clock, (*STARTS, "11:00"))

    def cost(chosen: list[dict[str, Any]]) -> int:
        body = {"items": [{"appointmentId": visit["id"]} for visit in chosen], "decision": "NO_SHOW"}
        with counted_statements(runtime) as statements:
            assert {row["status"] for row in house.reception.post("/no-show/reviews", body).data} == {"NO_SHOW"}
        return len(statements)

    assert cost_alike(cost(visits[:1]), cost(visits[1:]))
