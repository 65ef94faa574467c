"""What the API says of itself, held against what it does: every answer must fit the OpenAPI document."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Flask
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from hms.web.api import all_routes
from hms.web.api.documentation import document, path_of

HERE = "urn:hms"


@cache
def the_document() -> dict[str, Any]:
    """Return the OpenAPI document, once for the whole session."""
    return document(all_routes())


def check_answer(app: Flask, method: str, path: str, response: TestResponse) -> None:
    """Fail unless the answer to a request for a known route is one that the document describes."""
    try:
        rule, _ = app.url_map.bind("localhost").match(path.partition("?")[0], method, return_rule=True)
    except HTTPException:
        return  # no route: the one error shape is all there is to promise
    path = path_of(rule.rule)
    if path not in the_document()["paths"]:
        return
    operation = the_document()["paths"][path][method.lower()]
    described = operation["responses"].get(str(response.status_code))
    if response.status_code == 304:
        assert not response.data
        return
    assert described is not None, f"{method} {path} says nothing of {response.status_code}: {response.get_json()}"
    content = described["content"].get(response.mimetype)
    assert content is not None, f"{method} {path} answered {response.mimetype}"
    if response.mimetype == "application/json":
        errors = list(_validator(path, method.lower(), str(response.status_code)).iter_errors(response.get_json()))
        assert not errors, f"{method} {path}: {errors[0].json_path} {errors[0].message}"


@cache
def _validator(path: str, method: str, status: str) -> Any:
    resource = Resource.from_contents(the_document(), default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(HERE, resource)
    pointer = "/".join(
        part.replace("~", "~0").replace("/", "~1")
        for part in ("paths", path, method, "responses", status, "content", "application/json", "schema")
    )
    return OAS31Validator({"$ref": f"{HERE}#/{pointer}"}, registry=registry, format_checker=oas31_format_checker)
