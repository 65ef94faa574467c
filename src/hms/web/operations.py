"""What an operator watches: is it alive, is it ready, and figures for Prometheus. No personal data."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Flask, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from hms import migrations
from hms.queries import job_runs
from hms.queries import operations as queries
from hms.runtime import Runtime
from hms.web.encoding import dumps

log = structlog.get_logger(__name__)

_CHECKS = ("database", "schema", "broker", "jobs")
BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@dataclass(frozen=True, slots=True)
class Figures:
    """One application's own figures; several applications in one process do not mix."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)


def register(app: Flask, runtime: Runtime) -> Figures:
    """Serve /health/live, /health/ready and /metrics; return the figures to count in."""
    registry = CollectorRegistry()
    figures = Figures(
        registry,
        Counter("hms_http_requests", "Requests answered.", ["method", "route", "status"], registry=registry),
        Histogram(
            "hms_http_request_seconds", "Time to answer.", ["method", "route"], registry=registry, buckets=BUCKETS
        ),
    )
    registry.register(_HouseCollector(runtime))

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
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    app.add_url_rule("/health/live", "operations.live", live)
    app.add_url_rule("/health/ready", "operations.ready", ready)
    app.add_url_rule("/metrics", "operations.metrics", metrics)
    return figures


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
    with runtime.reading() as session:
        sick = [
            f"{hospital}: {health.health_message}"
            for hospital_id, hospital in queries.hospitals(session)
            if not (health := job_runs.health(session, hospital_id, now)).is_healthy
        ]
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


class _HouseCollector(Collector):
    """Ask the database at each scrape; while it does not answer, these figures are missing."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand, so that registering asks no database."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Read outbox depth and the age of each job's last success."""
        try:
            figures = self._runtime.read(queries.figures)
        except SQLAlchemyError:
            log.warning("metrics_without_database")
            return
        outbox = GaugeMetricFamily("hms_outgoing_messages", "Outgoing messages not delivered.", labels=["status"])
        for status, many in figures.messages.items():
            outbox.add_metric([status], many)
        yield outbox
        age = GaugeMetricFamily(
            "hms_job_last_success_age_seconds", "Age of a job's last success.", labels=["hospital", "job"]
        )
        now = self._runtime.clocks.hospital.now()
        for hospital, job, completed_at in figures.last_successes:
            age.add_metric([hospital, job], (now - completed_at).total_seconds())
        yield age
