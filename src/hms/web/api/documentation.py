"""The OpenAPI 3.1 document, made from the routes themselves, and the page that shows it."""

import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version as version_of
from typing import Any, get_args, get_origin

from flask import Flask, Response, render_template
from pydantic.json_schema import models_json_schema

from hms.access.permissions import ALLOWED
from hms.domain.errors import Code
from hms.domain.people import Role
from hms.web.api.answers import Page, Warned
from hms.web.api.routing import JSON, PREFIX, Operation, Routes
from hms.web.api.row_schemas import Components
from hms.web.api.schemas import Body, Query
from hms.web.encoding import camel, dumps
from hms.web.errors import STATUS, WebCode

ABOUT = """\
Ids are UUIDs, dates `2026-01-22`, wall times (the hospital's) `09:00`, instants ISO 8601 in UTC with milliseconds.

A row carries its `version`; a writer may send back the one it saw (in the body, or as `If-Match` on DELETE) and gets
409 STALE_VERSION with the present row in `error.current` if somebody else was faster. Another hospital's ids answer
404. Lists give `meta.nextCursor`; send it as `cursor` for the next part.
"""

_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
_MEANING = {
    400: "The request is unreadable.",
    401: "Nobody is signed in, or no longer.",
    403: "The role, or the patient's standing, does not allow it.",
    404: "There is no such thing in this hospital.",
    409: "The present state of things does not allow it.",
    413: "The request is too large.",
    415: "The body is not application/json.",
    422: "A value or a rule speaks against it.",
    429: "Too many tries; Retry-After says how many seconds to wait.",
    500: "Something went wrong on our side.",
    503: "Not now; Retry-After says how many seconds to wait.",
}


def register(app: Flask, groups: Sequence[Routes]) -> None:
    """Serve the document at /api/v1/openapi.json and the page at /api/docs."""

    @cache
    def document_text() -> bytes:
        return dumps(document(groups))

    def openapi() -> Response:
        return Response(document_text(), mimetype=JSON)

    def docs() -> str:
        return render_template("api_docs.html")

    app.add_url_rule(f"{PREFIX}/openapi.json", "api.openapi", openapi)
    app.add_url_rule("/api/docs", "api.docs", docs)


def document(groups: Sequence[Routes]) -> dict[str, Any]:
    """Return the whole document."""
    operations = [operation for routes in groups for operation in routes.operations]
    components = Components()
    components.add_all(_model_schemas(operations))
    components.schemas["Problem"] = _problem_schema()
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(path_of(PREFIX + operation.path), {})[operation.method.lower()] = _operation(
            operation, components
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "HMS",
            "version": version_of("hms"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": routes.tag, "description": routes.about} for routes in groups],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.schemas.items())),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The accessToken of POST /api/v1/auth/login.",
                }
            },
        },
    }


def path_of(rule: str) -> str:
    """Return the document's path for Flask's rule."""
    return _PARAMETER.sub(lambda match: f"{{{camel(match[2])}}}", rule)


def roles_of(operation: Operation) -> list[Role]:
    """Return who may call it, in the order of roles; ownership narrows it further."""
    if not operation.needs:
        return list(Role)
    return [role for role in Role if any(role in ALLOWED[need] for need in operation.needs)]


def codes_of(operation: Operation) -> dict[int, list[str]]:
    """Return every code that may come, by status: the route's own and those that follow from its shape."""
    codes: list[Code | WebCode] = [*operation.errors, WebCode.INTERNAL, Code.BUSY]
    if not operation.public:
        codes += [Code.UNAUTHENTICATED, Code.TOKEN_EXPIRED]
    if operation.needs:
        codes += [Code.FORBIDDEN]
    if "<" in operation.path:
        codes += [Code.NOT_FOUND]
    if operation.body is not None:
        codes += [WebCode.UNREADABLE, WebCode.TOO_LARGE, WebCode.UNSUPPORTED_MEDIA_TYPE]
    if operation.body or operation.query or {"version", "day"} & set(operation.parameters) or operation.idempotent:
        codes += [Code.VALIDATION]
    if "version" in operation.parameters or (operation.body and "version" in operation.body.model_fields):
        codes += [Code.STALE_VERSION]
    if operation.method != "GET" and not operation.public:
        codes += [Code.CONFLICT]
    if operation.idempotent:
        codes += [Code.IDEMPOTENCY_MISMATCH]
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(STATUS[code], []).append(code.value)
    return dict(sorted(by_status.items()))


def _operation(operation: Operation, components: Components) -> dict[str, Any]:
    summary, _, more = (operation.handler.__doc__ or "").strip().partition("\n")
    roles = [] if operation.public else roles_of(operation)
    words = [" ".join(line.strip() for line in part.splitlines()) for part in more.strip().split("\n\n") if part]
    words.append("Anybody; no token needed." if operation.public else f"Roles: {', '.join(roles)}.")
    described: dict[str, Any] = {
        "operationId": operation.endpoint,
        "tags": [operation.tag],
        "summary": summary.rstrip("."),
        "description": "\n\n".join(words),
        "x-roles": [role.value for role in roles],
        "responses": _answers(operation, components)
        | {str(status): _failure(status, codes) for status, codes in codes_of(operation).items()},
    }
    if operation.public:
        described["security"] = []
    if parameters := [*_path_parameters(operation), *_query_parameters(operation), *_headers(operation)]:
        described["parameters"] = parameters
    if operation.body is not None:
        required = any(f.is_required() for f in operation.body.model_fields.values())
        schema = {"$ref": _REF.format(model=operation.body.__name__)}
        described["requestBody"] = {"required": required, "content": {JSON: {"schema": schema}}}
    return described


def _answers(operation: Operation, components: Components) -> dict[str, Any]:
    answer = _answer(operation, components)
    if operation.has_preview and operation.status != 200:
        return {"200": answer | {"description": "What would happen; nothing has."}, str(operation.status): answer}
    return {str(operation.status): answer}


def _answer(operation: Operation, components: Components) -> dict[str, Any]:
    if operation.produces != JSON:
        return {"description": "The file.", "content": {operation.produces: {"schema": {"type": "string"}}}}
    answer = operation.answer
    origin, inner = get_origin(answer), get_args(answer)
    properties: dict[str, Any] = {"success": {"const": True}}
    required = ["success", "data"]
    if origin is Page:
        properties["data"] = {"type": "array", "items": components.of(inner[0])}
        properties["meta"] = {
            "type": "object",
            "properties": {"nextCursor": {"type": ["string", "null"]}, "limit": {"type": "integer"}},
            "required": ["nextCursor", "limit"],
        }
        required.append("meta")
    elif origin is Warned:
        properties["data"] = components.of(inner[0])
        properties["warning"] = components.of(inner[1])
    else:
        properties["data"] = components.of(answer)
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"description": "Done.", "content": {JSON: {"schema": schema}}}


def _failure(status: int, codes: list[str]) -> dict[str, Any]:
    narrowed = {"properties": {"error": {"properties": {"code": {"enum": codes}}}}}
    schema = {"allOf": [{"$ref": _REF.format(model="Problem")}, narrowed]}
    example = {"success": False, "error": {"code": codes[0], "message": _MEANING[status], "details": []}}
    failure: dict[str, Any] = {
        "description": f"{_MEANING[status]} Codes: {', '.join(codes)}.",
        "content": {JSON: {"schema": schema, "example": example}},
    }
    if status in {429, 503}:
        failure["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    if status == 401:
        failure["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return failure


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    described = []
    for kind, name in _PARAMETER.findall(operation.path):
        schema = {"uuid": {"type": "string", "format": "uuid"}, "int": {"type": "integer"}}.get(kind)
        if schema is None:
            schema = {"type": "string"} | ({"format": "date"} if name in {"day", "date"} else {})
        described.append({"name": camel(name), "in": "path", "required": True, "schema": schema})
    return described


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    schema = operation.query.model_json_schema(ref_template=_REF)
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            # An empty list stands for «whatever»; as a default it would not fit the text that a query holds.
            "schema": {k: v for k, v in field.items() if k not in {"description", "title"} and v not in ([], None)},
            **({"description": field["description"]} if "description" in field else {}),
        }
        for name, field in schema["properties"].items()
    ]


def _headers(operation: Operation) -> list[dict[str, Any]]:
    headers = []
    if "version" in operation.parameters:
        headers.append(("If-Match", "The version that you saw; 409 if the row has another one by now."))
    if operation.idempotent:
        headers.append(("Idempotency-Key", "A repeated request with the same key and body gets the first answer."))
    return [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": description}
        for name, description in headers
    ]


def _model_schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    models: list[type[Body | Query]] = [o.body for o in operations if o.body is not None]
    models += [o.query for o in operations if o.query is not None]
    _, schema = models_json_schema([(model, "validation") for model in dict.fromkeys(models)], ref_template=_REF)
    queries = {o.query.__name__ for o in operations if o.query is not None}
    definitions: dict[str, Any] = schema.get("$defs", {})
    return {name: definition for name, definition in definitions.items() if name not in queries}


def _problem_schema() -> dict[str, Any]:
    detail = {
        "type": "object",
        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
        "required": ["field", "message"],
        "additionalProperties": False,
    }
    error = {
        "type": "object",
        "properties": {
            "code": {"type": "string", "enum": sorted(code.value for code in STATUS)},
            "message": {"type": "string", "description": "What happened and what to do, for people."},
            "details": {"type": "array", "items": detail},
            "current": {
                "description": "With STALE_VERSION: the present state of the row. With POSSIBLE_DUPLICATE: who is "
                "registered already, and what agrees."
            },
        },
        "required": ["code", "message", "details"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": "Every failure has this shape.",
        "properties": {"success": {"const": False}, "error": error},
        "required": ["success", "error"],
        "additionalProperties": False,
    }
