"""From whatever was raised to an HTTP answer. Nothing else knows which code has which status."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from hms.domain.errors import Code, Detail, DomainError
from hms.web.encoding import dumps

log = structlog.get_logger(__name__)


class WebCode(StrEnum):
    """What went wrong before any rule was asked."""

    UNREADABLE = "UNREADABLE"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    TOO_LARGE = "TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    REFUSED = "REFUSED"
    INTERNAL = "INTERNAL"


STATUS: dict[Code | WebCode, int] = {
    Code.PATIENT_NOT_FOUND: 404,
    Code.PATIENT_BLOCKED: 403,
    Code.DUPLICATE_BOOKING: 409,
    Code.DOCTOR_NOT_FOUND: 404,
    Code.DOCTOR_UNAVAILABLE: 409,
    Code.DOCTOR_INACTIVE: 409,
    Code.DATE_IN_PAST: 422,
    Code.TOO_FAR_AHEAD: 422,
    Code.HOSPITAL_HOLIDAY: 422,
    Code.DOCTOR_ABSENT: 409,
    Code.OUTSIDE_SCHEDULE: 422,
    Code.DURING_BREAK: 422,
    Code.NOT_A_SLOT: 422,
    Code.SLOT_BLOCKED: 409,
    Code.SLOT_TAKEN: 409,
    Code.DOCTOR_FULLY_BOOKED: 409,
    Code.UNAUTHENTICATED: 401,
    Code.INVALID_CREDENTIALS: 401,
    Code.TOKEN_EXPIRED: 401,
    Code.FORBIDDEN: 403,
    Code.HOSPITAL_REQUIRED: 422,
    Code.LINK_ENDED: 409,
    Code.NOT_FOUND: 404,
    Code.VALIDATION: 422,
    Code.STALE_VERSION: 409,
    Code.EMAIL_TAKEN: 409,
    Code.POSSIBLE_DUPLICATE: 409,
    Code.INVALID_TRANSITION: 409,
    Code.NOT_VISIT_DAY: 409,
    Code.TOO_EARLY: 409,
    Code.TOO_LATE: 409,
    Code.SLOT_HELD: 409,
    Code.SCHEDULE_INVALID: 422,
    Code.SCHEDULE_OVERLAP: 422,
    Code.ABSENCE_END_BEFORE_START: 422,
    Code.ABSENCE_IN_PAST: 422,
    Code.ABSENCE_PART_OF_DAY: 422,
    Code.ABSENCE_OVERLAP: 409,
    Code.ABSENCE_CLOSED: 409,
    Code.HOLIDAY_EXISTS: 409,
    Code.UNKNOWN_COUNTRY: 422,
    Code.UNKNOWN_SUBDIVISION: 422,
    Code.CONSULTATION_INCOMPLETE: 422,
    Code.CONSULTATION_CLOSED: 409,
    Code.ALREADY_EXISTS: 409,
    Code.CONFLICT: 409,
    Code.IDEMPOTENCY_MISMATCH: 422,
    Code.ALREADY_PROCESSING: 409,
    Code.RUN_LOST: 409,
    Code.RUN_FAILED: 503,
    Code.NOT_CONFIGURED: 503,
    Code.RATE_LIMITED: 429,
    Code.BUSY: 503,
    WebCode.UNREADABLE: 400,
    WebCode.METHOD_NOT_ALLOWED: 405,
    WebCode.TOO_LARGE: 413,
    WebCode.UNSUPPORTED_MEDIA_TYPE: 415,
    WebCode.REFUSED: 400,
    WebCode.INTERNAL: 500,
}

_RETRY_AFTER: dict[Code | WebCode, int] = {
    Code.RATE_LIMITED: 60,
    Code.BUSY: 1,
    Code.NOT_CONFIGURED: 60,
    Code.RUN_FAILED: 60,
}
"""Seconds to wait, where the one who raised did not say."""

_OF_STATUS: dict[int, tuple[Code | WebCode, str]] = {
    404: (Code.NOT_FOUND, "There is nothing at this address."),
    405: (WebCode.METHOD_NOT_ALLOWED, "This address does not take that method; the Allow header lists those it takes."),
    413: (WebCode.TOO_LARGE, "This request is too large."),
    415: (WebCode.UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json."),
}
_JSON_PATHS = ("/api/", "/health/", "/metrics")


class WebError(Exception):
    """A request that cannot even be looked at."""

    def __init__(self, code: WebCode, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class TooManyError(DomainError):
    """A caller who must wait for ``seconds``."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(Code.RATE_LIMITED, message)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Problem:
    """What to answer instead of a result. ``current``: the present state of a row that the writer had not seen."""

    status: int
    code: str
    message: str
    details: Sequence[Detail] = ()
    current: object | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, object]:
        """The one error shape."""
        error: dict[str, object] = {
            "code": self.code,
            "message": self.message,
            "details": [{"field": detail.field, "message": detail.message} for detail in self.details],
        }
        if self.current is not None:
            error["current"] = self.current
        return {"success": False, "error": error}


PageRenderer = Callable[[Problem], Response]


def problem_of(error: Exception) -> Problem:
    """Return what to answer; what nobody foresaw is logged with its trace and answered without it."""
    if isinstance(error, DomainError):
        return _of_domain(error)
    if isinstance(error, WebError):
        return Problem(STATUS[error.code], error.code, error.message)
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, DataError):
        log.warning("value_refused_by_database", error=type(error.orig).__name__)
        return Problem(422, Code.VALIDATION, "A value is too long or out of range.")
    if isinstance(error, OperationalError | PoolTimeout):
        log.error("database_unreachable", exc_info=error)
        return _of_domain(DomainError(Code.BUSY, "The database cannot be reached now. Please try again in a moment."))
    log.error("unexpected", exc_info=error)
    return Problem(
        500,
        WebCode.INTERNAL,
        f"Something went wrong on our side. Please try again; if it stays, report this number: {request_id()}",
    )


def request_id() -> str:
    """Return the present request's number, as logs and the X-Request-Id header show it."""
    number: str = g.get("request_id", "-")
    return number


def install(app: Flask) -> None:
    """Answer every failure: as JSON under /api, /health and /metrics, elsewhere as the pages' renderer does."""

    @app.errorhandler(Exception)
    def answer(error: Exception) -> Response:
        problem = problem_of(error)
        render: PageRenderer | None = app.extensions.get("hms.page_errors")
        if render is None or request.path.startswith(_JSON_PATHS):
            return json_problem(problem)
        response = render(problem)
        response.headers.update(problem.headers)
        return response


def render_page_errors_with(app: Flask, render: PageRenderer) -> None:
    """Let the pages show failures in their own way; status and headers are kept by ``install``."""
    app.extensions["hms.page_errors"] = render


def json_problem(problem: Problem) -> Response:
    """Answer in the one error shape."""
    return Response(dumps(problem.body), problem.status, problem.headers, mimetype="application/json")


def _of_domain(error: DomainError) -> Problem:
    status = STATUS[error.code]
    headers: dict[str, str] = {}
    if status == 401:
        reason = "" if error.code is Code.INVALID_CREDENTIALS else ', error="invalid_token"'
        headers["WWW-Authenticate"] = f'Bearer realm="hms"{reason}'
    if status in {429, 503}:
        wait = error.seconds if isinstance(error, TooManyError) else _RETRY_AFTER.get(error.code, 1)
        headers["Retry-After"] = str(wait)
    return Problem(status, error.code, error.message, error.details, error.current, headers)


def _of_http(error: HTTPException) -> Problem:
    status = error.code or 500
    code, message = _OF_STATUS.get(status, (WebCode.REFUSED, error.description or "This request was refused."))
    headers = {name: value for name, value in error.get_headers() if name.lower() in {"allow", "retry-after"}}
    return Problem(status, code, message, headers=headers)
