"""How people say how they want to be told, over HTTP."""

from __future__ import annotations

from uuid import uuid4

from hms.models import AuditEntry, PatientGuardian
from hms.runtime import Runtime
from tests.support.callers import HttpHouse
from tests.support.factories import actor_of, add
from tests.support.visits import rows

PATH = "/notifications/preferences"


def test_patients_choose_for_themselves_and_for_whom_they_look_after(house: HttpHouse, runtime: Runtime) -> None:
    child = house.new_patient()
    parent = house.new_patient(login=True)
    link = {"hospital_id": house.hospital.id, "user_id": parent.user_id, "patient_id": child.id}
    add(runtime, PatientGuardian(**link, created_at=runtime.clocks.hospital.now()))
    caller = house.caller(actor_of(parent))

    [own, theirs] = caller.get(PATH).data["people"]
    assert set(own) == {"patientId", "name", "language", "email", "emailAddress", "sms", "phone", "version"}
    assert (own["patientId"], theirs["patientId"]) == (str(parent.id), str(child.id))
    assert (own["email"], own["sms"], own["language"]) == (True, True, "en")

    reply = caller.put(PATH, {"sms": False, "language": "hi", "version": own["version"]})
    assert [(one["email"], one["sms"], one["language"]) for one in reply.data["people"]] == [(True, False, "hi")]
    assert caller.put(PATH, {"email": False, "version": own["version"]}).refusal == (409, "STALE_VERSION")
    reply = caller.put(PATH, {"email": False, "patientId": str(child.id)})
    assert [(one["email"], one["sms"]) for one in reply.data["people"]] == [(False, True)]
    [own, theirs] = caller.get(PATH).data["people"]
    assert ((own["email"], own["sms"]), (theirs["email"], theirs["sms"])) == ((True, False), (False, True))
    assert caller.get("/auth/me").data["language"] == "hi"

    changes = len(rows(runtime, AuditEntry))
    assert caller.put(PATH, {"sms": False, "language": "hi"}).status == 200
    assert len(rows(runtime, AuditEntry)) == changes
    assert caller.put(PATH, {"sms": True}).data["people"][0]["sms"] is True


def test_staff_choose_for_their_login_and_for_patients_who_ask_them(house: HttpHouse) -> None:
    patient = house.new_patient()
    [own] = house.reception.get(PATH).data["people"]
    assert (own["patientId"], own["email"], own["sms"], own["phone"]) == (None, True, None, None)
    assert house.reception.put(PATH, {"email": False}).data["people"][0]["email"] is False
    assert house.reception.put(PATH, {"sms": False}).refusal == (422, "VALIDATION")
    reply = house.reception.put(PATH, {"sms": False, "patientId": str(patient.id)})
    assert reply.data["people"][0]["sms"] is False
    assert house.admin.get(f"{PATH}?patientId={patient.id}").data == reply.data
    assert house.admin.get(PATH).data["people"][0]["email"] is True


def test_nobody_chooses_for_strangers(house: HttpHouse) -> None:
    other = str(house.new_patient().id)
    assert house.by_patient.get(f"{PATH}?patientId={other}").refusal == (404, "NOT_FOUND")
    assert house.by_patient.put(PATH, {"email": False, "patientId": other}).refusal == (404, "NOT_FOUND")
    assert house.reception.put(PATH, {"email": False, "patientId": str(uuid4())}).refusal == (404, "NOT_FOUND")
    assert house.stranger.get(PATH).refusal == (401, "UNAUTHENTICATED")


def test_bad_wishes_are_refused(house: HttpHouse) -> None:
    for body in ({"language": "xx"}, {"language": "tlh"}, {"email": "no"}, {"email": None}, {"push": True}):
        assert house.by_patient.put(PATH, body).refusal == (422, "VALIDATION"), body
