"""Absences over HTTP: the worked examples of a doctor's leave, who may do and see what, and every refusal."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from hms.clock import FixedClock
from hms.domain.absences import AbsenceType
from hms.domain.people import Role
from hms.domain.slots import DayOfWeek
from hms.models import AuditEntry, DoctorAbsence, DoctorSlot, Notification, OutgoingMessage
from hms.runtime import Runtime
from tests.support.callers import Caller, HttpHouse
from tests.support.factories import LONG_AGO, add, make_doctor, make_hospital
from tests.support.visits import rows

TODAY, DAY_2, DAY_3 = "2026-01-22", "2026-01-23", "2026-01-24"
TUESDAY = "2026-01-27"
EMERGENCY = {"absenceType": "EMERGENCY", "startDate": DAY_2, "endDate": DAY_3, "reason": "Family"}
KEYS = {
    *("id", "doctorId", "absenceType", "status", "startDate", "endDate", "isFullDay", "startTime", "endTime"),
    *("reason", "version"),
}


def path(house: HttpHouse, *more: str) -> str:
    return "/".join([f"/doctors/{house.doctor.id}/absences", *more])


def leave(**values: Any) -> dict[str, Any]:
    return {"absenceType": "ANNUAL_LEAVE", "startDate": DAY_2, "endDate": DAY_2} | values


def booked(house: HttpHouse, *times: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        house.booked(start, house.new_patient(first_name=f"Patient {n}"), day) for n, (day, start) in enumerate(times)
    ]


def slots_of(house: HttpHouse, day: str) -> dict[str, tuple[bool, bool, bool]]:
    """Return each slot's isBooked, isBlocked and isAvailable."""
    found = house.by_patient.get(f"/slots/doctor/{house.doctor.id}/date/{day}").data
    return {row["startTime"]: (row["isBooked"], row["isBlocked"], row["isAvailable"]) for row in found}


def told(runtime: Runtime, title: str) -> list[Notification]:
    return rows(runtime, Notification, Notification.title == title)


def status_of(house: HttpHouse, visit: dict[str, Any]) -> str:
    status: str = house.admin.get(f"/appointments/{visit['id']}").data["status"]
    return status


# --- the worked examples


def test_emergency_leave_with_three_patients(house: HttpHouse, runtime: Runtime, clock: FixedClock) -> None:
    visits = booked(house, (DAY_2, "09:00"), (DAY_2, "10:00"), (DAY_2, "11:00"))
    clock.move_to(datetime(2026, 1, 22, 12, 30, tzinfo=UTC))  # 18:00 of day 1

    preview = house.admin.post(f"{path(house)}?preview=true", EMERGENCY)
    assert not rows(runtime, DoctorAbsence)
    assert [status_of(house, visit) for visit in visits] == ["SCHEDULED"] * 3

    reply = house.admin.post(path(house), EMERGENCY)

    assert (preview.status, reply.status) == (200, 201)
    assert set(reply.data) == {"absence", "slotsBlocked", "cancelledAppointments", "patientNotifications"}
    assert set(reply.data["absence"]) == KEYS
    assert (reply.data["absence"]["status"], reply.data["absence"]["reason"]) == ("ACTIVE", "Family")
    counts = {"slotsBlocked": 28, "cancelledAppointments": 3, "patientNotifications": 3}
    for one in (preview, reply):
        assert {key: one.data[key] for key in counts} == counts
        assert one.json["warning"] == {
            "message": "3 existing appointments cancelled",
            "affectedAppointments": [
                {
                    "id": v["id"],
                    "date": DAY_2,
                    "time": v["startTime"],
                    "patient": f"Patient {n} {v['patient']['lastName']}",
                }
                for n, v in enumerate(visits)
            ],
        }
    for visit in visits:
        shown = house.admin.get(f"/appointments/{visit['id']}").data
        assert (shown["status"], shown["version"]) == ("CANCELLED", visit["version"] + 1)
        events = house.admin.get(f"/appointments/{visit['id']}/events").data
        assert events[-1]["reason"] == "Auto-cancelled due to doctor emergency leave"
    assert set(slots_of(house, DAY_2).values()) == {(False, True, False)}
    assert len(slots_of(house, DAY_2)) == 14
    notices = told(runtime, "Appointment Cancelled - Doctor Emergency")
    assert {n.priority for n in notices} == {"HIGH"}
    assert {str(n.patient_id) for n in notices} == {v["patient"]["id"] for v in visits}
    assert (
        "on Friday 23 January 2026 at 09:00 is cancelled"
        in notices[0].message + notices[1].message + notices[2].message
    )
    ids = [n.id for n in notices]
    sent = [m.channel for m in rows(runtime, OutgoingMessage, OutgoingMessage.notification_id.in_(ids))]
    assert sorted(sent) == ["email"] * 3 + ["in_app"] * 3 + ["sms"] * 3

    again = house.admin.post(path(house), EMERGENCY)
    assert again.refusal == (409, "ABSENCE_OVERLAP")
    assert len(told(runtime, "Appointment Cancelled - Doctor Emergency")) == 3


def test_tuesday_removed_with_two_patients(house: HttpHouse, runtime: Runtime) -> None:
    visits = booked(house, (TUESDAY, "09:00"), (TUESDAY, "14:00"))
    week = [
        {"dayOfWeek": day.value, "startTime": "09:00", "endTime": "17:00", "breakStart": "13:00", "breakEnd": "14:00"}
        for day in DayOfWeek
        if day is not DayOfWeek.TUESDAY
    ]

    reply = house.admin.put(f"/doctors/{house.doctor.id}/schedules", {"schedules": week})

    assert reply.json["warning"] == {
        "message": "2 existing appointments affected",
        "affectedAppointments": [{"id": v["id"], "date": TUESDAY, "time": v["startTime"]} for v in visits],
    }
    assert [status_of(house, visit) for visit in visits] == ["SCHEDULED"] * 2
    assert set(slots_of(house, TUESDAY)) == {"09:00", "14:00"}
    notices = told(runtime, "Schedule Change Notification")
    assert {str(n.patient_id) for n in notices} == {v["patient"]["id"] for v in visits}
    assert house.by_patient.post("/appointments", house.booking("10:00", TUESDAY)).code == "OUTSIDE_SCHEDULE"


def test_partial_afternoon_absence(house: HttpHouse, runtime: Runtime) -> None:
    morning, afternoon = booked(house, ("2026-01-25", "12:30"), ("2026-01-25", "15:00"))
    body = leave(startDate="2026-01-25", endDate="2026-01-25", isFullDay=False, startTime="14:00", endTime="17:00")

    reply = house.by_doctor.post(path(house), body)

    assert reply.status == 201
    assert (reply.data["slotsBlocked"], reply.data["cancelledAppointments"]) == (6, 0)
    assert reply.json["warning"]["message"] == "1 existing appointment affected"
    assert [row["id"] for row in reply.json["warning"]["affectedAppointments"]] == [afternoon["id"]]
    shown = slots_of(house, "2026-01-25")
    assert {start for start, (_, blocked, _) in shown.items() if blocked} == {
        *("14:00", "14:30", "15:00", "15:30", "16:00", "16:30")
    }
    assert shown["09:00"] == (False, False, True)
    assert (status_of(house, morning), status_of(house, afternoon)) == ("SCHEDULED", "SCHEDULED")
    [notice] = told(runtime, "Appointment Affected by Doctor Leave")
    assert (notice.priority, str(notice.patient_id)) == ("NORMAL", afternoon["patient"]["id"])
    assert house.by_patient.post("/appointments", house.booking("16:00", "2026-01-25")).code == "DOCTOR_ABSENT"
    assert house.by_patient.post("/appointments", house.booking("09:00", "2026-01-25")).status == 201


# --- who may do and see what


def test_roles_and_ids(house: HttpHouse, runtime: Runtime) -> None:
    colleague = make_doctor(runtime, house.hospital)
    foreign = make_doctor(runtime, make_hospital(runtime, "HMS002"))
    there = house.admin.post(path(house), leave(absenceType="SICK_LEAVE", reason="Knee surgery")).data["absence"]
    free = leave(startDate="2026-01-30", endDate="2026-01-30")
    for role, caller in house.everybody.items():
        wanted = role in {Role.HOSPITAL_ADMIN, Role.DOCTOR}
        assert caller.post(f"{path(house)}?preview=true", free).status == (200 if wanted else 403), role
        assert caller.patch(f"{path(house, there['id'])}?preview=true", {"reason": "x"}).status == (
            200 if wanted else 403
        ), role
        assert caller.delete(f"{path(house, there['id'])}?preview=true").status == (200 if wanted else 403), role
        [seen] = caller.get(path(house)).data
        assert set(seen) == KEYS
        assert seen["reason"] == ("Knee surgery" if wanted else None), role
        assert seen["absenceType"] == (None if role is Role.PATIENT else "SICK_LEAVE"), role
    other = f"/doctors/{colleague.id}/absences"
    assert house.by_doctor.post(other, free).refusal == (403, "FORBIDDEN")
    assert house.stranger.get(path(house)).status == 401
    away = f"/doctors/{foreign.id}/absences"
    assert house.admin.get(away).refusal == (404, "DOCTOR_NOT_FOUND")
    assert house.admin.post(away, free).refusal == (404, "DOCTOR_NOT_FOUND")
    assert house.admin.patch(f"{other}/{there['id']}", {"reason": "x"}).refusal == (404, "NOT_FOUND")
    assert house.admin.delete(path(house, str(uuid4()))).refusal == (404, "NOT_FOUND")


def test_the_list_is_by_start_in_pages_and_cancelled_ones_are_for_staff(house: HttpHouse) -> None:
    days = ["2026-02-03", "2026-01-24", "2026-01-28"]
    ids = [house.admin.post(path(house), leave(startDate=d, endDate=d)).data["absence"]["id"] for d in days]
    assert house.admin.delete(path(house, ids[2])).status == 200

    def listed(caller: Caller, query: str = "") -> list[str]:
        return [row["startDate"] for row in caller.get(path(house) + query).data]

    assert listed(house.by_patient) == ["2026-01-24", "2026-02-03"]
    assert listed(house.by_patient, "?withCancelled=true") == ["2026-01-24", "2026-02-03"]
    assert listed(house.nurse, "?withCancelled=true") == ["2026-01-24", "2026-01-28", "2026-02-03"]
    assert listed(house.nurse, "?from=2026-01-25&to=2026-02-28") == ["2026-02-03"]
    first = house.nurse.get(f"{path(house)}?limit=1")
    assert first.json["meta"]["limit"] == 1
    assert listed(house.nurse, f"?limit=1&cursor={first.json['meta']['nextCursor']}") == ["2026-02-03"]
    assert house.nurse.get(f"{path(house)}?from=2026-02-02&to=2026-02-01").refusal == (422, "VALIDATION")


# --- changes


def test_update_and_cancel_answer_what_their_previews_say(house: HttpHouse, runtime: Runtime) -> None:
    friday, saturday = booked(house, (DAY_2, "09:00"), (DAY_3, "09:00"))
    there = house.by_doctor.post(path(house), leave()).data["absence"]
    one = path(house, there["id"])
    change = {"startDate": DAY_3, "endDate": DAY_3, "version": 1}

    preview = house.by_doctor.patch(f"{one}?preview=true", change)
    reply = house.by_doctor.patch(one, change)
    assert preview.json == reply.json
    assert {key: value for key, value in reply.data.items() if key != "absence"} == {
        "slotsBlocked": 14,
        "slotsUnblocked": 14,
        "cancelledAppointments": 0,
        "patientNotifications": 1,
    }
    assert [row["id"] for row in reply.json["warning"]["affectedAppointments"]] == [saturday["id"]]
    assert reply.data["absence"]["version"] == 2
    stale = house.by_doctor.patch(one, change)
    assert stale.refusal == (409, "STALE_VERSION")
    assert stale.json["error"]["current"]["version"] == 2
    assert house.by_doctor.delete(one, headers={"If-Match": "1"}).refusal == (409, "STALE_VERSION")

    preview = house.by_doctor.delete(f"{one}?preview=true")
    reply = house.by_doctor.delete(one, headers={"If-Match": '"2"'})
    assert preview.json == reply.json
    assert (reply.data["slotsUnblocked"], reply.data["absence"]["status"]) == (14, "CANCELLED")
    assert reply.json["warning"]["message"] == "1 existing appointment no longer affected"
    assert set(slots_of(house, DAY_3).values()) == {(True, False, False), (False, False, True)}
    assert house.by_doctor.patch(one, {"reason": "x"}).refusal == (409, "ABSENCE_CLOSED")
    assert len(told(runtime, "Appointment Affected by Doctor Leave")) == 2
    assert [status_of(house, visit) for visit in (friday, saturday)] == ["SCHEDULED"] * 2


def test_the_same_key_enters_an_absence_once(house: HttpHouse, runtime: Runtime) -> None:
    booked(house, (DAY_2, "09:00"))
    key = {"Idempotency-Key": "leave-1"}
    first = house.admin.post(path(house), EMERGENCY, headers=key)
    again = house.admin.post(path(house), EMERGENCY, headers=key)
    assert (first.status, again.json) == (201, first.json)
    assert len(rows(runtime, DoctorAbsence)) == len(told(runtime, "Appointment Cancelled - Doctor Emergency")) == 1


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        (leave(endDate=TODAY), 422, "ABSENCE_END_BEFORE_START", "endDate"),
        (leave(startDate="2026-01-21"), 422, "ABSENCE_IN_PAST", "startDate"),
        (leave(startTime="09:00"), 422, "ABSENCE_PART_OF_DAY", "startTime"),
        (leave(isFullDay=False), 422, "ABSENCE_PART_OF_DAY", "startTime"),
        (leave(isFullDay=False, startTime="09:00", endTime="09:00"), 422, "ABSENCE_PART_OF_DAY", "endTime"),
        (
            leave(isFullDay=False, endDate=DAY_3, startTime="09:00", endTime="10:00"),
            422,
            "ABSENCE_PART_OF_DAY",
            "endDate",
        ),
        (leave(startDate=TUESDAY, endDate=TUESDAY), 409, "ABSENCE_OVERLAP", "startDate"),
        (leave(absenceType="HANGOVER"), 422, "VALIDATION", "absenceType"),
        (leave(startDate="2026-02-30"), 422, "VALIDATION", "startDate"),
        (leave(isFullDay=False, startTime="25:00", endTime="26:00"), 422, "VALIDATION", "startTime"),
        (leave(reason="x" * 401), 422, "VALIDATION", "reason"),
        (leave(status="CANCELLED"), 422, "VALIDATION", "status"),
        ({"absenceType": "OTHER"}, 422, "VALIDATION", "startDate"),
    ],
)
def test_refusals_name_the_field_and_change_nothing(
    house: HttpHouse, runtime: Runtime, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    add(
        runtime,
        DoctorAbsence(
            hospital_id=house.hospital.id,
            doctor_id=house.doctor.id,
            absence_type=AbsenceType.TRAINING,
            start_date=date.fromisoformat(TUESDAY),
            end_date=date.fromisoformat(TUESDAY),
            created_at=LONG_AGO,
        ),
    )
    for query in ("?preview=true", ""):
        reply = house.admin.post(path(house) + query, body)
        assert reply.refusal == (status, code)
        assert field in {detail["field"] for detail in reply.json["error"]["details"]}
        assert code != "ABSENCE_OVERLAP" or "27 January 2026 (training)" in reply.json["error"]["message"]
    assert len(rows(runtime, DoctorAbsence)) == 1
    assert rows(runtime, DoctorSlot) == rows(runtime, Notification) == rows(runtime, AuditEntry) == []


# --- doctors who take no more patients, and those who do again


def test_unavailable_lists_who_is_cancelled_and_available_again_brings_nothing_back(house: HttpHouse) -> None:
    first, second = booked(house, (DAY_2, "09:00"), (DAY_3, "10:00"))
    here = house.booked("11:00")
    house.reception.patch(f"/appointments/{here['id']}/status", {"status": "CHECKED_IN"})
    doctor = f"/doctors/{house.doctor.id}"

    preview = house.admin.patch(f"{doctor}?preview=true", {"isAvailable": False})
    assert house.by_patient.get(doctor).data["isAvailable"] is True
    login = house.admin.patch(f"/users/{house.doctor.user_id}?preview=true", {"isActive": False})
    reply = house.admin.patch(doctor, {"isAvailable": False})

    assert preview.json == reply.json
    assert login.json["warning"] == reply.json["warning"]
    warning = reply.json["warning"]
    assert warning["message"] == "2 existing appointments cancelled; 1 patient already checked in, please talk to them"
    assert [(row["id"], row["date"], row["time"]) for row in warning["affectedAppointments"]] == [
        (first["id"], DAY_2, "09:00"),
        (second["id"], DAY_3, "10:00"),
    ]
    assert warning["affectedAppointments"][0]["patient"].startswith("Patient 0 ")
    assert set(slots_of(house, DAY_2).values()) == {(False, False, False)}

    back = house.admin.patch(doctor, {"isAvailable": True})
    assert (set(back.json), back.data["cancelledAppointments"]) == ({"success", "data"}, 0)
    assert set(slots_of(house, DAY_2).values()) == {(False, False, True)}
    assert [status_of(house, visit) for visit in (first, second, here)] == ["CANCELLED", "CANCELLED", "CHECKED_IN"]
