"""Slots over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select

from hms.clock import FixedClock
from hms.domain.people import Role
from hms.domain.slots import DayOfWeek
from hms.models import DoctorSlot
from hms.runtime import Runtime
from tests.support.callers import HttpHouse, counted_statements
from tests.support.factories import WEEKDAYS, actor_of, make_doctor, make_holiday, make_hospital

KEYS = {
    "id",
    "doctorId",
    "slotDate",
    "startTime",
    "endTime",
    "startsAt",
    "endsAt",
    "isBooked",
    "isBlocked",
    "isAvailable",
}
TODAY = "2026-01-22"
SUNDAY = "2026-01-25"


def stored(runtime: Runtime) -> int:
    return runtime.read(lambda session: session.scalar(select(func.count()).select_from(DoctorSlot)) or 0)


def test_a_day_that_nobody_looked_at_is_generated_on_the_spot(house: HttpHouse, runtime: Runtime) -> None:
    path = f"/slots/doctor/{house.doctor.id}/date/{TODAY}"

    first = house.by_patient.get(path)
    again = house.by_patient.get(path)

    assert first.status == 200
    assert first.json["meta"] == {"nextCursor": None, "limit": 500}
    assert [row["startTime"] for row in first.data][:3] == ["09:00", "09:30", "10:00"]
    assert len(first.data) == 14
    assert set(first.data[0]) == KEYS
    assert first.data[0] | {"id": None} == {
        "id": None,
        "doctorId": str(house.doctor.id),
        "slotDate": TODAY,
        "startTime": "09:00",
        "endTime": "09:30",
        "startsAt": "2026-01-22T03:30:00.000Z",
        "endsAt": "2026-01-22T04:00:00.000Z",
        "isBooked": False,
        "isBlocked": False,
        "isAvailable": True,
    }
    assert again.data == first.data
    assert stored(runtime) == 14


def test_days_outside_of_the_horizon_are_empty_and_stay_so(house: HttpHouse, runtime: Runtime) -> None:
    for day in ("2026-01-21", "2026-02-22", "2026-03-01", "1900-01-01", "9999-12-31", "0001-01-01"):
        reply = house.by_patient.get(f"/slots/doctor/{house.doctor.id}/date/{day}")
        assert (reply.status, reply.data) == (200, []), day

    assert stored(runtime) == 0


def test_reading_a_day_off_never_writes(house: HttpHouse, runtime: Runtime) -> None:
    doctor = make_doctor(runtime, house.hospital, days=WEEKDAYS)
    make_holiday(runtime, house.hospital, datetime(2026, 1, 26).date())  # noqa: DTZ001 -- a date

    with counted_statements(runtime) as statements:
        replies = [house.by_patient.get(f"/slots/doctor/{doctor.id}/date/{day}") for day in (SUNDAY, "2026-01-26")]

    assert [reply.data for reply in replies] == [[], []]
    assert [statement for statement in statements if not statement.lstrip().startswith(("SELECT", "(SELECT"))] == []


def test_one_day_costs_one_look_at_the_session_and_one_at_the_slots(house: HttpHouse, runtime: Runtime) -> None:
    path = f"/slots/doctor/{house.doctor.id}/date/{TODAY}"
    house.by_patient.get(path)

    with counted_statements(runtime) as statements:
        assert house.by_patient.get(path).status == 200

    assert len(statements) == 2


def test_booked_blocked_and_past_slots_are_not_available(house: HttpHouse, clock: FixedClock) -> None:
    house.booked("10:00")
    slots = {row["startTime"]: row for row in _day(house)}
    reply = house.by_doctor.patch(f"/slots/{slots['11:00']['id']}/block", {"blocked": True, "reason": "Meeting"})
    assert set(reply.data) == KEYS
    assert reply.data["isBlocked"]
    clock.advance(timedelta(minutes=31))  # 09:26, the slot of 09:00 ends at 09:30

    slots = {row["startTime"]: row for row in _day(house)}
    flags = {time: (row["isBooked"], row["isBlocked"], row["isAvailable"]) for time, row in slots.items()}
    assert flags["09:00"] == (False, False, False)
    assert flags["09:30"] == (False, False, True)
    assert flags["10:00"] == (True, False, False)
    assert flags["11:00"] == (False, True, False)

    free = house.by_patient.get(f"/slots/doctor/{house.doctor.id}").data
    assert [row["startTime"] for row in free][:4] == ["09:30", "10:30", "11:30", "12:00"]

    assert house.by_doctor.patch(f"/slots/{slots['11:00']['id']}/block", {"blocked": False}).data["isAvailable"]
    held = house.by_doctor.patch(f"/slots/{slots['10:00']['id']}/block", {"blocked": True, "reason": "Meeting"})
    assert held.refusal == (409, "SLOT_HELD")


def test_a_range_is_read_in_parts(house: HttpHouse) -> None:
    path = f"/slots/doctor/{house.doctor.id}/range?from={TODAY}&to=2026-01-24&limit=20"
    first = house.reception.get(path)
    second = house.reception.get(f"{path}&cursor={first.json['meta']['nextCursor']}")
    third = house.reception.get(f"{path}&cursor={second.json['meta']['nextCursor']}")

    starts = [row["startsAt"] for reply in (first, second, third) for row in reply.data]
    assert [len(reply.data) for reply in (first, second, third)] == [20, 20, 2]
    assert starts == sorted(set(starts))
    assert third.json["meta"] == {"nextCursor": None, "limit": 20}


def test_generate_is_the_admins_and_changes_nothing_the_second_time(house: HttpHouse) -> None:
    path = f"/slots/generate/{house.doctor.id}"

    first = house.admin.post(path, {"days": 1})
    second = house.admin.post(path, {"days": 1})
    horizon = house.admin.post(path)

    assert first.data == {"first": TODAY, "last": "2026-01-23", "created": 28}
    assert second.data["created"] == 0
    assert horizon.data == {"first": TODAY, "last": "2026-02-21", "created": 29 * 14}


def test_regenerate_keeps_what_is_booked(house: HttpHouse) -> None:
    house.admin.post(f"/slots/generate/{house.doctor.id}", {"days": 0})
    house.booked("10:00")

    reply = house.by_doctor.post(f"/slots/regenerate/{house.doctor.id}")

    assert set(reply.data) == {"held", "kept", "removed", "created"}
    assert reply.data["held"] == 1
    assert reply.data["kept"] == 13


def test_roles(house: HttpHouse, runtime: Runtime) -> None:
    other = make_doctor(runtime, house.hospital)
    slot = _day(house)[0]["id"]
    allowed = {Role.HOSPITAL_ADMIN: {"generate", "regenerate", "block"}, Role.DOCTOR: {"regenerate", "block"}}
    for role, caller in house.everybody.items():
        replies = {
            "generate": caller.post(f"/slots/generate/{house.doctor.id}", {"days": 0}),
            "regenerate": caller.post(f"/slots/regenerate/{house.doctor.id}"),
            "block": caller.patch(f"/slots/{slot}/block", {"blocked": False}),
        }
        got = {name for name, reply in replies.items() if reply.status == 200}
        assert got == allowed.get(role, set()), role
        assert {reply.code for reply in replies.values() if reply.status != 200} <= {"FORBIDDEN"}
    assert house.by_doctor.post(f"/slots/regenerate/{other.id}").refusal == (403, "FORBIDDEN")
    assert house.stranger.get(f"/slots/doctor/{house.doctor.id}").refusal == (401, "UNAUTHENTICATED")


def test_another_hospitals_ids_do_not_exist(house: HttpHouse, runtime: Runtime) -> None:
    theirs = make_hospital(runtime, "HMS002")
    doctor = make_doctor(runtime, theirs)
    slot = house.caller(actor_of(doctor)).get(f"/slots/doctor/{doctor.id}/date/{TODAY}").data[0]["id"]

    paths = [f"/slots/doctor/{doctor.id}{rest}" for rest in ("", f"/date/{TODAY}", f"/range?from={TODAY}&to={TODAY}")]
    for path in [*paths, f"/slots/doctor/{uuid4()}"]:
        assert house.admin.get(path).refusal == (404, "DOCTOR_NOT_FOUND"), path
    assert house.admin.post(f"/slots/generate/{doctor.id}", {}).refusal == (404, "DOCTOR_NOT_FOUND")
    assert house.admin.post(f"/slots/regenerate/{doctor.id}").refusal == (404, "DOCTOR_NOT_FOUND")
    assert house.admin.patch(f"/slots/{slot}/block", {"blocked": True}).refusal == (404, "NOT_FOUND")
    assert house.admin.get("/slots/doctor/not-a-uuid").refusal == (404, "NOT_FOUND")


def test_bad_ranges_are_refused(house: HttpHouse) -> None:
    good = f"from={TODAY}&to={TODAY}"
    for query in (
        "",
        f"from={TODAY}",
        f"from={TODAY}&to=2026-01-21",
        f"from={TODAY}&to=2026-03-25",
        f"from={TODAY}&to=2026-02-30",
        f"from={TODAY}&to=tomorrow",
        f"{good}&to={TODAY}",
        f"{good}&page=2",
        f"{good}&limit=0",
        f"{good}&limit=1001",
        f"{good}&cursor=abc",
        f"{good}&cursor=WzEsMl0",
    ):
        reply = house.by_patient.get(f"/slots/doctor/{house.doctor.id}/range?{query}")
        assert reply.refusal == (422, "VALIDATION"), query
        assert reply.json["error"]["details"], query


def test_bad_dates_are_refused(house: HttpHouse) -> None:
    for day in ("2026-02-30", "22-01-2026", "today", "20260122", "2026-1-2", "2026-01-22T00:00"):
        reply = house.by_patient.get(f"/slots/doctor/{house.doctor.id}/date/{day}")
        assert reply.refusal == (422, "VALIDATION"), day
        assert reply.json["error"]["details"][0]["field"] == "day"


def test_a_doctor_who_works_mondays_only_has_slots_on_mondays_only(house: HttpHouse, runtime: Runtime) -> None:
    doctor = make_doctor(runtime, house.hospital, days=[DayOfWeek.MONDAY])

    rows = house.by_patient.get(f"/slots/doctor/{doctor.id}/range?from={TODAY}&to=2026-02-10").data

    assert {row["slotDate"] for row in rows} == {"2026-01-26", "2026-02-02", "2026-02-09"}


def test_regenerating_is_previewed(house: HttpHouse, runtime: Runtime) -> None:
    path = f"/slots/regenerate/{house.doctor.id}"
    preview = house.by_doctor.post(f"{path}?preview=true")
    assert preview.data == {"held": 0, "kept": 0, "removed": 0, "created": 31 * 14}
    assert stored(runtime) == 0
    assert house.by_doctor.post(path).data == preview.data
    assert stored(runtime) == 31 * 14


def test_bookable_times_are_generated_when_somebody_asks_for_them(house: HttpHouse) -> None:
    assert len(house.by_patient.get(f"/slots/doctor/{house.doctor.id}").data) == 31 * 14


def test_time_that_is_over_is_not_blocked(house: HttpHouse, clock: FixedClock) -> None:
    slot = _day(house)[0]["id"]
    clock.advance(timedelta(minutes=35))  # 09:30
    assert house.by_doctor.patch(f"/slots/{slot}/block", {"blocked": True}).refusal == (422, "DATE_IN_PAST")
    assert house.by_doctor.patch(f"/slots/{slot}/block", {"blocked": False}).status == 200


def test_first_free_times_of_a_specialty(house: HttpHouse, runtime: Runtime, clock: FixedClock) -> None:
    eyes = [make_doctor(runtime, house.hospital, specialization="Eyes", days=days) for days in (WEEKDAYS, WEEKDAYS[:1])]
    away = make_doctor(runtime, house.hospital, specialization="Eyes", is_available=False)
    full = make_doctor(runtime, house.hospital, specialization="Eyes", max_patients_per_day=0)
    for doctor in (*eyes, away, full, house.doctor):
        house.admin.post(f"/slots/generate/{doctor.id}", {"days": 30})
    body = house.booking("09:00", doctorId=str(eyes[0].id), patientId=str(house.patient.id))
    assert house.reception.post("/appointments", body).status == 201
    second = house.by_patient.get(f"/slots/doctor/{eyes[0].id}/date/{TODAY}").data[1]
    assert second["startTime"] == "09:30"
    assert house.admin.patch(f"/slots/{second['id']}/block", {"blocked": True}).status == 200

    with counted_statements(runtime) as statements:
        found = house.by_patient.get("/slots/first-free?specialization=Eyes")

    assert len(statements) <= 3
    assert [(row["doctorId"], row["slotDate"], row["startTime"]) for row in found.data] == [
        (str(eyes[0].id), TODAY, "10:00"),
        (str(eyes[1].id), "2026-01-26", "09:00"),
    ]
    assert set(found.data[0]) >= {"slotId", "firstName", "lastName", "specialization", "startsAt", "endsAt", "endTime"}
    later = house.by_patient.get("/slots/first-free?specialization=Eyes&from=2026-01-24&limit=1").data
    assert [(row["slotDate"], row["startTime"]) for row in later] == [("2026-01-26", "09:00")]
    anybody = house.by_patient.get("/slots/first-free").data
    assert anybody[0]["doctorId"] == str(house.doctor.id)
    clock.advance(timedelta(minutes=61))  # 09:56: a time that ends at 10:00 is past by now
    assert house.by_patient.get("/slots/first-free").data[0]["startTime"] == "10:00"
    assert house.by_patient.get("/slots/first-free?specialization=Nose").data == []
    assert house.by_patient.get("/slots/first-free?limit=0").refusal == (422, "VALIDATION")
    assert house.stranger.get("/slots/first-free").refusal == (401, "UNAUTHENTICATED")


def _day(house: HttpHouse, day: str = TODAY) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = house.by_patient.get(f"/slots/doctor/{house.doctor.id}/date/{day}").data
    return rows
