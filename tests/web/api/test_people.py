"""Hospital, users, patients and doctors over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from hms.clock import FixedClock
from hms.domain.people import PatientStatus, Role
from hms.models import Appointment, AuditEntry, DoctorSlot, Notification, OutgoingMessage, Patient
from tests.support.callers import HttpHouse, Reply
from tests.support.factories import make_doctor, make_hospital, make_patient, make_user

SLOTS_OF_DAY = "/slots/doctor/{}/date/2026-01-22"


def count(house: HttpHouse, table: type) -> int:
    return house.runtime.read(lambda session: session.scalar(select(func.count()).select_from(table)) or 0)


# --- the hospital


def test_admins_edit_the_policy_and_nothing_else_of_it_moves(house: HttpHouse) -> None:
    before = house.admin.get("/hospital").data
    body = {"name": "General", "settings": {"horizonDays": 60, "noShowWindowDays": 90}, "version": before["version"]}
    after = house.admin.patch("/hospital", body).data
    settings = before["settings"] | {"horizonDays": 60, "noShowWindowDays": 90}
    assert after == before | {"name": "General", "settings": settings, "version": before["version"] + 1}
    body = {"settings": {"noShowWindowDays": None}}
    assert house.admin.patch("/hospital", body).data["settings"]["noShowWindowDays"] is None


@pytest.mark.parametrize(
    ("figures", "fields"),
    [
        ({"horizonDays": 0, "waitingAlertMinutes": 1}, {"horizonDays", "waitingAlertMinutes"}),
        ({"noShowCheckSchedule": "every day"}, {"noShowCheckSchedule"}),
        ({"horizonDays": None}, {"settings.horizonDays"}),
        ({"horizonDays": "60"}, {"settings.horizonDays"}),
        ({"unknown": 1}, {"settings.unknown"}),
    ],
)
def test_figures_that_make_no_sense_change_nothing(house: HttpHouse, figures: dict[str, Any], fields: set[str]) -> None:
    before = house.admin.get("/hospital").data
    reply = house.admin.patch("/hospital", {"settings": figures})
    assert reply.refusal == (422, "VALIDATION")
    assert {detail["field"] for detail in reply.json["error"]["details"]} == fields
    assert house.admin.get("/hospital").data == before


def test_a_stale_version_gets_the_present_row(house: HttpHouse) -> None:
    house.admin.patch("/hospital", {"name": "First", "version": 1})
    reply = house.admin.patch("/hospital", {"name": "Second", "version": 1})
    assert reply.refusal == (409, "STALE_VERSION")
    assert (reply.json["error"]["current"]["name"], reply.json["error"]["current"]["version"]) == ("First", 2)


# --- users


def new_user(**values: Any) -> dict[str, Any]:
    return {
        "email": "Ravi@hms001.example",
        "password": "correct horse battery",
        "role": "RECEPTIONIST",
        "firstName": "Ravi",
        "lastName": "Rao",
    } | values


def test_admins_keep_logins(house: HttpHouse) -> None:
    made = house.admin.post("/users", new_user())
    assert made.status == 201
    assert made.data["email"] == "ravi@hms001.example"
    assert "password" not in str(made.data).lower()
    path = f"/users/{made.data['id']}"
    assert house.admin.get(path).data == made.data
    changed = house.admin.patch(path, {"role": "NURSE", "phone": "022 5550 1234", "version": 1}).data["user"]
    assert (changed["role"], changed["phone"], changed["version"]) == ("NURSE", "+912255501234", 2)
    assert house.admin.patch(path, {"role": "NURSE", "version": 1}).json["error"]["current"] == changed
    assert [row["id"] for row in house.admin.get("/users?search=rav&role=NURSE").data] == [made.data["id"]]


def test_an_address_is_a_login_once_per_hospital_in_any_case(house: HttpHouse) -> None:
    house.admin.post("/users", new_user())
    assert house.admin.post("/users", new_user(email="RAVI@HMS001.example")).refusal == (409, "EMAIL_TAKEN")
    other = make_user(house.runtime, house.hospital, Role.NURSE)
    assert house.admin.patch(f"/users/{other.id}", {"email": "ravi@hms001.example"}).refusal == (409, "EMAIL_TAKEN")
    elsewhere = house.caller_with(Role.HOSPITAL_ADMIN, make_hospital(house.runtime, "HMS002"))
    assert elsewhere.post("/users", new_user()).status == 201


@pytest.mark.parametrize("role", ["DOCTOR", "PATIENT", "SYSTEM"])
def test_doctors_and_patients_are_not_made_as_mere_logins(house: HttpHouse, role: str) -> None:
    assert house.admin.post("/users", new_user(role=role)).refusal == (422, "VALIDATION")
    nurse = make_user(house.runtime, house.hospital, Role.NURSE)
    assert house.admin.patch(f"/users/{nurse.id}", {"role": role}).refusal == (422, "VALIDATION")
    assert house.admin.patch(f"/users/{house.doctor.user_id}", {"role": "NURSE"}).refusal == (422, "VALIDATION")


def test_the_last_admin_stays(house: HttpHouse) -> None:
    own = f"/users/{house.admin.actor.user_id}"
    for change in ({"isActive": False}, {"role": "NURSE"}):
        assert house.admin.patch(own, change).refusal == (409, "CONFLICT")
    make_user(house.runtime, house.hospital, Role.HOSPITAL_ADMIN)
    assert house.admin.patch(own, {"role": "NURSE"}).data["user"]["role"] == "NURSE"
    assert house.admin.get("/users").refusal == (403, "FORBIDDEN")


def test_a_new_password_ends_all_sessions(house: HttpHouse) -> None:
    reply = house.admin.patch(f"/users/{house.nurse.actor.user_id}", {"password": "correct horse battery"})
    assert reply.status == 200
    assert house.nurse.get("/auth/me").status == 401


# --- patients


def test_staff_register_patients(house: HttpHouse) -> None:
    body = {
        "firstName": " Márta ",
        "lastName": "Szabó",
        "dateOfBirth": "1984-02-29",
        "sex": "FEMALE",
        "phone": "+36 (1) 234-5678",
        "email": "Family@Home.example",
    }
    made = house.nurse.post("/patients", body)
    assert made.status == 201
    assert made.data | {"id": None, "mrn": None} == {
        "id": None,
        "mrn": None,
        "firstName": "Márta",
        "lastName": "Szabó",
        "dateOfBirth": "1984-02-29",
        "sex": "FEMALE",
        "phone": "+3612345678",
        "email": "family@home.example",
        "language": "en",
        "status": "ACTIVE",
        "noShowCount": 0,
        "blockedReason": None,
        "version": 1,
    }
    assert made.data["mrn"].startswith("HMS001-")
    assert len(made.data["mrn"]) == len("HMS001-") + 12


def test_a_repeated_registration_registers_once(house: HttpHouse) -> None:
    headers = {"Idempotency-Key": "a key of the client"}
    body = {"firstName": "Roy", "lastName": "Anindya"}
    replies = [house.reception.post("/patients", body, headers=headers) for _ in range(2)]
    assert replies[0].raw == replies[1].raw
    assert [reply.status for reply in replies] == [201, 201]
    assert house.reception.post("/patients", body | {"lastName": "B"}, headers=headers).code == "IDEMPOTENCY_MISMATCH"
    assert [row["lastName"] for row in house.reception.get("/patients?search=roy anindya").data].count("Anindya") == 1


@pytest.mark.parametrize(
    "search",
    [
        *("muller", "Müller", "MÜLLER zoe", "zoë müller", "müller, zoë", "mul zo"),
        *("HMS001-ABCDEFGHIJKL", "abcdefghijkl", "+49 30 1234567", "030/1234567".lstrip("0"), "1234567", "49(30)123"),
    ],
)
def test_patients_are_found_by_what_people_type(house: HttpHouse, search: str) -> None:
    found = make_patient(house.runtime, house.hospital, first_name="Zoë", last_name="Müller", phone="+49 30 1234567")
    with house.runtime.database.writing() as session:
        row = session.get_one(Patient, found.id)
        row.mrn, row.search_text = "HMS001-ABCDEFGHIJKL", "zoe muller zoe hms001-abcdefghijkl 49301234567"
    replies = house.reception.send("GET", "/patients", query_string={"search": search})
    assert [row["id"] for row in replies.data] == [str(found.id)]


@pytest.mark.parametrize("search", ["%", "_", "nobody", "zoe nobody", "\\"])
def test_what_nobody_has_finds_nobody(house: HttpHouse, search: str) -> None:
    make_patient(house.runtime, house.hospital, first_name="Zoë", last_name="Müller")
    assert house.reception.send("GET", "/patients", query_string={"search": search}).data == []


def test_lists_are_read_in_parts_that_miss_and_repeat_nobody(house: HttpHouse) -> None:
    for number in range(7):
        make_patient(house.runtime, house.hospital, last_name=f"Same{number // 3}", first_name="Ann")
    seen: list[str] = []
    cursor = ""
    while True:
        reply = house.reception.get(f"/patients?limit=3{cursor}")
        seen += [row["id"] for row in reply.data]
        assert reply.json["meta"]["limit"] == 3
        if reply.json["meta"]["nextCursor"] is None:
            break
        cursor = f"&cursor={reply.json['meta']['nextCursor']}"
    assert len(seen) == len(set(seen)) == count(house, Patient)


def test_patients_edit_how_they_are_reached_and_see_nobody_else(house: HttpHouse) -> None:
    own = f"/patients/{house.patient.id}"
    other = make_patient(house.runtime, house.hospital)
    assert house.by_patient.patch(own, {"phone": None, "email": "new@home.example"}).data["email"] == "new@home.example"
    assert house.by_patient.patch(own, {"lastName": "Else"}).refusal == (403, "FORBIDDEN")
    assert house.by_patient.get(f"/patients/{other.id}").refusal == (404, "NOT_FOUND")
    assert house.by_patient.patch(f"/patients/{other.id}", {"phone": None}).refusal == (404, "NOT_FOUND")
    assert house.by_patient.get("/patients").refusal == (403, "FORBIDDEN")


def test_editing_a_patient_keeps_search_and_version_right(house: HttpHouse) -> None:
    path = f"/patients/{house.patient.id}"
    changed = house.reception.patch(path, {"lastName": "Új", "status": "INACTIVE", "version": 1}).data
    assert (changed["lastName"], changed["status"], changed["version"]) == ("Új", "INACTIVE", 2)
    assert house.reception.patch(path, {"lastName": "Z", "version": 1}).json["error"]["current"] == changed
    assert [row["id"] for row in house.reception.get("/patients?search=uj").data] == [str(house.patient.id)]


def test_a_block_is_not_lifted_by_an_edit(house: HttpHouse) -> None:
    blocked = make_patient(house.runtime, house.hospital, status=PatientStatus.BLOCKED)
    assert house.admin.patch(f"/patients/{blocked.id}", {"status": "ACTIVE"}).refusal == (409, "CONFLICT")
    assert house.admin.patch(f"/patients/{house.patient.id}", {"status": "BLOCKED"}).refusal == (409, "CONFLICT")


# --- doctors


def test_admins_make_doctors_who_can_sign_in(house: HttpHouse) -> None:
    body = new_user(specialization="Cardiology", slotDuration=20) | {"email": "heart@hms001.example"}
    del body["role"]
    made = house.admin.post("/doctors", body)
    assert made.status == 201
    assert (made.data["specialization"], made.data["slotDuration"], made.data["maxPatientsPerDay"]) == (
        "Cardiology",
        20,
        30,
    )
    assert house.by_patient.get(f"/doctors/{made.data['id']}").data == made.data
    assert [row["id"] for row in house.by_patient.get("/doctors?specialization=Cardiology").data] == [made.data["id"]]
    signed_in = house.stranger.post(
        "/auth/login", {"email": "heart@hms001.example", "password": "correct horse battery"}
    )
    assert signed_in.data["user"]["doctorId"] == made.data["id"]
    assert house.admin.post("/doctors", body).refusal == (409, "EMAIL_TAKEN")


@pytest.mark.parametrize("change", [{"slotDuration": 4}, {"slotDuration": 481}, {"maxPatientsPerDay": 501}])
def test_figures_of_a_doctor_have_bounds(house: HttpHouse, change: dict[str, int]) -> None:
    assert house.admin.patch(f"/doctors/{house.doctor.id}", change).refusal == (422, "VALIDATION")


def test_another_slot_length_lays_the_slots_anew_after_a_preview(house: HttpHouse) -> None:
    day, path = SLOTS_OF_DAY.format(house.doctor.id), f"/doctors/{house.doctor.id}"
    assert len(house.by_patient.get(day).data) == 14
    preview = house.admin.patch(f"{path}?preview=true", {"slotDuration": 60, "version": 1}).data
    assert preview["slotDuration"] == 60
    assert preview["slots"]["created"] >= 7
    assert len(house.by_patient.get(day).data) == 14
    assert house.admin.patch(path, {"slotDuration": 60, "version": 1}).data == preview
    assert len(house.by_patient.get(day).data) == 7


def booked(house: HttpHouse) -> list[dict[str, Any]]:
    """Book three visits; the first has come, the last patient holds two."""
    first, second = house.new_patient(), house.new_patient()
    rows = [house.booked("09:00", first), house.booked("10:00", second), house.booked("11:00", second)]
    checked_in = house.reception.patch(f"/appointments/{rows[0]['id']}/status", {"status": "CHECKED_IN"})
    assert checked_in.status == 200
    return rows


def unavailable(house: HttpHouse, query: str = "") -> Reply:
    return house.admin.patch(f"/doctors/{house.doctor.id}{query}", {"isAvailable": False})


def test_an_unavailable_doctor_cancels_what_lies_ahead(house: HttpHouse) -> None:
    rows = booked(house)
    before = house.runtime.read(lambda s: s.scalar(select(func.count()).select_from(Notification))) or 0
    preview = unavailable(house, "?preview=true").data
    assert count(house, Notification) == before
    reply = unavailable(house).data
    assert reply == preview
    assert (reply["isAvailable"], reply["cancelledAppointments"], reply["notifiedPatients"]) == (False, 2, 1)
    assert set(reply["affectedAppointmentIds"]) == {rows[1]["id"], rows[2]["id"]}
    assert reply["checkedInAppointmentIds"] == [rows[0]["id"]]
    with house.runtime.reading() as session:
        states = dict(iter(session.execute(select(Appointment.id, Appointment.status))))
        held = session.scalar(select(func.count()).where(Appointment.holds_slot))
        told = session.scalars(select(Notification).where(Notification.title.endswith("Doctor Unavailable"))).all()
        channels = session.scalars(
            select(OutgoingMessage.channel).where(OutgoingMessage.notification_id == told[0].id)
        ).all()
    assert {str(key): value.value for key, value in states.items()} == {
        rows[0]["id"]: "CHECKED_IN",
        rows[1]["id"]: "CANCELLED",
        rows[2]["id"]: "CANCELLED",
    }
    assert held == 1
    assert len(told) == 2
    assert {notice.priority for notice in told} == {"HIGH"}
    assert set(channels) == {"in_app", "sms"}
    assert house.reception.get(f"/appointments/{rows[1]['id']}/events").data[-1]["reason"] == "Doctor unavailable"


def test_being_unavailable_twice_does_no_more(house: HttpHouse) -> None:
    booked(house)
    unavailable(house)
    again = unavailable(house).data
    assert (again["cancelledAppointments"], again["affectedAppointmentIds"]) == (0, [])
    assert house.admin.patch(f"/doctors/{house.doctor.id}", {"isAvailable": True}).data["isAvailable"] is True
    assert house.by_patient.post("/appointments", house.booking("15:00")).status == 201


def test_what_has_begun_is_not_called_off(house: HttpHouse, clock: FixedClock) -> None:
    rows = booked(house)
    clock.advance(timedelta(hours=1, minutes=10))  # 10:05 there
    assert unavailable(house).data["affectedAppointmentIds"] == [rows[2]["id"]]


def test_deactivating_a_doctors_login_has_the_same_effect(house: HttpHouse) -> None:
    booked(house)
    path = f"/users/{house.doctor.user_id}"
    preview = house.admin.patch(f"{path}?preview=true", {"isActive": False}).data
    assert preview["unavailability"]["cancelledAppointments"] == 2
    assert house.by_doctor.get("/auth/me").status == 200
    assert house.admin.patch(path, {"isActive": False}).data == preview
    assert house.by_doctor.get("/auth/me").status == 401
    assert house.reception.get(f"/doctors/{house.doctor.id}").data["isAvailable"] is False


# --- tenancy


def test_rows_of_another_hospital_do_not_exist(house: HttpHouse) -> None:
    other = make_hospital(house.runtime, "HMS002")
    doctor, patient = make_doctor(house.runtime, other), make_patient(house.runtime, other)
    user = make_user(house.runtime, other, Role.NURSE)
    before = count(house, AuditEntry), count(house, DoctorSlot)
    for row_id in (doctor.id, patient.id, user.id, uuid4()):
        for noun, code in (("users", "NOT_FOUND"), ("patients", "NOT_FOUND"), ("doctors", "DOCTOR_NOT_FOUND")):
            assert house.admin.get(f"/{noun}/{row_id}").refusal == (404, code)
            assert house.admin.patch(f"/{noun}/{row_id}", {"version": 1}).refusal == (404, code)
    assert (count(house, AuditEntry), count(house, DoctorSlot)) == before
    for noun in ("users", "patients", "doctors"):
        listed = {row["id"] for row in house.admin.get(f"/{noun}").data}
        assert listed.isdisjoint({str(doctor.id), str(patient.id), str(user.id)})
