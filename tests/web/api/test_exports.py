"""A patient's history as a file, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from hms.clock import FixedClock
from hms.domain.people import Role
from hms.models import PatientGuardian
from hms.processes.exports import write_due
from hms.runtime import Runtime
from tests.support.callers import Caller, HttpHouse, counted_statements
from tests.support.factories import actor_of, add, make_hospital, make_patient

ASK = "/patient/export-history"


def asked(who: Caller, body: dict[str, Any] | None = None) -> str:
    reply = who.post(ASK, body)
    assert reply.status == 202
    return str(reply.data["taskId"])


@pytest.fixture
def done(house: HttpHouse, clock: FixedClock) -> str:
    """Give the task of a file of one visit."""
    house.booked("09:00")
    clock.advance(timedelta(hours=1))
    task = asked(house.by_patient)
    assert write_due(house.runtime).done == 1
    return task


def test_from_the_question_to_the_file(house: HttpHouse, clock: FixedClock) -> None:
    house.booked("09:00")
    clock.advance(timedelta(hours=1))
    task = asked(house.by_patient)
    waiting = house.by_patient.get(f"/tasks/{task}").data
    assert (waiting["id"], waiting["status"], waiting["progress"]) == (task, "PENDING", 0)
    assert waiting["expiresAt"] is None
    assert house.by_patient.get(f"/tasks/{task}/file").refusal == (409, "TOO_EARLY")
    write_due(house.runtime)
    ready = house.by_patient.get(f"/tasks/{task}").data
    assert (ready["status"], ready["progress"], ready["lines"]) == ("DONE", 100, 1)
    assert ready["expiresAt"] == "2026-01-29T04:25:00.000Z"
    file = house.by_patient.get(f"/tasks/{task}/file")
    assert file.status == 200
    assert file.headers["Content-Type"].startswith("text/csv")
    assert file.headers["Content-Disposition"] == 'attachment; filename="history-2026-01-22.csv"'
    assert file.headers["Cache-Control"] == "no-store"
    assert int(file.headers["Content-Length"]) == len(file.raw) == ready["size"]
    heading, line = file.raw.decode().splitlines()
    assert heading == "date,doctor,diagnosis,treatment_notes,status,specialization,time"
    assert line.startswith("2026-01-22,Dr. ")
    assert line.endswith(",09:00")
    clock.advance(timedelta(days=7))
    assert house.by_patient.get(f"/tasks/{task}").data["status"] == "EXPIRED"
    assert house.by_patient.get(f"/tasks/{task}/file").refusal == (409, "TOO_LATE")


def test_nobody_else_finds_the_task_or_its_file(house: HttpHouse, runtime: Runtime, done: str) -> None:
    other_patient = house.caller(actor_of(make_patient(runtime, house.hospital, login=True)))
    elsewhere = house.caller(actor_of(make_patient(runtime, make_hospital(runtime, "HMS002"), login=True)))
    staff = [caller for role, caller in house.everybody.items() if role is not Role.PATIENT]
    for who in [*staff, other_patient, elsewhere]:
        for path in (f"/tasks/{done}", f"/tasks/{done}/file"):
            assert who.get(path).refusal == (404, "NOT_FOUND")
    assert house.stranger.get(f"/tasks/{done}").status == 401
    assert house.by_patient.get(f"/tasks/{uuid4()}").refusal == (404, "NOT_FOUND")


def test_a_guardian_asks_for_a_child_and_only_while_they_are_one(
    house: HttpHouse, runtime: Runtime, clock: FixedClock
) -> None:
    child = make_patient(runtime, house.hospital)
    body = {"patientId": str(child.id)}
    assert house.by_patient.post(ASK, body).refusal == (404, "NOT_FOUND")
    link = PatientGuardian(
        hospital_id=house.hospital.id, user_id=house.patient.user_id, patient_id=child.id, created_at=clock.now()
    )
    add(runtime, link)
    task = asked(house.by_patient, body)
    write_due(runtime)
    assert house.by_patient.get(f"/tasks/{task}/file").status == 200
    assert house.admin.delete(f"/patients/{child.id}/guardians/{house.patient.user_id}").status == 200
    assert house.by_patient.get(f"/tasks/{task}/file").refusal == (404, "NOT_FOUND")


def test_staff_cannot_ask(house: HttpHouse) -> None:
    for role, caller in house.everybody.items():
        if role is not Role.PATIENT:
            assert caller.post(ASK).refusal == (403, "FORBIDDEN")


def test_statements(house: HttpHouse, done: str) -> None:
    routes = {"ask": ("POST", ASK), "ask again": ("POST", ASK), "task": ("GET", f"/tasks/{done}")}
    routes["file"] = ("GET", f"/tasks/{done}/file")
    counts = {}
    for name, (method, path) in routes.items():
        with counted_statements(house.runtime) as statements:
            house.by_patient.send(method, path)
        counts[name] = len(statements)
    assert counts == {"ask": 6, "ask again": 3, "task": 2, "file": 4}
