"""The timelines of the source documents, minute by minute through HTTP: a no-show, a late check-in, a slot rebooked."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import pytest

from hms.clock import FixedClock
from hms.models import OutgoingMessage
from hms.runtime import Runtime
from tests.support.callers import Caller, HttpHouse
from tests.support.factories import actor_of, make_doctor
from tests.support.visits import rows

TODAY = "2026-01-22"


class Timeline:
    """A doctor with slots of a quarter of an hour, and a clock that goes where the timeline says."""

    def __init__(self, house: HttpHouse, clock: FixedClock) -> None:
        self.house, self.clock = house, clock
        house.doctor = make_doctor(house.runtime, house.hospital, slot_duration=15)
        house.by_doctor = house.caller(actor_of(house.doctor))
        self.at("08:00")

    def at(self, wall: str) -> None:
        """Move to a time of the hospital's day."""
        day = datetime.fromisoformat(TODAY).date()
        self.clock.move_to(datetime.combine(day, time.fromisoformat(wall), self.house.hospital.zone))

    def cron(self, wall: str) -> int:
        """Run the check at a time; return what it did."""
        self.at(wall)
        items: int = self.house.admin.post("/no-show/trigger").data["itemsProcessed"]
        return items

    def slot(self, start: str) -> dict[str, Any]:
        """Return the slot as the booking page sees it."""
        day = self.house.by_patient.get(f"/slots/doctor/{self.house.doctor.id}/date/{TODAY}").data
        found: dict[str, Any] = next(row for row in day if row["startTime"] == start)
        return found

    def visit(self, visit: dict[str, Any]) -> dict[str, Any]:
        """Return an appointment as it is now."""
        data: dict[str, Any] = self.house.admin.get(f"/appointments/{visit['id']}").data
        return data

    def history(self, visit: dict[str, Any]) -> list[str]:
        """Return the states that it went through."""
        return [event["toStatus"] for event in self.house.admin.get(f"/appointments/{visit['id']}/events").data]


@pytest.fixture
def timeline(house: HttpHouse, clock: FixedClock) -> Timeline:
    return Timeline(house, clock)


def test_scenario_a_the_patient_does_not_come(house: HttpHouse, runtime: Runtime, timeline: Timeline) -> None:
    visit = house.by_patient.post("/appointments", house.booking("09:00")).data
    assert visit["noShowDueAt"] == "2026-01-22T03:45:00.000Z"
    assert (timeline.slot("09:00")["isBooked"], timeline.slot("09:15")["isBooked"]) == (True, False)

    for wall in ("09:00", "09:05", "09:10", "09:14:59"):
        assert timeline.cron(wall) == 0, wall
        assert timeline.visit(visit)["status"] == "SCHEDULED"
    assert timeline.cron("09:15") == 1

    assert timeline.visit(visit)["status"] == "NO_SHOW"
    [log] = house.reception.get("/no-show/logs").data
    assert (log["appointmentId"], log["reason"], log["slotTime"], log["timeoutMinutes"]) == (
        visit["id"],
        "AUTO_TIMEOUT",
        "09:00",
        15,
    )
    assert (log["triggeredAt"], log["slotReleased"], log["slotReleasedAt"]) == ("2026-01-22T03:45:00.000Z", False, None)
    assert log["notificationSent"] is True
    sent = rows(runtime, OutgoingMessage, OutgoingMessage.key.startswith(f"no_show:{visit['id']}"))
    assert sorted(message.channel for message in sent) == ["email", "in_app", "sms"]
    assert timeline.slot("09:00")["isAvailable"] is False
    assert timeline.cron("09:20") == 0
    assert timeline.history(visit) == ["SCHEDULED", "NO_SHOW"]


def test_scenario_b_the_patient_comes_late_and_waits(house: HttpHouse, timeline: Timeline) -> None:
    visit = house.by_patient.post("/appointments", house.booking("09:00")).data
    path = f"/appointments/{visit['id']}"
    name = f"Patient Roy {house.patient.last_name} ({house.patient.mrn})"
    assert timeline.cron("09:00") == 0

    timeline.at("09:05")
    here = house.reception.patch(f"{path}/status", {"status": "CHECKED_IN"}).data
    assert here["checkedInAt"] == "2026-01-22T03:35:00.000Z"
    for wall in ("09:10", "09:15"):  # no no-show, and no alert yet
        assert timeline.cron(wall) == 0, wall
    assert timeline.cron("09:20") == 1
    [alert] = house.nurse.get("/no-show/alerts").data
    assert (alert["alertType"], alert["status"], alert["appointmentId"]) == ("NO_VITALS", "ACTIVE", visit["id"])
    assert alert["message"] == f"{name} checked in at 09:05 but vitals not recorded."

    timeline.at("09:22")
    measured = house.nurse.post(f"{path}/vitals", {"systolic": 120, "diastolic": 80}).data
    assert measured["vitalsRecordedAt"] == "2026-01-22T03:52:00.000Z"
    assert active(house.nurse) == []
    assert timeline.cron("09:25") == 1
    [alert] = active(house.by_doctor)
    assert alert["alertType"] == "NO_DOCTOR"
    assert alert["message"] == f"{name} checked in at 09:05, vitals done but doctor not seen patient."

    timeline.at("09:27")
    consultation = house.by_doctor.post("/consultations", {"appointmentId": visit["id"]}).data["id"]
    assert timeline.visit(visit)["status"] == "IN_PROGRESS"
    assert active(house.by_doctor) == []
    assert timeline.cron("09:30") == 0
    timeline.at("09:35")
    done = {"chiefComplaint": "Cough", "diagnosis": [{"text": "Bronchitis"}]}
    assert house.by_doctor.post(f"/consultations/{consultation}/complete", done).data["status"] == "COMPLETED"
    assert timeline.history(visit) == ["SCHEDULED", "CHECKED_IN", "IN_PROGRESS", "COMPLETED"]
    assert house.reception.get("/no-show/logs").data == []


def test_scenario_c_the_slot_is_given_to_somebody_else(house: HttpHouse, timeline: Timeline) -> None:
    visit = house.by_patient.post("/appointments", house.booking("10:00")).data
    second = house.caller(actor_of(house.new_patient(login=True)))
    for wall in ("09:50", "10:00", "10:05"):
        assert timeline.cron(wall) == 0, wall
    assert second.post("/appointments", house.booking("10:00")).refusal == (409, "SLOT_TAKEN")

    timeline.at("10:10")
    marked = house.reception.post(f"/no-show/{visit['id']}", {"reason": "MANUAL_STAFF", "notes": "Called twice"})
    assert (marked.data["reason"], marked.data["slotReleased"]) == ("MANUAL_STAFF", True)
    assert marked.data["slotReleasedAt"] == "2026-01-22T04:40:00.000Z"
    slot = timeline.slot("10:00")
    assert (slot["id"], slot["isBooked"], slot["isAvailable"]) == (visit["slotId"], False, True)
    timeline.at("10:10:01")  # four minutes and 59 seconds before its end
    assert timeline.slot("10:00")["isAvailable"] is False
    assert second.post("/appointments", house.booking("10:00")).refusal == (422, "DATE_IN_PAST")
    timeline.at("10:10")
    rebooked = second.post("/appointments", house.booking("10:00")).data

    assert (rebooked["slotId"], rebooked["noShowDueAt"]) == (visit["slotId"], "2026-01-22T04:55:00.000Z")
    assert timeline.slot("10:00")["isBooked"] is True
    late = house.reception.post(f"/no-show/{visit['id']}/late-arrival", {})
    assert late.refusal == (409, "SLOT_TAKEN")
    for wall, marks in (("10:15", 0), ("10:20", 0), ("10:25", 1)):  # taken at 10:10, it isn't missed at 10:15
        assert timeline.cron(wall) == marks, wall
    logs = house.reception.get("/no-show/logs").data
    assert [(log["appointmentId"], log["slotReleased"]) for log in logs] == [
        (rebooked["id"], False),
        (visit["id"], True),
    ]


def active(who: Caller) -> list[dict[str, Any]]:
    """Return the alerts that still ask for somebody."""
    return [alert for alert in who.get("/no-show/alerts").data if alert["status"] == "ACTIVE"]
