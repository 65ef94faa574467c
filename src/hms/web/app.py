"""The application: every request's number, log line, figures and headers, around API, pages and operations."""

import hashlib
import re
import secrets
from datetime import timedelta
from pathlib import Path

import structlog
from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from hms.clock import stopwatch
from hms.metrics import Metrics
from hms.runtime import Runtime
from hms.web import api, errors, operations, pages
from hms.web.identity import open_door

MAX_BODY_BYTES = 1024 * 1024
STATIC = "/static"
_STATIC_FOLDER = Path(__file__).parent / "static"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_CONTENT_SECURITY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Content-Security-Policy", _CONTENT_SECURITY),
]

log = structlog.get_logger(__name__)


def create_app(runtime: Runtime) -> Flask:
    """Build the WSGI application on a runtime; it connects to nothing before the first request."""
    app = Flask("hms.web", static_url_path=f"{STATIC}/{_version_of_static()}")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = timedelta(days=365)
    # A redirect to a tidier address would answer in HTML and lose a POST's body.
    app.url_map.merge_slashes = False
    app.extensions["hms.door"] = open_door(runtime)
    if proxies := runtime.settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=0)  # type: ignore[method-assign]
    errors.install(app)
    operations.register(app, runtime)
    _surround(app, runtime.metrics, secure=runtime.settings.base_url.startswith("https:"))
    api.register(app)
    pages.register(app)
    return app


def _version_of_static() -> str:
    """Name the present styles, scripts and images by their content, so that browsers ask for each only once.

    It stands in the path, where addresses between the files, which are relative, carry it along.
    """
    digest = hashlib.sha256()
    for file in sorted(path for path in _STATIC_FOLDER.rglob("*") if path.is_file()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _surround(app: Flask, metrics: Metrics, *, secure: bool) -> None:
    headers = _HEADERS + ([("Strict-Transport-Security", "max-age=31536000")] if secure else [])

    @app.before_request
    def number() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        g.started = stopwatch()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def finish(response: Response) -> Response:
        present = {name for name, _ in response.headers}
        response.headers.extend([(name, value) for name, value in headers if name not in present])
        if "Cache-Control" not in present and not request.path.startswith(f"{STATIC}/"):
            response.headers.add("Cache-Control", "no-store")
        response.headers.set("X-Request-Id", errors.request_id())
        seconds = stopwatch() - g.get("started", stopwatch())
        # The route's pattern, never the path or its parameters: those may name people.
        route = request.url_rule.rule if request.url_rule else "unknown"
        metrics.answered(request.method, route, response.status_code, seconds)
        log.info(
            "request", method=request.method, route=route, status=response.status_code, ms=round(seconds * 1000, 1)
        )
        structlog.contextvars.unbind_contextvars("request_id")
        return response
