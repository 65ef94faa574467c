"""A patient's history over HTTP: what it tells, to whom, and in parts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hms.clock import FixedClock
from hms.domain.people import Role
from hms.runtime import Runtime
from tests.support.callers import Caller, HttpHouse, counted_statements
from tests.support.factories import actor_of, make_doctor, make_hospital

WORDS = {
    "chiefComplaint": "Cough",
    "diagnosis": [{"text": "Bronchitis", "code": "J20.9"}],
    "treatmentNotes": "Rest",
    "prescriptions": [{"medicine": "Paracetamol"}],
}
CLINICAL = ("consultationId", "chiefComplaint", "diagnosis", "treatmentNotes", "prescriptions")


@pytest.fixture
def path(house: HttpHouse, clock: FixedClock) -> str:
    """Give the address of a history: seen at nine, cancelled at ten, with the doctor at eleven; one lies ahead."""
    seen, _, present, _ = (house.booked(at) for at in ("09:00", "10:00", "11:00", "15:00"))
    for visit, minutes in ((seen, 5), (present, 120)):
        clock.advance(timedelta(minutes=minutes))
        house.reception.patch(f"/appointments/{visit['id']}/status", {"status": "CHECKED_IN"})
        started = house.by_doctor.post("/consultations", {"appointmentId": visit["id"]}).data["id"]
        if visit is seen:
            house.by_doctor.post(f"/consultations/{started}/complete", WORDS)
            cancelled = house.reception.get("/appointments?status=SCHEDULED&limit=1").data[0]["id"]
            house.reception.delete(f"/appointments/{cancelled}")
        else:
            house.by_doctor.patch(f"/consultations/{started}", {"chiefComplaint": "Not yet for the patient"})
    return f"/patients/{house.patient.id}/history"


def found(who: Caller, path: str) -> list[Any]:
    """Return what somebody reads of each visit: the complaint."""
    return [row["chiefComplaint"] for row in who.get(path).data]


def test_the_latest_visit_first_with_what_was_found(house: HttpHouse, path: str) -> None:
    rows = house.by_patient.get(path).data
    assert [(row["startTime"], row["status"]) for row in rows] == [
        ("11:00", "IN_PROGRESS"),
        ("10:00", "CANCELLED"),
        ("09:00", "COMPLETED"),
    ]
    assert {name: rows[2][name] for name in WORDS} == WORDS
    assert rows[2]["doctor"]["id"] == str(house.doctor.id)
    assert all(rows[0][name] is None for name in CLINICAL)


def test_who_reads_what(house: HttpHouse, runtime: Runtime, path: str) -> None:
    draft = "Not yet for the patient"
    colleague = make_doctor(runtime, house.hospital)
    by_colleague = house.caller(actor_of(colleague))
    assert found(house.by_patient, path) == [None, None, "Cough"]
    assert found(house.by_doctor, path) == found(house.admin, path) == [draft, None, "Cough"]
    for staff in (house.reception, house.nurse, by_colleague):
        assert found(staff, path) == [None, None, None]
    asked = house.by_doctor.get(path).data[0]["consultationId"]
    house.by_doctor.post(f"/consultations/{asked}/participants", {"doctorId": str(colleague.id)})
    assert found(by_colleague, path) == [draft, None, None]


def test_nobody_else(house: HttpHouse, runtime: Runtime, path: str) -> None:
    stranger = house.caller(actor_of(house.new_patient(login=True)))
    foreign = house.caller_with(Role.HOSPITAL_ADMIN, make_hospital(runtime, "HMS002"))
    assert stranger.get(path).refusal == foreign.get(path).refusal == (404, "NOT_FOUND")
    assert house.stranger.get(path).refusal == (401, "UNAUTHENTICATED")


def test_in_parts_and_in_three_statements(house: HttpHouse, runtime: Runtime, path: str) -> None:
    whole = house.by_patient.get(path).data
    first = house.by_patient.get(f"{path}?limit=2")
    rest = house.by_patient.get(f"{path}?limit=2&cursor={first.json['meta']['nextCursor']}")
    assert first.data + rest.data == whole
    assert rest.json["meta"] == {"nextCursor": None, "limit": 2}
    assert house.by_patient.get(f"{path}?cursor=W10").refusal == (422, "VALIDATION")
    with counted_statements(runtime) as statements:
        house.by_patient.get(path)
    assert len(statements) == 3
