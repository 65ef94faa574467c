"""The queues over HTTP: whose turn it is, who may look, and that yesterday's patients are elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from hms.clock import FixedClock
from hms.domain.people import Role
from hms.runtime import Runtime
from tests.support.callers import Caller, HttpHouse, counted_statements
from tests.support.factories import actor_of, make_doctor, make_hospital

VITALS = {"systolic": 120, "diastolic": 80}


class Morning:
    """Three patients of one doctor: for 09:00, here at 09:20; for 09:30, at 09:10; for 10:00, at 09:25."""

    def __init__(self, house: HttpHouse, clock: FixedClock) -> None:
        self.house, self.start = house, clock.now()  # 08:55
        booked = [house.booked(at, house.new_patient()) for at in ("09:00", "09:30", "10:00")]
        self.late, self.early, self.next = (row["id"] for row in booked)
        for minutes, visit in ((15, self.early), (25, self.late), (30, self.next)):
            clock.move_to(self.start + timedelta(minutes=minutes))
            self.set(visit, "CHECKED_IN")
        self.queue = f"/queues/doctor/{house.doctor.id}"

    def set(self, visit: str, status: str) -> None:
        assert self.house.reception.patch(f"/appointments/{visit}/status", {"status": status}).status == 200

    def measure(self, visit: str) -> None:
        assert self.house.nurse.post(f"/appointments/{visit}/vitals", VITALS).status == 200

    def ids(self, path: str, who: Caller | None = None, part: str | None = None) -> list[str]:
        data: Any = (who or self.house.nurse).get(path).data
        return [row["appointmentId"] for row in (data[part] if part else data)]


@pytest.fixture
def morning(house: HttpHouse, clock: FixedClock) -> Morning:
    return Morning(house, clock)


def test_the_nurses_queue_is_in_the_order_of_turns(house: HttpHouse, morning: Morning) -> None:
    assert morning.ids("/queues/vitals") == [morning.late, morning.early, morning.next]
    first = house.nurse.get("/queues/vitals").data[0]
    assert first | {"patient": None, "doctor": None} == {
        "appointmentId": morning.late,
        "version": 2,
        "status": "CHECKED_IN",
        "position": 1,
        "startTime": "09:00",
        "startsAt": "2026-01-22T03:30:00.000Z",
        "endsAt": "2026-01-22T04:00:00.000Z",
        "checkedInAt": "2026-01-22T03:50:00.000Z",
        "waitingSince": "2026-01-22T03:50:00.000Z",
        "vitalsRecordedAt": None,
        "reason": None,
        "patient": None,
        "dateOfBirth": "1980-02-29",
        "doctor": None,
        "consultationId": None,
    }
    morning.measure(morning.late)
    assert morning.ids("/queues/vitals") == [morning.early, morning.next]


def test_a_doctors_queue_from_the_waiting_room_to_the_door(house: HttpHouse, morning: Morning) -> None:
    parts = ("withDoctor", "ready", "beforeVitals")

    def queue() -> list[list[str]]:
        return [morning.ids(morning.queue, house.by_doctor, part) for part in parts]

    assert queue() == [[], [], [morning.late, morning.early, morning.next]]
    morning.measure(morning.early)
    morning.measure(morning.late)
    assert queue() == [[], [morning.late, morning.early], [morning.next]]
    consultation = house.by_doctor.post("/consultations", {"appointmentId": morning.late}).data["id"]
    assert queue() == [[morning.late], [morning.early], [morning.next]]
    shown = house.by_doctor.get(morning.queue).data
    assert shown["withDoctor"][0]["consultationId"] == consultation
    assert [row["position"] for part in parts for row in shown[part]] == [0, 1, 2]

    house.by_doctor.post(f"/consultations/{consultation}/abandon", {"reason": "Fire alarm"})
    assert queue() == [[], [morning.late, morning.early], [morning.next]]
    assert house.by_doctor.get(morning.queue).data["ready"][0]["consultationId"] is None
    morning.set(morning.late, "SCHEDULED")
    morning.set(morning.next, "CANCELLED")
    assert queue() == [[], [morning.early], []]


def test_the_waiting_room_shows_who_is_next_and_little_of_the_name(
    house: HttpHouse, runtime: Runtime, morning: Morning
) -> None:
    colleague = make_doctor(runtime, house.hospital)
    body = house.booking("11:00", patientId=str(house.patient.id)) | {"doctorId": str(colleague.id)}
    visit = house.reception.post("/appointments", body).data["id"]
    morning.set(visit, "CHECKED_IN")
    house.by_doctor.post("/consultations", {"appointmentId": morning.late})

    lines = {line["doctor"]["id"]: line for line in house.reception.get("/queues/waiting-room").data}

    mine = lines[str(house.doctor.id)]
    assert [row["appointmentId"] for row in mine["withDoctor"]] == [morning.late]
    assert [(row["appointmentId"], row["position"]) for row in mine["waiting"]] == [
        (morning.early, 1),
        (morning.next, 2),
    ]
    assert [row["calledAs"] for row in lines[str(colleague.id)]["waiting"]] == ["Roy A."]
    assert "Anindya" not in str(lines)


def test_who_may_look(house: HttpHouse, runtime: Runtime, morning: Morning) -> None:
    colleague = house.caller(actor_of(make_doctor(runtime, house.hospital)))
    foreign = house.caller_with(Role.HOSPITAL_ADMIN, make_hospital(runtime, "HMS002"))
    rooms = ("/queues/vitals", morning.queue, "/queues/waiting-room")
    for path in rooms:
        assert house.by_patient.get(path).refusal == (403, "FORBIDDEN")
        assert house.stranger.get(path).refusal == (401, "UNAUTHENTICATED")
        assert house.admin.get(path).status == 200
    assert house.reception.get("/queues/vitals").refusal == (403, "FORBIDDEN")
    assert colleague.get("/queues/vitals").data == []
    assert len(house.by_doctor.get("/queues/vitals").data) == 3
    assert colleague.get(morning.queue).refusal == (403, "FORBIDDEN")
    assert foreign.get(morning.queue).refusal == (404, "NOT_FOUND")
    assert foreign.get("/queues/vitals").data == foreign.get("/queues/waiting-room").data == []
    assert house.admin.get(f"/queues/doctor/{uuid4()}").refusal == (404, "NOT_FOUND")
    assert house.nurse.get(f"/queues/doctor/{colleague.actor.doctor_id}").data == {
        "withDoctor": [],
        "ready": [],
        "beforeVitals": [],
    }


def test_who_was_left_here_yesterday_waits_on_the_review_list_only(
    house: HttpHouse, clock: FixedClock, morning: Morning
) -> None:
    clock.advance(timedelta(days=1))
    assert morning.ids("/queues/vitals") == []
    assert house.reception.get("/queues/waiting-room").data == []
    assert len(house.reception.get("/no-show/reviews").data) == 3


def test_statements_do_not_grow_with_those_who_wait(house: HttpHouse, runtime: Runtime, morning: Morning) -> None:
    for path in ("/queues/vitals", morning.queue, "/queues/waiting-room"):
        with counted_statements(runtime) as statements:
            house.admin.get(path)
        assert len(statements) == 2, path  # who asks, and who is here
