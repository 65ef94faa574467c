"""Whatever nonsense arrives: the right refusal in the one error shape, and nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from hms.models import Base
from hms.runtime import Runtime
from tests.support.callers import Caller, HttpHouse, Reply

LONG = "x" * 100_000


@pytest.fixture
def visit(house: HttpHouse) -> str:
    visit_id: str = house.booked("10:00")["id"]
    return visit_id


@pytest.fixture
def slot(house: HttpHouse) -> str:
    slot_id: str = house.admin.get(f"/slots/doctor/{house.doctor.id}").data[0]["id"]
    return slot_id


@pytest.fixture
def consultation(house: HttpHouse) -> str:
    booked = house.booked("09:00", house.new_patient())
    house.reception.patch(f"/appointments/{booked['id']}/status", {"status": "CHECKED_IN"})
    consultation_id: str = house.by_doctor.post("/consultations", {"appointmentId": booked["id"]}).data["id"]
    return consultation_id


def everything(runtime: Runtime) -> dict[str, Any]:
    """Return how many rows each table has, and all that can change of those that do."""
    with runtime.reading() as session:
        found: dict[str, Any] = {
            table.name: session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables
        }
        for name in ("appointments", "consultations", "doctor_slots", "doctor_schedules"):
            table = Base.metadata.tables[name]
            found[f"{name}:rows"] = sorted(map(str, session.execute(select(table)).all()))
    return found


def require_refusal(reply: Reply, statuses: set[int], what: object) -> None:
    assert reply.status in statuses, (what, reply.status, reply.json)
    assert reply.headers["Content-Type"] == "application/json", what
    error = reply.json["error"]
    assert set(error) == {"code", "message", "details"}, what
    assert error["message"], what
    assert "Traceback" not in str(error), what


def test_bodies_that_cannot_be_read(
    house: HttpHouse, runtime: Runtime, visit: str, slot: str, consultation: str
) -> None:
    before = everything(runtime)
    writes: list[tuple[Caller, str, str]] = [
        (house.reception, "POST", "/appointments"),
        (house.reception, "PATCH", f"/appointments/{visit}/status"),
        (house.by_doctor, "POST", "/consultations"),
        (house.by_doctor, "PATCH", f"/consultations/{consultation}"),
        (house.by_doctor, "POST", f"/consultations/{consultation}/complete"),
        (house.by_doctor, "POST", f"/consultations/{consultation}/abandon"),
        (house.admin, "PUT", f"/doctors/{house.doctor.id}/schedules"),
        (house.admin, "POST", f"/slots/generate/{house.doctor.id}"),
        (house.admin, "PATCH", f"/slots/{slot}/block"),
        (house.reception, "POST", f"/no-show/{visit}"),
        (house.reception, "POST", f"/no-show/{visit}/late-arrival"),
        (house.reception, "POST", f"/no-show/reviews/{visit}"),
    ]
    for caller, method, path in writes:
        for raw in (b"{", b'{"a":', b"\xff\xfe", b"{'a': 1}", b'{"a": NaN}', b"nope", b'{"a": 1} x'):
            require_refusal(
                caller.send(method, path, data=raw, content_type="application/json"), {400, 422}, (path, raw)
            )
        for raw in (b"{", b"nope"):
            assert caller.send(method, path, data=raw, content_type="application/json").refusal == (400, "UNREADABLE")
        for raw in (b"[]", b"null", b'"text"', b"7", b"true"):
            reply = caller.send(method, path, data=raw, content_type="application/json")
            assert reply.refusal == (422, "VALIDATION"), (path, raw)
        form = caller.send(method, path, data={"reason": "x"})
        require_refusal(form, {415}, path)
        unknown = caller.send(method, path, {"isAdmin": True})
        require_refusal(unknown, {422}, path)
        assert {"field": "isAdmin", "message": "unknown field"} in unknown.json["error"]["details"], path
        deep = b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"
        require_refusal(caller.send(method, path, data=deep, content_type="application/json"), {400, 422}, path)
        huge = caller.send(method, path, data=b" " * (1024 * 1024 + 1), content_type="application/json")
        require_refusal(huge, {413}, path)
    assert everything(runtime) == before


def test_bookings_that_make_no_sense(house: HttpHouse, runtime: Runtime) -> None:
    good = house.booking("11:00", patientId=str(house.patient.id))
    before = everything(runtime)
    by_field: dict[str, list[Any]] = {
        "doctorId": [None, 7, "", "x", str(house.doctor.id)[:-1], [], {}],
        "patientId": [7, "me", True],
        "date": [None, 20260122, "2026-02-30", "2026-13-01", "22/01/2026", "2026-01-22T10:00", "today", "", 1.5],
        "startTime": [None, 11, "11", "24:00", "11:60", "11:00:30", "11:00Z", "11:00+05:30", "eleven", "", 39600],
        "reason": [7, "", "   ", LONG, ["x"], "a\0b"],
        "type": [7, "", "x" * 41, "a\0b"],
        "overrideReason": [False, "", LONG],
    }
    for change in ({field: value} for field, values in by_field.items() for value in values):
        reply = house.reception.post("/appointments", good | change)
        require_refusal(reply, {422}, change)
        assert reply.code == "VALIDATION", change
        assert reply.json["error"]["details"][0]["field"] == next(iter(change)), change
    for field in ("doctorId", "date", "startTime"):
        reply = house.reception.post("/appointments", {name: value for name, value in good.items() if name != field})
        assert [detail["field"] for detail in reply.json["error"]["details"]] == [field]
    for day in ("0001-01-01", "1970-01-01", "9999-12-31"):
        require_refusal(house.reception.post("/appointments", good | {"date": day}), {422}, day)
    snake = house.reception.post("/appointments", good | {"doctor_id": str(house.doctor.id)})
    assert snake.refusal == (422, "VALIDATION")
    assert everything(runtime) == before


SENSELESS_EDITS: list[dict[str, Any]] = [
    {"chiefComplaint": 7},
    {"chiefComplaint": "x" * 1001},
    {"diagnosis": "Flu"},
    {"diagnosis": ["Flu"]},
    {"diagnosis": [{}]},
    {"diagnosis": [{"text": ""}]},
    {"diagnosis": [{"text": "Flu", "icd": "J11"}]},
    {"diagnosis": [{"text": "Flu"}] * 51},
    {"diagnosis": [{"text": "a\0b"}]},
    {"treatmentNotes": ["Rest"]},
    {"treatmentNotes": LONG},
    {"prescriptions": [{"dose": "1"}]},
    {"status": "COMPLETED"},
]


def nonsense(
    house: HttpHouse, visit: str, slot: str, consultation: str
) -> list[tuple[Caller, str, str, Sequence[Any]]]:
    """Give who would send what where, and the bodies that must be refused there."""
    doctor = house.by_doctor
    note: dict[str, Any] = {"reason": "x"}
    versions: list[dict[str, Any]] = [{"version": version} for version in (0, -1, "1", 1.0, 2**31, True, [1])]
    confirm: dict[str, Any] = {"status": "CONFIRMED"}
    return [
        (
            house.reception,
            "PATCH",
            f"/appointments/{visit}/status",
            [{}, {"status": None}, {"status": "confirmed"}, {"status": 1}, {"status": "CONFIRMED", "reason": LONG}]
            + [confirm | version for version in versions],
        ),
        (doctor, "POST", "/consultations", [{}, {"appointmentId": "x"}, {"appointmentId": 7}, {"appointmentId": None}]),
        (
            doctor,
            "PATCH",
            f"/consultations/{consultation}",
            [*SENSELESS_EDITS, *versions],
        ),
        (
            doctor,
            "POST",
            f"/consultations/{consultation}/abandon",
            [{}, {"reason": None}, {"reason": ""}, {"reason": "  "}, {"reason": LONG}, {"reason": 7}]
            + [note | version for version in versions],
        ),
        (
            house.admin,
            "POST",
            f"/slots/generate/{house.doctor.id}",
            [{"days": -1}, {"days": 367}, {"days": "7"}, {"days": 7.5}, {"days": True}, {"days": 10**30}],
        ),
        (
            house.admin,
            "PATCH",
            f"/slots/{slot}/block",
            [{}, {"blocked": "yes"}, {"blocked": 1}, {"blocked": None}, {"blocked": True, "reason": LONG}],
        ),
        (
            house.reception,
            "POST",
            f"/no-show/{visit}",
            [{"reason": "BORED"}, {"reason": 7}, {"notes": ""}, {"notes": LONG}, {"timeoutMinutes": 0}, *versions],
        ),
        (house.reception, "POST", f"/no-show/reviews/{visit}", [{}, {"decision": None}, {"decision": "no_show"}]),
    ]


def test_changes_that_make_no_sense(
    house: HttpHouse, runtime: Runtime, visit: str, slot: str, consultation: str
) -> None:
    before = everything(runtime)
    for caller, method, path, bodies in nonsense(house, visit, slot, consultation):
        for body in bodies:
            reply = caller.send(method, path, body)
            assert reply.refusal == (422, "VALIDATION"), (path, body)
            assert reply.json["error"]["details"], (path, body)
    assert everything(runtime) == before


def test_ids_that_lead_nowhere(house: HttpHouse, runtime: Runtime) -> None:
    before = everything(runtime)
    for bad in (str(uuid4()), "7", "null", "..%2f..", "%00", LONG[:300]):
        for caller, method, path, body in (
            (house.reception, "GET", f"/appointments/{bad}", None),
            (house.reception, "GET", f"/appointments/{bad}/events", None),
            (house.reception, "GET", f"/appointments/{bad}/calendar.ics", None),
            (house.reception, "PATCH", f"/appointments/{bad}/status", {"status": "CONFIRMED"}),
            (house.reception, "DELETE", f"/appointments/{bad}", None),
            (house.by_doctor, "GET", f"/consultations/{bad}", None),
            (house.by_doctor, "POST", f"/consultations/{bad}/complete", {}),
            (house.reception, "POST", f"/no-show/{bad}/late-arrival", {}),
            (house.admin, "POST", f"/admin/messages/{bad}/resend", None),
            (house.admin, "PATCH", f"/slots/{bad}/block", {"blocked": True}),
        ):
            reply = caller.send(method, path, body)
            require_refusal(reply, {404}, (method, path))
    assert everything(runtime) == before


def test_tokens_that_are_none(house: HttpHouse, visit: str) -> None:
    token = house.reception.token or ""
    head, payload, signature = token.split(".")
    for bad in ("", "x", "a.b.c", f"{head}.{payload}.{signature[::-1]}", f"{head}.{payload}.", token[:-4] + "AAAA"):
        reply = Caller(house.app, bad).get(f"/appointments/{visit}")
        assert reply.refusal == (401, "UNAUTHENTICATED"), bad
        assert reply.headers["WWW-Authenticate"].startswith("Bearer"), bad


def test_methods_that_an_address_does_not_take(house: HttpHouse, visit: str) -> None:
    reply = house.reception.put(f"/appointments/{visit}", {})

    assert reply.refusal == (405, "METHOD_NOT_ALLOWED")
    assert {"GET", "DELETE"} <= set(reply.headers["Allow"].split(", "))
