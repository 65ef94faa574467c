"""Logins that act for a child or for somebody cared for, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from hms.domain.people import Role
from hms.models import Patient, User
from tests.support.callers import Caller, HttpHouse, counted_statements
from tests.support.factories import actor_of, make_hospital, make_patient, make_user


class Family:
    """A mother with a login, and her child without one; a stranger of the same hospital."""

    def __init__(self, house: HttpHouse) -> None:
        self.house = house
        self.mother, self.by_mother = house.patient, house.by_patient
        self.child = house.new_patient(first_name="Mira", phone=None, email=None)
        self.by_stranger = house.caller(actor_of(house.new_patient(login=True)))
        assert self.mother.user_id is not None
        with house.runtime.reading() as session:
            self.email = session.get_one(User, self.mother.user_id).email

    def link(self, by: Caller | None = None, **values: Any) -> Any:
        body = {"email": self.email} | values
        return (by or self.house.reception).post(f"/patients/{self.child.id}/guardians", body)

    def booked_for_child(self, by: Caller, start: str = "10:00") -> Any:
        return by.post("/appointments", self.house.booking(start, patientId=str(self.child.id)))


@pytest.fixture
def family(house: HttpHouse) -> Family:
    return Family(house)


def test_a_guardian_does_for_a_child_all_that_patients_do_for_themselves(family: Family) -> None:
    house, mother = family.house, family.by_mother
    assert family.booked_for_child(mother).refusal == (404, "PATIENT_NOT_FOUND")
    assert mother.get("/auth/me").data["dependants"] == []
    assert family.link().status == 201
    me = mother.get("/auth/me").data
    assert [(d["id"], d["firstName"]) for d in me["dependants"]] == [(str(family.child.id), "Mira")]
    booked = family.booked_for_child(mother)
    assert booked.status == 201
    assert booked.data["patient"]["id"] == str(family.child.id)
    visit = booked.data["id"]
    own = mother.post("/appointments", house.booking("10:00", doctorId=str(house.doctor.id)))
    assert own.refusal == (409, "SLOT_TAKEN")
    assert mother.post("/appointments", house.booking("11:00")).data["patient"]["id"] == str(family.mother.id)
    assert [row["patient"]["id"] for row in mother.get("/appointments").data] == [
        str(family.child.id),
        str(family.mother.id),
    ]
    assert mother.get(f"/appointments/{visit}").data["id"] == visit
    assert len(mother.get(f"/appointments/{visit}/events").data) == 1
    assert mother.get(f"/appointments/{visit}/calendar.ics").status == 200
    assert mother.get(f"/patients/{family.child.id}").data["firstName"] == "Mira"
    assert mother.patch(f"/patients/{family.child.id}", {"phone": "+91 98100 11122"}).data["phone"] == "+919810011122"
    assert mother.patch(f"/appointments/{visit}/status", {"status": "CONFIRMED"}).data["status"] == "CONFIRMED"
    assert mother.patch(f"/appointments/{visit}", {"startTime": "12:00"}).data["startTime"] == "12:00"
    told = {(n["title"], n["metadata"]["appointmentId"]) for n in mother.get("/notifications").data}
    assert ("Appointment Rescheduled", visit) in told
    assert mother.delete(f"/appointments/{visit}").data["status"] == "CANCELLED"
    trail = house.admin.get(f"/admin/audit?entityId={visit}").data
    assert {row["actorId"] for row in trail} == {str(family.mother.user_id)}


def test_nobody_else_gets_at_the_child_and_unlinking_ends_it_at_once(family: Family) -> None:
    house = family.house
    family.link()
    visit = family.booked_for_child(family.by_mother).data["id"]
    for caller in (family.by_stranger, house.caller(actor_of(make_patient(house.runtime, house.hospital, login=True)))):
        assert family.booked_for_child(caller, "15:00").refusal == (404, "PATIENT_NOT_FOUND")
        assert caller.get(f"/appointments/{visit}").refusal == (404, "NOT_FOUND")
        assert caller.delete(f"/appointments/{visit}").refusal == (404, "NOT_FOUND")
        assert caller.patch(f"/appointments/{visit}", {"startTime": "15:00"}).refusal == (404, "NOT_FOUND")
        assert caller.get(f"/patients/{family.child.id}").refusal == (404, "NOT_FOUND")
    assert house.reception.delete(f"/patients/{family.child.id}/guardians/{family.mother.user_id}").status == 200
    assert house.reception.delete(f"/patients/{family.child.id}/guardians/{family.mother.user_id}").status == 404
    assert family.by_mother.get(f"/appointments/{visit}").refusal == (404, "NOT_FOUND")
    assert family.by_mother.get("/appointments").data == []
    assert not [n for n in family.by_mother.get("/notifications").data if n["metadata"].get("appointmentId") == visit]
    trail = [row["action"] for row in house.admin.get(f"/admin/audit?entityId={family.child.id}").data]
    assert set(trail) == {"patient.guardian_linked", "patient.guardian_unlinked"}


def test_only_reception_and_admins_link_and_only_logins_of_patients(family: Family) -> None:
    house = family.house
    for caller in (house.nurse, house.by_doctor, family.by_mother):
        assert family.link(caller).refusal == (403, "FORBIDDEN")
    assert family.by_mother.get(f"/patients/{family.child.id}/guardians").refusal == (403, "FORBIDDEN")
    other = make_hospital(house.runtime, "HMS002")
    far = make_user(house.runtime, other, Role.PATIENT)
    staff = make_user(house.runtime, house.hospital, Role.NURSE)
    for email in ("nobody@x.example", far.email, staff.email):
        assert family.link(email=email).refusal == (422, "VALIDATION")
    own = house.admin.post(f"/patients/{family.mother.id}/guardians", {"email": family.email})
    assert own.refusal == (422, "VALIDATION")
    abroad: Patient = make_patient(house.runtime, other)
    path = f"/patients/{abroad.id}/guardians"
    assert house.admin.get(path).refusal == (404, "NOT_FOUND")
    assert house.admin.post(path, {"email": family.email}).refusal == (404, "NOT_FOUND")
    assert len(family.link(house.admin).data) == len(family.link().data) == 1
    listed = house.nurse.get(f"/patients/{family.child.id}/guardians").data
    assert [row["userId"] for row in listed] == [str(family.mother.user_id)]


def test_asking_who_calls_stays_one_statement_with_many_dependants(family: Family) -> None:
    house = family.house
    for _ in range(3):
        child = house.new_patient(first_name="Mira")
        house.admin.post(f"/patients/{child.id}/guardians", {"email": family.email})
    with counted_statements(house.runtime) as statements:
        listed = family.by_mother.get("/appointments")
    assert listed.status == 200
    assert len(statements) == 2
