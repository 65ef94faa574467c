"""Consultations over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from hms.domain.people import Role
from hms.runtime import Runtime
from tests.support.callers import HttpHouse
from tests.support.factories import actor_of, make_doctor, make_hospital

KEYS = {
    "id",
    "appointmentId",
    "doctorId",
    "status",
    "chiefComplaint",
    "diagnosis",
    "treatmentNotes",
    "prescriptions",
    "abandonReason",
    "startedAt",
    "completedAt",
    "version",
}


@pytest.fixture
def visit(house: HttpHouse) -> str:
    """Give the id of a visit whose patient is here."""
    booked = house.booked("09:00")
    house.reception.patch(f"/appointments/{booked['id']}/status", {"status": "CHECKED_IN"})
    visit_id: str = booked["id"]
    return visit_id


def started(house: HttpHouse, visit: str) -> dict[str, Any]:
    reply = house.by_doctor.post("/consultations", {"appointmentId": visit})
    assert reply.status == 201, reply.json
    data: dict[str, Any] = reply.data
    return data


def status_of(house: HttpHouse, visit: str) -> str:
    status: str = house.admin.get(f"/appointments/{visit}").data["status"]
    return status


def test_from_start_to_completion(house: HttpHouse, visit: str) -> None:
    consultation = started(house, visit)
    assert set(consultation) == KEYS
    assert (consultation["status"], consultation["appointmentId"]) == ("STARTED", visit)
    assert status_of(house, visit) == "IN_PROGRESS"
    path = f"/consultations/{consultation['id']}"

    nothing = house.by_doctor.post(f"{path}/complete", {})
    assert nothing.refusal == (422, "CONSULTATION_INCOMPLETE")
    assert nothing.json["error"]["details"] == [
        {"field": "chiefComplaint", "message": "Chief complaint is required"},
        {"field": "diagnosis", "message": "At least one diagnosis is required"},
    ]
    edited = house.by_doctor.patch(path, {"chiefComplaint": "Cough", "version": 1})
    assert (edited.data["status"], edited.data["chiefComplaint"], edited.data["version"]) == ("IN_PROGRESS", "Cough", 2)
    half = house.by_doctor.post(f"{path}/complete")
    assert [detail["field"] for detail in half.json["error"]["details"]] == ["diagnosis"]

    done = house.by_doctor.post(
        f"{path}/complete",
        {
            "diagnosis": [{"text": "Bronchitis", "code": "J20.9"}],
            "treatmentNotes": "Rest",
            "prescriptions": [{"medicine": "Paracetamol", "dose": "500 mg"}],
        },
    )

    assert set(done.data) == KEYS
    assert done.data["status"] == "COMPLETED"
    assert done.data["completedAt"] == "2026-01-22T03:25:00.000Z"
    assert done.data["diagnosis"] == [{"text": "Bronchitis", "code": "J20.9"}]
    assert done.data["prescriptions"] == [{"medicine": "Paracetamol", "dose": "500 mg"}]
    assert status_of(house, visit) == "COMPLETED"
    assert house.by_doctor.get(path).data == done.data
    assert house.by_doctor.patch(path, {"chiefComplaint": "Flu"}).refusal == (409, "CONSULTATION_CLOSED")


def test_an_abandoned_one_puts_the_patient_back_into_the_queue(house: HttpHouse, visit: str) -> None:
    path = f"/consultations/{started(house, visit)['id']}"

    assert house.by_doctor.post(f"{path}/abandon", {}).refusal == (422, "VALIDATION")
    reply = house.by_doctor.post(f"{path}/abandon", {"reason": "Fire alarm"})

    assert (reply.data["status"], reply.data["abandonReason"]) == ("ABANDONED", "Fire alarm")
    assert status_of(house, visit) == "CHECKED_IN"
    assert started(house, visit)["status"] == "STARTED"


def test_who_may(house: HttpHouse, runtime: Runtime, visit: str) -> None:
    colleague = house.caller(actor_of(make_doctor(runtime, house.hospital)))
    foreign = house.caller_with(Role.HOSPITAL_ADMIN, make_hospital(runtime, "HMS002"))
    for role, caller in house.everybody.items():
        if role not in {Role.DOCTOR, Role.HOSPITAL_ADMIN}:
            assert caller.post("/consultations", {"appointmentId": visit}).refusal == (403, "FORBIDDEN"), role
    assert colleague.post("/consultations", {"appointmentId": visit}).refusal == (403, "FORBIDDEN")
    path = f"/consultations/{started(house, visit)['id']}"

    for somebody, refusal in ((house.nurse, (403, "FORBIDDEN")), (foreign, (404, "NOT_FOUND"))):
        assert somebody.get(path).refusal == refusal
        assert somebody.patch(path, {"chiefComplaint": "Cough"}).refusal == refusal
        assert somebody.post(f"{path}/complete", {}).refusal == refusal
        assert somebody.post(f"{path}/abandon", {"reason": "x"}).refusal == refusal
    assert colleague.get(path).refusal == (404, "NOT_FOUND")
    assert colleague.patch(path, {"chiefComplaint": "Cough"}).status in {403, 404}
    assert house.by_doctor.get(path).data["chiefComplaint"] is None
    assert house.admin.get(path).status == 200


def test_a_stale_writer_gets_the_present_row(house: HttpHouse, visit: str) -> None:
    stale_start = house.by_doctor.post("/consultations", {"appointmentId": visit, "version": 1})
    assert stale_start.refusal == (409, "STALE_VERSION")
    consultation = started(house, visit)
    path = f"/consultations/{consultation['id']}"
    present = house.by_doctor.patch(path, {"chiefComplaint": "Cough", "version": 1}).data

    for stale in (
        house.admin.patch(path, {"chiefComplaint": "Flu", "version": 1}),
        house.admin.post(f"{path}/complete", {"diagnosis": [{"text": "Flu"}], "version": 1}),
        house.admin.post(f"{path}/abandon", {"reason": "x", "version": 1}),
    ):
        assert stale.refusal == (409, "STALE_VERSION")
        assert stale.json["error"]["current"] == present
    assert house.by_doctor.get(path).data == present


def test_only_a_patient_who_is_here_can_be_seen(house: HttpHouse) -> None:
    booked = house.booked("10:00")

    reply = house.by_doctor.post("/consultations", {"appointmentId": booked["id"]})

    assert reply.refusal == (409, "INVALID_TRANSITION")
