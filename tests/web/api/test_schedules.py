"""Weekly schedules over HTTP."""

from __future__ import annotations

from typing import Any

from hms.domain.people import Role
from hms.domain.slots import DayOfWeek
from hms.models import Notification
from hms.runtime import Runtime
from tests.support.callers import HttpHouse
from tests.support.factories import make_doctor, make_hospital
from tests.support.visits import rows

KEYS = {"id", "doctorId", "dayOfWeek", "startTime", "endTime", "breakStart", "breakEnd", "isActive"}


def hours(day: DayOfWeek, start: str = "09:00", end: str = "17:00", **more: Any) -> dict[str, Any]:
    return {"dayOfWeek": day.value, "startTime": start, "endTime": end} | more


EVERY_DAY = [hours(day) for day in DayOfWeek]


def test_the_week_is_shown_monday_first(house: HttpHouse) -> None:
    reply = house.by_doctor.get(f"/doctors/{house.doctor.id}/schedules")

    assert [row["dayOfWeek"] for row in reply.data] == [day.value for day in DayOfWeek]
    assert set(reply.data[0]) == KEYS
    shown = {key: reply.data[0][key] for key in ("startTime", "endTime", "breakStart", "breakEnd", "isActive")}
    assert shown == {
        "startTime": "09:00",
        "endTime": "17:00",
        "breakStart": "13:00",
        "breakEnd": "14:00",
        "isActive": True,
    }


def test_a_change_that_touches_nobody_has_no_warning(house: HttpHouse) -> None:
    reply = house.by_doctor.put(f"/doctors/{house.doctor.id}/schedules", {"schedules": EVERY_DAY})

    assert set(reply.json) == {"success", "data"}
    assert len(reply.data) == 7
    assert set(reply.data[0]) == KEYS


def test_a_change_warns_of_visits_that_fall_outside(house: HttpHouse, runtime: Runtime) -> None:
    visits = [house.booked("09:00", house.new_patient(), day="2026-01-23"), house.booked("16:00")]
    house.booked("11:00", house.new_patient())
    body = {"schedules": [hours(day, "10:00", "16:00") for day in DayOfWeek]}
    path = f"/doctors/{house.doctor.id}/schedules"
    told_before = len(rows(runtime, Notification))

    preview = house.admin.put(f"{path}?preview=true", body)
    assert len(house.admin.get(path).data) == 7
    assert house.admin.get(path).data[0]["startTime"] == "09:00"
    assert len(rows(runtime, Notification)) == told_before

    reply = house.admin.put(path, body)

    assert reply.json["warning"] == preview.json["warning"]
    assert reply.json["warning"] == {
        "message": "2 existing appointments affected",
        "affectedAppointments": [
            {"id": visits[1]["id"], "date": "2026-01-22", "time": "16:00"},
            {"id": visits[0]["id"], "date": "2026-01-23", "time": "09:00"},
        ],
    }
    assert house.admin.get(path).data[0]["startTime"] == "10:00"
    assert len(rows(runtime, Notification)) == told_before + 2
    assert [house.admin.get(f"/appointments/{visit['id']}").data["status"] for visit in visits] == ["SCHEDULED"] * 2


def test_one_affected_visit_is_one(house: HttpHouse) -> None:
    house.booked("10:00")

    reply = house.admin.put(f"/doctors/{house.doctor.id}/schedules", {"schedules": []})

    assert reply.json["warning"]["message"] == "1 existing appointment affected"


def test_roles_and_ids(house: HttpHouse, runtime: Runtime) -> None:
    colleague = make_doctor(runtime, house.hospital)
    foreign = make_doctor(runtime, make_hospital(runtime, "HMS002"))
    body = {"schedules": EVERY_DAY}
    for role, caller in house.everybody.items():
        wanted = 200 if role in {Role.HOSPITAL_ADMIN, Role.DOCTOR} else 403
        assert caller.get(f"/doctors/{house.doctor.id}/schedules").status == wanted, role
        assert caller.put(f"/doctors/{house.doctor.id}/schedules", body).status == wanted, role
    assert house.by_doctor.get(f"/doctors/{colleague.id}/schedules").refusal == (403, "FORBIDDEN")
    assert house.by_doctor.put(f"/doctors/{colleague.id}/schedules", body).refusal == (403, "FORBIDDEN")
    assert house.admin.get(f"/doctors/{foreign.id}/schedules").refusal == (404, "DOCTOR_NOT_FOUND")
    assert house.admin.put(f"/doctors/{foreign.id}/schedules", body).refusal == (404, "DOCTOR_NOT_FOUND")


def test_a_bad_week_is_refused_and_changes_nothing(house: HttpHouse) -> None:
    path = f"/doctors/{house.doctor.id}/schedules"
    before = house.admin.get(path).data
    monday = DayOfWeek.MONDAY
    cases: dict[str, tuple[Any, str]] = {
        "end before start": ([hours(monday, "17:00", "09:00")], "SCHEDULE_INVALID"),
        "half a break": ([hours(monday, breakStart="12:00")], "SCHEDULE_INVALID"),
        "break upside down": ([hours(monday, breakStart="13:00", breakEnd="12:00")], "SCHEDULE_INVALID"),
        "break outside": ([hours(monday, breakStart="08:00", breakEnd="09:30")], "SCHEDULE_INVALID"),
        "overlap": ([hours(monday), hours(monday, "16:00", "18:00")], "SCHEDULE_OVERLAP"),
        "no day": ([{"startTime": "09:00", "endTime": "10:00"}], "VALIDATION"),
        "unknown day": ([hours(monday) | {"dayOfWeek": "FUNDAY"}], "VALIDATION"),
        "seconds": ([hours(monday, "09:00:30")], "VALIDATION"),
        "25 o'clock": ([hours(monday, "25:00")], "VALIDATION"),
        "a number": ([hours(monday) | {"startTime": 32400}], "VALIDATION"),
        "unknown field": ([hours(monday, lunch="12:00")], "VALIDATION"),
        "not a list": (hours(monday), "VALIDATION"),
        "too many": ([hours(monday)] * 71, "VALIDATION"),
    }
    for name, (week, code) in cases.items():
        reply = house.admin.put(path, {"schedules": week})
        assert reply.refusal == (422, code), name
        assert reply.json["error"]["details"], name
        assert house.admin.put(f"{path}?preview=true", {"schedules": week}).refusal == (422, code), name
    assert house.admin.put(f"{path}?preview=maybe", {"schedules": EVERY_DAY}).refusal == (422, "VALIDATION")
    assert house.admin.get(path).data == before
