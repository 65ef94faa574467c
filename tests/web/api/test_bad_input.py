"""What is not as it should be: the right 4xx, in the one error shape, and nothing changed. One engine suffices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from werkzeug.exceptions import HTTPException

from hms.models import AuditEntry, Patient
from hms.web.app import create_app
from tests.support.callers import PREFIX, Caller, HttpHouse

NAMES = {"firstName": "Roy", "lastName": "Anindya"}


@pytest.fixture
def database(sqlite_database: str) -> str:
    return sqlite_database


@pytest.fixture(autouse=True)
def nothing_changes(house: HttpHouse) -> Iterator[None]:
    def counts() -> list[int | None]:
        with house.runtime.reading() as session:
            return [session.scalar(select(func.count()).select_from(table)) for table in (Patient, AuditEntry)]

    before = counts()
    yield
    assert counts() == before


@pytest.mark.parametrize(
    "raw", [b"{bad", b"", b"\xff\xfe", b'{"firstName": "a"', b'{"a": "\\ud800"}', b"nul", b"{'a': 1}"]
)
def test_unreadable_json(house: HttpHouse, raw: bytes) -> None:
    reply = house.reception.post("/patients", data=raw, content_type="application/json")
    assert reply.refusal == (400, "UNREADABLE")
    assert reply.json["error"]["details"] == []


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"text"', b"5"])
def test_json_that_is_no_object(house: HttpHouse, raw: bytes) -> None:
    reply = house.reception.post("/patients", data=raw, content_type="application/json")
    assert reply.refusal == (422, "VALIDATION")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"firstName": 5}, "firstName"),
        ({"firstName": None}, "firstName"),
        ({"firstName": ["Roy"]}, "firstName"),
        ({"firstName": ""}, "firstName"),
        ({"firstName": "   "}, "firstName"),
        ({"firstName": "x" * 101}, "firstName"),
        ({"firstName": "a\0b"}, "first_name"),
        ({"dateOfBirth": 20000}, "dateOfBirth"),
        ({"dateOfBirth": "20000"}, "dateOfBirth"),
        ({"dateOfBirth": "2025-02-29"}, "dateOfBirth"),
        ({"dateOfBirth": "2025-13-01"}, "dateOfBirth"),
        ({"dateOfBirth": "1980-02-29T00:00:00Z"}, "dateOfBirth"),
        ({"dateOfBirth": "29.02.1980"}, "dateOfBirth"),
        ({"dateOfBirth": "2026-01-23"}, "dateOfBirth"),
        ({"dateOfBirth": "0001-01-01"}, "dateOfBirth"),
        ({"sex": "male"}, "sex"),
        ({"email": "no address"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"phone": "call me"}, "phone"),
        ({"language": "e"}, "language"),
        ({"noShowCount": 0}, "noShowCount"),
        ({"first_name": "Roy"}, "first_name"),
        ({"hospitalId": str(uuid4())}, "hospitalId"),
    ],
)
def test_values_that_are_not_as_they_should_be(house: HttpHouse, values: dict[str, Any], field: str) -> None:
    reply = house.reception.post("/patients", NAMES | values)
    assert reply.refusal == (422, "VALIDATION")
    assert field in {detail["field"] for detail in reply.json["error"]["details"]}


def test_every_wrong_field_is_named(house: HttpHouse) -> None:
    reply = house.reception.post("/patients", {"firstName": 1, "sex": "x", "z": 1})
    assert {d["field"] for d in reply.json["error"]["details"]} == {"firstName", "lastName", "sex", "z"}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", None])
def test_a_body_of_another_type(house: HttpHouse, content_type: str | None) -> None:
    reply = house.reception.post("/patients", data=b'{"firstName": "Roy"}', content_type=content_type)
    assert reply.refusal == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_that_is_too_large(house: HttpHouse) -> None:
    reply = house.reception.post("/patients", NAMES | {"firstName": "x" * 1024 * 1024})
    assert reply.refusal == (413, "TOO_LARGE")


@pytest.mark.parametrize("row_id", ["1", "undefined", "' OR 1=1", "01a1fc2f-7a89-7f13-b236", "../users", "%00"])
def test_ids_that_are_none(house: HttpHouse, row_id: str) -> None:
    assert house.reception.get(f"/patients/{row_id}").refusal == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/patients/", "//patients", "/openapi.yaml"])
def test_addresses_that_are_none(house: HttpHouse, path: str) -> None:
    reply = house.admin.get(path)
    assert reply.refusal == (404, "NOT_FOUND")
    assert reply.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"), [("DELETE", "/patients", "GET"), ("PUT", "/auth/login", "POST")]
)
def test_methods_that_an_address_does_not_take(house: HttpHouse, method: str, path: str, allowed: str) -> None:
    reply = house.admin.send(method, path)
    assert reply.refusal == (405, "METHOD_NOT_ALLOWED")
    assert allowed in reply.headers["Allow"].split(", ")


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=201", "limit=x", "limit=1.5", "limit=", "limit=1&limit=2", "nonsense=1", "status=GONE"),
        *("cursor=x", "cursor=WzFd", "cursor=WyJhIiwiYiIsImMiXQ", "search=%00", f"search={'x' * 101}"),
        *("dateOfBirth=20000", "dateOfBirth=2025-02-29", "date_of_birth=1980-02-29"),
    ],
)
def test_queries_that_are_not_as_they_should_be(house: HttpHouse, query: str) -> None:
    assert house.reception.get(f"/patients?{query}").refusal == (422, "VALIDATION")


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_idempotency_keys_that_are_none(house: HttpHouse, key: str) -> None:
    reply = house.reception.post("/patients", NAMES, headers={"Idempotency-Key": key})
    assert reply.refusal == (422, "VALIDATION")


def test_a_foreign_host_or_encoding_does_no_harm(house: HttpHouse) -> None:
    raw = '{"firstName": "Zoë", "lastName": 5}'.encode("utf-16")
    reply = house.reception.post("/patients", data=raw, content_type="application/json; charset=utf-16")
    assert reply.refusal == (400, "UNREADABLE")


def test_what_nobody_foresaw_is_answered_without_a_trace(house: HttpHouse) -> None:
    def broken() -> str:
        raise RuntimeError("a secret detail")

    def teapot() -> str:
        raise TeapotError

    app = create_app(house.runtime)
    admin = Caller(app, house.admin.token)
    app.add_url_rule(f"{PREFIX}/broken", "broken", broken)
    app.add_url_rule(f"{PREFIX}/teapot", "teapot", teapot)
    reply = admin.get("/broken", headers={"X-Request-Id": "0123456789abcdef"})
    assert reply.refusal == (500, "INTERNAL")
    assert "0123456789abcdef" in reply.json["error"]["message"]
    assert b"secret" not in reply.raw
    assert b"Traceback" not in reply.raw
    assert admin.get("/teapot").refusal == (418, "REFUSED")


class TeapotError(HTTPException):
    code = 418
