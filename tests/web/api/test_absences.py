"""Absences over HTTP: the worked examples of a doctor's leave, who may do and see what, and every refusal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from hms.clock import FixedClock
from hms.domain.people import Role
from hms.domain.slots import DayOfWeek
from hms.models import AuditEntry, DoctorAbsence, DoctorSlot, Notification, OutgoingMessage
from hms.runtime import Runtime
from tests.support.callers import HttpHouse, Reply
from tests.support.factories import make_doctor, make_hospital
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
