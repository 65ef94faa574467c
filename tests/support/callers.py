"""People who call the JSON interface through the real WSGI application, each signed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import event
from werkzeug.test import TestResponse

from hms.access.actors import Actor
from hms.access.tokens import Audience
from hms.domain.people import Role
from hms.models import Doctor, Hospital, LoginSession, Patient
from hms.runtime import Runtime
from tests.support.contract import check_answer
from tests.support.factories import actor_of, add, in_one_go, make_doctor, make_hospital, make_patient, make_user
from tests.support.swept import app_on

PREFIX = "/api/v1"
LONG = timedelta(days=30)


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int
    json: Any
    headers: dict[str, str]
    raw: bytes

    @property
    def data(self) -> Any:
        """What a success carries; fails the test for a refusal."""
        assert self.json["success"] is True, self.json
        return self.json["data"]

    @property
    def code(self) -> str:
        """Why it was refused; fails the test for a success."""
        assert self.json["success"] is False, self.json
        code: str = self.json["error"]["code"]
        return code

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and code of a refusal."""
        return self.status, self.code


class Caller:
    """Somebody with a bearer token, or without."""

    def __init__(self, app: Flask, token: str | None, actor: Actor | None = None) -> None:
        self.app, self.token, self._actor = app, token, actor

    @property
    def actor(self) -> Actor:
        """Who this is."""
        assert self._actor is not None
        return self._actor

    def send(self, method: str, path: str, json: Any = None, **more: Any) -> Reply:
        """Send one request below /api/v1."""
        headers = dict(more.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if json is not None:
            more["json"] = json
        response: TestResponse = self.app.test_client().open(PREFIX + path, method=method, headers=headers, **more)
        check_answer(self.app, method, PREFIX + path, response)
        is_json = response.mimetype == "application/json" and response.data
        return Reply(
            response.status_code, response.get_json() if is_json else None, dict(response.headers), response.data
        )

    def get(self, path: str, **more: Any) -> Reply:
        return self.send("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Reply:
        return self.send("POST", path, json, **more)

    def put(self, path: str, json: Any = None, **more: Any) -> Reply:
        return self.send("PUT", path, json, **more)

    def patch(self, path: str, json: Any = None, **more: Any) -> Reply:
        return self.send("PATCH", path, json, **more)

    def delete(self, path: str, **more: Any) -> Reply:
        return self.send("DELETE", path, **more)


class HttpHouse:
    """One hospital behind its application, with somebody of every role, and the words for what tests do."""

    def __init__(self, runtime: Runtime, app: Flask | None = None) -> None:
        self.runtime = runtime
        self.app = app or app_on(runtime)
        with in_one_go(runtime):
            self._found()

    def _found(self) -> None:
        runtime = self.runtime
        self.hospital: Hospital = make_hospital(runtime)
        self.doctor: Doctor = make_doctor(runtime, self.hospital)
        self.patient: Patient = make_patient(runtime, self.hospital, login=True)
        self.stranger = Caller(self.app, None)
        self.by_patient = self.caller(actor_of(self.patient))
        self.by_doctor = self.caller(actor_of(self.doctor))
        self.admin, self.reception, self.nurse = (
            self.caller_with(role) for role in (Role.HOSPITAL_ADMIN, Role.RECEPTIONIST, Role.NURSE)
        )

    @property
    def everybody(self) -> dict[Role, Caller]:
        """One caller of each role."""
        return {
            Role.HOSPITAL_ADMIN: self.admin,
            Role.RECEPTIONIST: self.reception,
            Role.NURSE: self.nurse,
            Role.DOCTOR: self.by_doctor,
            Role.PATIENT: self.by_patient,
        }

    def caller_with(self, role: Role, hospital: Hospital | None = None) -> Caller:
        """Make a login of a role and sign it in."""
        return self.caller(actor_of(make_user(self.runtime, hospital or self.hospital, role)))

    def caller(self, actor: Actor) -> Caller:
        """Sign a login in, without its password."""
        assert actor.user_id is not None
        now = self.runtime.clocks.machine.now()
        session = LoginSession(
            hospital_id=actor.hospital_id, user_id=actor.user_id, created_at=now, expires_at=now + LONG
        )
        add(self.runtime, session)
        signer = self.app.extensions["hms.door"].signer
        return Caller(self.app, signer.issue(Audience.API, session.id, actor.user_id, now, LONG), actor)

    def booking(self, start: str = "10:00", day: str = "2026-01-22", **values: Any) -> dict[str, Any]:
        """Write the body of a booking."""
        return {"doctorId": str(self.doctor.id), "date": day, "startTime": start} | values

    def booked(self, start: str = "10:00", patient: Patient | None = None, day: str = "2026-01-22") -> dict[str, Any]:
        """Book by reception and return the appointment."""
        body = self.booking(start, day, patientId=str((patient or self.patient).id))
        reply = self.reception.post("/appointments", body)
        assert reply.status == 201, reply.json
        data: dict[str, Any] = reply.data
        return data

    def new_patient(self, **values: Any) -> Patient:
        """Register another patient."""
        return make_patient(self.runtime, self.hospital, **values)


@contextmanager
def counted_statements(runtime: Runtime) -> Iterator[list[str]]:
    """Give the list of SQL statements that the block sends, BEGIN and COMMIT aside."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    engines = [runtime.database.writer, runtime.database.reader]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


ONE_FOR_ALL = 2
"""On PostgreSQL a few rows of three tables (trail, notifications, messages) go in one statement; many take three."""


def cost_alike(few: int, many: int) -> bool:
    """Tell whether many rows cost as many statements as few, whichever way their consequences are written."""
    return few <= many <= few + ONE_FOR_ALL
