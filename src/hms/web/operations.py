"""What an operator watches: is it alive, is it ready, and figures for Prometheus. No personal data."""

import hmac
from typing import Any

import structlog
from flask import Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError

from hms import migrations
from hms.processes import monitoring
from hms.queries import operations as queries
from hms.runtime import Runtime
from hms.web.encoding import dumps

log = structlog.get_logger(__name__)

_CHECKS = ("database", "schema", "broker", "jobs")


def register(app: Flask, runtime: Runtime) -> None:
    """Serve /health/live, /health/ready and /metrics."""
    registry = monitoring.registry_of(runtime)

    def live() -> Response:
        return _answer({"status": "alive"}, 200)

    def ready() -> Response:
        wrong = _what_is_wrong(runtime)
        ailing = {} if wrong else _what_ails(runtime)
        status = "not ready" if wrong else "degraded" if ailing else "ready"
        # Without broker or jobs, people can still book and check in, and nothing is lost: keep sending them here.
        return _answer(
            {"status": status, "checks": dict.fromkeys(_CHECKS, "ok") | wrong | ailing}, 503 if wrong else 200
        )

    def metrics() -> Response:
        if not _may_scrape(runtime.settings.metrics_token.get_secret_value()):
            return _answer({"error": "Send HMS_METRICS_TOKEN as a bearer token."}, 401)
        return Response(monitoring.page_of(registry), content_type=monitoring.CONTENT_TYPE)

    app.add_url_rule("/health/live", "operations.live", live)
    app.add_url_rule("/health/ready", "operations.ready", ready)
    app.add_url_rule("/metrics", "operations.metrics", metrics)


def _may_scrape(token: str) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return not token or hmac.compare_digest(given.encode(), token.encode())


def _answer(body: dict[str, Any], status: int) -> Response:
    headers = {"Retry-After": "5"} if status == 503 else {}
    return Response(dumps(body), status, headers, mimetype="application/json")


def _what_is_wrong(runtime: Runtime) -> dict[str, str]:
    try:
        runtime.read(queries.ping)
    except SQLAlchemyError as error:
        log.warning("not_ready", part="database", error=type(error).__name__)
        return {"database": "The database does not answer. Check HMS_DATABASE_URL and that its server runs."}
    if not migrations.is_current(runtime.settings.effective_database_url):
        return {"schema": "The database is not at this release's schema. Run: hms migrate"}
    return {}


def _what_ails(runtime: Runtime) -> dict[str, str]:
    ailing = {}
    url = runtime.settings.broker_url
    if url.startswith(("redis:", "rediss:")) and not _answers(url):
        ailing["broker"] = "The broker does not answer; messages and jobs wait for it. Check HMS_BROKER_URL."
    now = runtime.clocks.hospital.now()
    sick = [f"{s.hospital}: {s.problem}" for s in runtime.read(queries.job_states, now) if s.problem]
    if sick:
        ailing["jobs"] = "; ".join(sick)
    return ailing


def _answers(url: str) -> bool:
    import redis  # noqa: PLC0415 - heavy, and a set-up without a broker never needs it

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
