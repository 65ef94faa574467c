"""What must not be done with a visit: the exact code of each, and nothing at all is changed by any of them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from hms.models import (
    Appointment,
    AppointmentEvent,
    AuditEntry,
    Base,
    Consultation,
    ConsultationNote,
    ConsultationParticipant,
    OutgoingMessage,
    Vitals,
)
from tests.support.callers import Caller, HttpHouse
from tests.support.factories import actor_of, make_doctor

TABLES: tuple[type[Base], ...] = (
    AppointmentEvent,
    AuditEntry,
    Consultation,
    ConsultationNote,
    ConsultationParticipant,
    OutgoingMessage,
    Vitals,
)
DONE = {"chiefComplaint": "Cough", "diagnosis": [{"text": "Bronchitis"}]}


class Scene:
    """Somebody who waits, somebody who is with the doctor together with a colleague, and others who should not act."""

    def __init__(self, house: HttpHouse) -> None:
        self.house = house
        waiting, seen = house.booked("09:00"), house.booked("09:30", house.new_patient())
        for visit in (waiting, seen):
            house.reception.patch(f"/appointments/{visit['id']}/status", {"status": "CHECKED_IN"})
        self.waiting, self.seen = waiting["id"], seen["id"]
        self.consultation = house.by_doctor.post("/consultations", {"appointmentId": self.seen}).data["id"]
        invited, stranger = (make_doctor(house.runtime, house.hospital) for _ in range(2))
        self.invited_id, self.primary_id = str(invited.id), str(house.doctor.id)
        self.invited, self.colleague = house.caller(actor_of(invited)), house.caller(actor_of(stranger))
        self.other = house.caller(actor_of(house.new_patient(login=True)))
        house.by_doctor.post(f"/consultations/{self.consultation}/participants", {"doctorId": self.invited_id})

    def state(self) -> list[Any]:
        """Return what any change would show in."""
        with self.house.runtime.reading() as session:
            counts = [session.scalar(select(func.count()).select_from(table)) for table in TABLES]
            a, c = Appointment, Consultation
            visits = session.execute(select(a.id, a.status, a.version, a.updated_at).order_by(a.id)).all()
            return [counts, visits, session.execute(select(c.id, c.status, c.version)).all()]


@pytest.fixture
def scene(house: HttpHouse) -> Scene:
    return Scene(house)


def tries(scene: Scene) -> list[tuple[Caller, str, str, Any, tuple[int, str]]]:
    """Return who tries what, and what is to come of it."""
    house, c = scene.house, f"/consultations/{scene.consultation}"
    status, vitals = (f"/appointments/{scene.waiting}/{part}" for part in ("status", "vitals"))
    asked = f"{c}/participants"
    here, gone = {"status": "CHECKED_IN"}, {"status": "CANCELLED"}
    start, note = {"appointmentId": scene.waiting}, {"text": "Hm"}
    wrong, forbidden, missing = (422, "VALIDATION"), (403, "FORBIDDEN"), (404, "NOT_FOUND")
    return [
        (house.nurse, "POST", vitals, {"temperature": 98.6}, wrong),
        (house.nurse, "POST", vitals, {"systolic": 80, "diastolic": 120}, wrong),
        (house.nurse, "POST", vitals, {"pain": 11}, wrong),
        (house.nurse, "POST", vitals, {}, wrong),
        (house.nurse, "POST", vitals.replace(scene.waiting, scene.seen), {"pain": 1}, (409, "INVALID_TRANSITION")),
        (house.by_doctor, "POST", f"{c}/complete", {}, (422, "CONSULTATION_INCOMPLETE")),
        (house.by_doctor, "POST", f"{c}/complete", DONE | {"diagnosis": []}, (422, "CONSULTATION_INCOMPLETE")),
        (house.by_doctor, "POST", f"{c}/complete", DONE | {"chiefComplaint": " "}, (422, "CONSULTATION_INCOMPLETE")),
        (house.by_doctor, "POST", f"{c}/abandon", {"reason": " "}, wrong),
        (house.by_doctor, "POST", asked, {"doctorId": scene.invited_id}, (409, "ALREADY_EXISTS")),
        (house.by_doctor, "POST", asked, {"doctorId": scene.primary_id}, (409, "ALREADY_EXISTS")),
        (house.by_doctor, "POST", "/consultations", {"appointmentId": scene.seen}, (409, "INVALID_TRANSITION")),
        (scene.colleague, "POST", "/consultations", start, forbidden),
        (scene.colleague, "PATCH", status, here, forbidden),
        (scene.colleague, "POST", vitals, {"pain": 1}, forbidden),
        (scene.colleague, "PATCH", c, {"chiefComplaint": "Mine"}, forbidden),
        (scene.colleague, "POST", f"{c}/complete", DONE, forbidden),
        (scene.colleague, "POST", f"{c}/notes", note, missing),
        (scene.colleague, "GET", c, None, missing),
        (scene.invited, "POST", f"{c}/complete", DONE, forbidden),
        (scene.other, "GET", f"/appointments/{scene.waiting}", None, missing),
        (scene.other, "PATCH", status, gone, missing),
        (scene.other, "PATCH", status, {"status": "CONFIRMED"}, missing),
        (scene.other, "DELETE", f"/appointments/{scene.waiting}", None, missing),
        (scene.other, "PATCH", f"/appointments/{scene.waiting}", {"startTime": "15:00"}, missing),
        (scene.other, "POST", vitals, {"pain": 1}, forbidden),
        (house.by_patient, "PATCH", status, gone, (409, "INVALID_TRANSITION")),
        (house.by_patient, "PATCH", status, {"status": "SCHEDULED"}, forbidden),
        (house.by_patient, "GET", c, None, forbidden),
        (house.nurse, "PATCH", status, gone, forbidden),
        (house.reception, "POST", "/consultations", start, forbidden),
        (house.admin, "PATCH", status, {"status": "COMPLETED"}, (409, "INVALID_TRANSITION")),
    ]


def test_what_must_not_be_done_is_refused_and_changes_nothing(scene: Scene) -> None:
    before = scene.state()
    for who, method, path, body, refusal in tries(scene):
        assert who.send(method, path, body).refusal == refusal, (method, path, body)
        assert scene.state() == before, (method, path, body)


def test_all_that_misses_is_said_in_these_words(scene: Scene) -> None:
    reply = scene.house.by_doctor.post(f"/consultations/{scene.consultation}/complete", {})
    assert [detail["message"] for detail in reply.json["error"]["details"]] == [
        "Chief complaint is required",
        "At least one diagnosis is required",
    ]
