"""Routes that say what they take, give and need, so that the same words run them and document them.

A handler is a plain function. Its parameters are known by name: ``call`` (who asks, and the doors into the house),
``body`` and ``query`` (their annotations are `Body` and `Query` models), ``version`` (the If-Match header), and the
path's own. Its return annotation is what the answer's ``data`` holds.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from inspect import signature
from typing import Any, Concatenate, ParamSpec, TypedDict, TypeVar, Unpack, cast, get_type_hints

from flask import Flask, Response, request
from pydantic import ValidationError

from hms.access.actors import Actor
from hms.access.permissions import Permission, may, require
from hms.domain.errors import Code, Detail, DomainError
from hms.queries.identity import Identity
from hms.runtime import Runtime
from hms.services.idempotency import MAX_KEY_LENGTH, Once, fingerprint_of, once
from hms.transaction import Work
from hms.web.api.answers import Prepared, Renderer, renderer_of
from hms.web.api.schemas import Body, Query
from hms.web.errors import WebCode, WebError
from hms.web.identity import Door, door

P = ParamSpec("P")
R = TypeVar("R")
Handler = Callable[..., Any]

PREFIX = "/api/v1"
JSON = "application/json"


@dataclass(slots=True)
class Call:
    """One request of somebody who is (or, on public routes, is not) signed in."""

    door: Door
    who: Identity | None
    render: Renderer

    @property
    def runtime(self) -> Runtime:
        """The house itself."""
        return self.door.runtime

    @property
    def identity(self) -> Identity:
        """Who asks."""
        if self.who is None:
            raise DomainError(Code.UNAUTHENTICATED, "Sign in first.")
        return self.who

    @property
    def actor(self) -> Actor:
        """Who acts, for services and queries."""
        return self.identity.actor

    @property
    def now(self) -> datetime:
        """The hospital clock's present instant."""
        return self.runtime.clocks.hospital.now()

    @property
    def today(self) -> date:
        """The hospital's date."""
        return self.now.astimezone(self.identity.hospital.zone).date()

    @property
    def address(self) -> str:
        """The network address that the request came from."""
        return request.remote_addr or ""

    def transact(self, service: Callable[Concatenate[Work, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a service as who asks."""
        return self.runtime.transact(self.actor, service, *args, **kwargs)

    def rehearse(self, service: Callable[Concatenate[Work, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a service as who asks, keep nothing of it, and return what it would have returned (?preview=true)."""
        return self.runtime.rehearse(self.actor, service, *args, **kwargs)

    def read(self, query: Callable[Concatenate[Any, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a query."""
        return self.runtime.read(query, *args, **kwargs)

    def once(self, act: Callable[[Work], R]) -> R:
        """Run ``act`` in one transaction; a repeated Idempotency-Key gets its first answer again.

        ``act`` returns what the handler returns. The route must say ``idempotent=True``.
        """
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return self.runtime.transact(self.actor, act)
        if not 0 < len(key) <= MAX_KEY_LENGTH or not key.isprintable():
            reason = f"must have 1 to {MAX_KEY_LENGTH} printable characters"
            raise DomainError(Code.VALIDATION, f"The Idempotency-Key {reason}.", [Detail("Idempotency-Key", reason)])
        command = Once(key, fingerprint_of(request.method, request.full_path, request.get_data()))
        text = self.runtime.transact(self.actor, once, command, lambda work: self.render(act(work)).decode())
        return cast(R, Prepared(text.text.encode()))


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, with all that its documentation says. ``needs``: any one of these permissions."""

    method: str
    path: str
    handler: Handler
    tag: str
    status: int
    needs: tuple[Permission, ...]
    public: bool
    errors: tuple[Code, ...]
    idempotent: bool
    produces: str
    hints: dict[str, Any]
    parameters: tuple[str, ...]

    @property
    def body(self) -> type[Body] | None:
        """The model of its body."""
        return self.hints.get("body")

    @property
    def query(self) -> type[Query] | None:
        """The model of its query string."""
        return self.hints.get("query")

    @property
    def answer(self) -> Any:
        """The type of its result."""
        return self.hints["return"]

    @property
    def has_preview(self) -> bool:
        """Whether ``?preview=true`` says what would happen, with 200 whatever the status of the real thing."""
        return self.query is not None and "preview" in self.query.model_fields

    @property
    def endpoint(self) -> str:
        """Its name among all routes, and in the document."""
        return f"{self.handler.__module__.rpartition('.')[2]}.{self.handler.__name__}"


class About(TypedDict, total=False):
    """What a route says of itself.

    ``needs``: a permission, or several of which one suffices; none: everybody who is signed in. ``public``: nobody
    need sign in. ``errors``: refusals of the rules that this route may answer with, beside those that follow from its
    parameters. ``produces``: another content type, when the handler returns a Flask response itself.
    """

    needs: Permission | Sequence[Permission]
    public: bool
    errors: Sequence[Code]
    status: int
    idempotent: bool
    produces: str


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes of one noun; a module of routes makes one, and names it ``routes``."""

    tag: str
    about: str
    operations: list[Operation] = field(default_factory=list)

    def route(self, method: str, path: str, **about: Unpack[About]) -> Callable[[Handler], Handler]:
        """Make a function the handler of ``method path`` (below /api/v1, in Flask's notation)."""
        needs = about.get("needs", ())

        def register(handler: Handler) -> Handler:
            self.operations.append(
                Operation(
                    method=method,
                    path=path,
                    handler=handler,
                    tag=self.tag,
                    status=about.get("status", 200),
                    needs=(needs,) if isinstance(needs, Permission) else tuple(needs),
                    public=about.get("public", False),
                    errors=tuple(about.get("errors", ())),
                    idempotent=about.get("idempotent", False),
                    produces=about.get("produces", JSON),
                    hints=get_type_hints(handler, include_extras=True),
                    parameters=tuple(signature(handler).parameters),
                )
            )
            return handler

        return register

    def get(self, path: str, **about: Unpack[About]) -> Callable[[Handler], Handler]:
        """Answer GET."""
        return self.route("GET", path, **about)

    def post(self, path: str, **about: Unpack[About]) -> Callable[[Handler], Handler]:
        """Answer POST."""
        return self.route("POST", path, **about)

    def put(self, path: str, **about: Unpack[About]) -> Callable[[Handler], Handler]:
        """Answer PUT."""
        return self.route("PUT", path, **about)

    def patch(self, path: str, **about: Unpack[About]) -> Callable[[Handler], Handler]:
        """Answer PATCH."""
        return self.route("PATCH", path, **about)

    def delete(self, path: str, **about: Unpack[About]) -> Callable[[Handler], Handler]:
        """Answer DELETE."""
        return self.route("DELETE", path, **about)


def install(app: Flask, operations: Sequence[Operation]) -> None:
    """Let Flask answer all operations."""
    for operation in operations:
        app.add_url_rule(
            f"{PREFIX}{operation.path}",
            endpoint=f"api.{operation.endpoint}",
            view_func=_view_of(operation),
            methods=[operation.method],
        )


def _view_of(operation: Operation) -> Callable[..., Response]:
    render = renderer_of(operation.answer)
    handler, status = operation.handler, operation.status
    takes_call, takes_version = "call" in operation.parameters, "version" in operation.parameters
    dates = [name for name in operation.parameters if operation.hints.get(name) is date]

    def view(**given: Any) -> Response:
        entrance = door()
        who = None if operation.public else entrance.by_bearer(request)
        if who is not None and operation.needs and not any(may(who.actor, need) for need in operation.needs):
            require(who.actor, operation.needs[0])
        for name in dates:
            given[name] = _path_date(name, given[name])
        if operation.query is not None:
            given["query"] = _read_query(operation.query)
        if operation.body is not None:
            given["body"] = _read_body(operation.body)
        if takes_version:
            given["version"] = _if_match()
        if takes_call:
            given["call"] = Call(entrance, who, render)
        result = handler(**given)
        if isinstance(result, Response):
            return result
        text = result.text if isinstance(result, Prepared) else render(result)
        # What is only rehearsed has not been made.
        rehearsed = getattr(given.get("query"), "preview", False)
        return Response(text, 200 if rehearsed else status, mimetype=JSON)

    return view


def _read_body(model: type[Body]) -> Body:
    raw = request.get_data()
    if not raw and request.mimetype in {"", JSON} and not any(f.is_required() for f in model.model_fields.values()):
        raw = b"{}"
    elif request.mimetype != JSON and (raw or request.mimetype):
        raise WebError(WebCode.UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json.")
    try:
        body = model.model_validate_json(raw)
    except ValidationError as error:
        raise _refusal(error) from error
    if b"\\u0000" in raw:
        _refuse_nul(body.model_dump())
    return body


def _read_query(model: type[Query]) -> Query:
    given = request.args.to_dict(flat=False)
    repeated = [name for name, values in given.items() if len(values) > 1]
    if repeated:
        raise DomainError(
            Code.VALIDATION, "A parameter was given twice.", [Detail(n, "give it once") for n in repeated]
        )
    values = {name: values[0] for name, values in given.items()}
    _refuse_nul(values)
    try:
        return model.model_validate_strings(values)
    except ValidationError as error:
        raise _refusal(error) from error


def _refusal(error: ValidationError) -> Exception:
    details = []
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        if one["type"] == "json_invalid":
            return WebError(WebCode.UNREADABLE, "The body is not readable JSON.")
        message = "unknown field" if one["type"] == "extra_forbidden" else one["msg"].removeprefix("Value error, ")
        details.append(Detail(".".join(str(part) for part in one["loc"]) or "body", message))
    return DomainError(Code.VALIDATION, "Some values are missing or not as they should be.", details)


def _refuse_nul(value: object, name: str = "body") -> None:
    """Refuse the one character that PostgreSQL's text cannot hold."""
    if isinstance(value, str) and "\0" in value:
        raise DomainError(Code.VALIDATION, "A text holds a NUL character.", [Detail(name, "holds a NUL character")])
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_nul(key, "body")
            _refuse_nul(item, str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_nul(item, name)


def _path_date(name: str, text: str) -> date:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    reason = "is not a date such as 2026-01-22"
    raise DomainError(Code.VALIDATION, f"{text[:20]!r} {reason}.", [Detail(name, reason)])


def _if_match() -> int | None:
    """Read the version that a DELETE's writer saw: If-Match: 3, or "3"."""
    text = request.headers.get("If-Match")
    if text is None or text.strip() == "*":
        return None
    digits = text.strip().removeprefix("W/").strip('"')
    if not re.fullmatch(r"\d{1,9}", digits, re.ASCII):
        reason = 'must be the version that you saw, such as "3"'
        raise DomainError(Code.VALIDATION, f"If-Match {reason}.", [Detail("If-Match", reason)])
    return int(digits)
