"""Colleagues in a consultation: asked, told, reading along, adding notes, let go; each refusal changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from hms.domain.people import Role
from hms.models import ConsultationParticipant, Doctor, Notification
from hms.runtime import Runtime
from tests.support.callers import Caller, HttpHouse
from tests.support.factories import actor_of, make_doctor, make_hospital
from tests.support.visits import rows


class Round:
    """An open consultation, and a colleague who might join."""

    def __init__(self, house: HttpHouse) -> None:
        visit = house.booked("09:00")["id"]
        house.reception.patch(f"/appointments/{visit}/status", {"status": "CHECKED_IN"})
        consultation = house.by_doctor.post("/consultations", {"appointmentId": visit}).data["id"]
        self.path = f"/consultations/{consultation}"
        self.doctor: Doctor = make_doctor(house.runtime, house.hospital)
        self.colleague: Caller = house.caller(actor_of(self.doctor))
        self.body: dict[str, Any] = {"doctorId": str(self.doctor.id), "role": "CONSULTING"}


@pytest.fixture
def around(house: HttpHouse) -> Round:
    return Round(house)


def test_a_colleague_is_asked_reads_along_and_adds_a_note(house: HttpHouse, runtime: Runtime, around: Round) -> None:
    path, colleague = around.path, around.colleague
    assert colleague.get(path).refusal == (404, "NOT_FOUND")
    assert colleague.post(f"{path}/notes", {"text": "Hm"}).refusal == (404, "NOT_FOUND")

    asked = house.by_doctor.post(f"{path}/participants", around.body)

    assert asked.status == 201
    assert [row["role"] for row in asked.data] == ["PRIMARY", "CONSULTING"]
    assert [row["doctorId"] for row in asked.data] == [str(house.doctor.id), str(around.doctor.id)]
    (told,) = rows(runtime, Notification, Notification.type == "CONSULTATION_REQUEST")
    assert (told.user_id, told.priority) == (around.doctor.user_id, "HIGH")
    assert told.message.startswith("Dr. Anagha Vijay")
    assert " has requested " in told.message
    assert colleague.get(path).status == 200
    assert colleague.get(f"{path}/participants").data == asked.data
    written = colleague.post(f"{path}/notes", {"text": "Order an X-ray"})
    assert [note["text"] for note in written.data] == ["Order an X-ray"]
    assert house.by_doctor.get(f"{path}/notes").data == written.data
    for reply in (
        colleague.patch(path, {"chiefComplaint": "Mine now"}),
        colleague.post(f"{path}/complete", {"chiefComplaint": "x", "diagnosis": [{"text": "y"}]}),
        colleague.post(f"{path}/abandon", {"reason": "x"}),
        colleague.delete(f"{path}/participants/{around.doctor.id}"),
    ):
        assert reply.refusal == (403, "FORBIDDEN")

    assert house.by_doctor.delete(f"{path}/participants/{around.doctor.id}").status == 200
    assert colleague.get(path).refusal == (404, "NOT_FOUND")
    assert house.by_doctor.get(f"{path}/notes").data == written.data


def test_nobody_is_asked_twice_nor_the_primary_doctor(house: HttpHouse, runtime: Runtime, around: Round) -> None:
    where = f"{around.path}/participants"
    house.by_doctor.post(where, around.body)
    primary = around.body | {"doctorId": str(house.doctor.id)}
    second_primary = {"doctorId": str(make_doctor(runtime, house.hospital).id), "role": "PRIMARY"}
    elsewhere = {"doctorId": str(make_doctor(runtime, make_hospital(runtime, "HMS002")).id)}
    for body, refusal in (
        (around.body, (409, "ALREADY_EXISTS")),
        (around.body | {"role": "SUPERVISING"}, (409, "ALREADY_EXISTS")),
        (primary, (409, "ALREADY_EXISTS")),
        (second_primary, (422, "VALIDATION")),
        (around.body | {"role": "WATCHING"}, (422, "VALIDATION")),
        (elsewhere, (404, "DOCTOR_NOT_FOUND")),
    ):
        assert house.by_doctor.post(where, body).refusal == refusal, body
    assert house.by_doctor.delete(f"{where}/{house.doctor.id}").refusal == (404, "NOT_FOUND")
    assert len(rows(runtime, ConsultationParticipant)) == 1


def test_not_when_it_is_over(house: HttpHouse, runtime: Runtime, around: Round) -> None:
    house.by_doctor.post(f"{around.path}/abandon", {"reason": "Fire alarm"})
    closed = (409, "CONSULTATION_CLOSED")
    assert house.by_doctor.post(f"{around.path}/participants", around.body).refusal == closed
    assert house.by_doctor.post(f"{around.path}/notes", {"text": "x"}).refusal == closed
    assert rows(runtime, ConsultationParticipant) == []


def test_who_may_ask(house: HttpHouse, runtime: Runtime, around: Round) -> None:
    where = f"{around.path}/participants"
    foreign = house.caller_with(Role.HOSPITAL_ADMIN, make_hospital(runtime, "HMS002"))
    for somebody, refusal in (
        (house.nurse, (403, "FORBIDDEN")),
        (house.reception, (403, "FORBIDDEN")),
        (house.by_patient, (403, "FORBIDDEN")),
        (around.colleague, (403, "FORBIDDEN")),
        (foreign, (404, "NOT_FOUND")),
    ):
        assert somebody.post(where, around.body).refusal == refusal
    assert rows(runtime, ConsultationParticipant) == []
    assert house.admin.post(where, around.body).status == 201


def test_a_code_has_the_shape_of_one(house: HttpHouse, around: Round) -> None:
    wrong = [{"text": "Flu", "code": "J11"}, {"text": "Cough", "code": "cough"}]
    reply = house.by_doctor.patch(around.path, {"diagnosis": wrong})
    assert reply.refusal == (422, "VALIDATION")
    assert [detail["field"] for detail in reply.json["error"]["details"]] == ["diagnosis.1.code"]
    assert house.by_doctor.get(around.path).data["diagnosis"] == []
