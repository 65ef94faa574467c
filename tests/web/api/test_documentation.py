"""The OpenAPI document is valid, complete, and says who may do what."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from hms.domain.people import Role
from hms.web.api import all_routes
from hms.web.api.documentation import path_of
from hms.web.api.row_schemas import Components
from hms.web.errors import STATUS, WebCode
from tests.support.callers import PREFIX, HttpHouse
from tests.support.contract import the_document

ADMIN, RECEPTION, NURSE, DOCTOR, PATIENT = Role
STAFF = {ADMIN, RECEPTION, NURSE, DOCTOR}
EXPECTED: dict[str, set[Role]] = {
    "GET /auth/me": set(Role),
    "POST /auth/logout": set(Role),
    "POST /auth/password/change": set(Role),
    "POST /auth/login": set(),
    "POST /auth/refresh": set(),
    "POST /auth/register": set(),
    "POST /auth/verify": set(),
    "POST /auth/password/forgot": set(),
    "POST /auth/password/reset": set(),
    "GET /hospital": {ADMIN},
    "PATCH /hospital": {ADMIN},
    "GET /users": {ADMIN},
    "POST /users": {ADMIN},
    "GET /users/{userId}": {ADMIN},
    "PATCH /users/{userId}": {ADMIN},
    "GET /patients": STAFF,
    "POST /patients": STAFF,
    "GET /patients/{patientId}": set(Role),
    "PATCH /patients/{patientId}": set(Role),
    "GET /doctors": set(Role),
    "POST /doctors": {ADMIN},
    "GET /doctors/{doctorId}": set(Role),
    "PATCH /doctors/{doctorId}": {ADMIN},
}


@pytest.fixture
def database(sqlite_database: str) -> str:
    return sqlite_database


def operations() -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path.removeprefix(PREFIX)}": operation
        for path, methods in the_document()["paths"].items()
        for method, operation in methods.items()
    }


def test_the_document_is_valid_and_served(house: HttpHouse) -> None:
    served = house.stranger.get("/openapi.json")
    assert served.json == the_document()
    assert served.json["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(served.json).iter_errors()) == []


def test_every_route_of_the_api_is_in_it(house: HttpHouse) -> None:
    routed = {
        f"{method} {path_of(rule.rule).removeprefix(PREFIX)}"
        for rule in house.app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routed == {*operations(), "GET /openapi.json"}


def test_roles_are_those_of_the_interface() -> None:
    described = {name: set(operation["x-roles"]) for name, operation in operations().items()}
    assert {name: described[name] for name in EXPECTED} == EXPECTED


def test_every_operation_says_what_it_does_who_may_and_what_can_go_wrong() -> None:
    for name, operation in operations().items():
        assert operation["summary"], name
        assert operation["description"], name
        is_public = operation.get("security") == []
        assert ("401" in operation["responses"]) or is_public, name
        assert {"500", "503"} <= operation["responses"].keys(), name
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= operation["responses"].keys(), name
        if "{" in name:
            assert "404" in operation["responses"], name


def test_every_code_has_a_status() -> None:
    codes = the_document()["components"]["schemas"]["Problem"]["properties"]["error"]["properties"]["code"]["enum"]
    assert set(codes) == {code.value for code in STATUS}
    assert {*WebCode} <= STATUS.keys()
    assert all(400 <= status < 600 for status in STATUS.values())


def test_names_of_components_are_valid() -> None:
    names = the_document()["components"]["schemas"].keys()
    assert {name for name in names if not name.isidentifier()} == set()


def test_two_rows_of_one_name_are_refused() -> None:
    components = Components()
    components.of(Role)
    with pytest.raises(ValueError, match="called Role"):
        components.of(StrEnum("Role", {"X": "x"}))


def test_the_table_of_permissions_decides(house: HttpHouse) -> None:
    """Each role meets a closed door exactly where the document says so, before anything else is looked at."""
    for routes in all_routes():
        for operation in routes.operations:
            if operation.public or operation.path == "/auth/logout":  # everybody may, and is out then
                continue
            path = operation.path.replace("<uuid:", "<")
            for name in operation.parameters:
                path = path.replace(f"<{name}>", "2026-01-22" if name in {"day", "date"} else str(uuid4()))
            described = operations()[f"{operation.method} {path_of(operation.path)}"]
            assert house.stranger.send(operation.method, path).refusal == (401, "UNAUTHENTICATED"), path
            for role, caller in house.everybody.items():
                reply = caller.send(operation.method, path, {"unknown": 1} if operation.body else None)
                if role in described["x-roles"]:
                    assert reply.status != 401, (role, path)
                else:
                    assert reply.refusal == (403, "FORBIDDEN"), (role, path)


def test_the_page_loads_nothing_from_elsewhere(house: HttpHouse) -> None:
    page = house.app.test_client().get("/api/docs")
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    assert b"http:" not in page.data
    assert b"https:" not in page.data
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    for name in ("vendor/swagger-ui-bundle.js", "vendor/swagger-ui.css", "js/api_docs.js"):
        assert name.encode() in page.data
        assert (Path(house.app.static_folder or "") / name).is_file()
