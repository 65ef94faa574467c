"""The page that Prometheus reads: what this process counted, and how the house stands as the database knows it."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, start_wsgi_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from hms.queries import deliveries, operations
from hms.queries.operations import JobState
from hms.runtime import Runtime

CONTENT_TYPE = CONTENT_TYPE_LATEST
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes of one web server put their figures together; the Prometheus library's own variable."""

log = structlog.get_logger(__name__)


def registry_of(runtime: Runtime) -> CollectorRegistry:
    """Return the registry whose collection is the whole page, for a process or for the processes of one server."""
    registry = CollectorRegistry()
    if os.environ.get(SHARED_FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(runtime.metrics.registry)
    registry.register(_House(runtime))
    return registry


@contextmanager
def served(runtime: Runtime) -> Iterator[None]:
    """Show the page of a process without web pages at ``HMS_METRICS_BIND``, if that is set, during the block."""
    host, _, port = runtime.settings.metrics_bind.rpartition(":")
    if not port:
        yield
        return
    server, thread = start_wsgi_server(int(port), host.strip("[]") or "127.0.0.1", registry_of(runtime))
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def shared_figures() -> Iterator[None]:
    """Let the processes that are started in the block put their figures together, so that any can show them all."""
    with TemporaryDirectory(prefix="hms-metrics-") as folder:
        os.environ[SHARED_FOLDER] = folder
        yield


def page_of(registry: CollectorRegistry) -> bytes:
    """Write the page."""
    return generate_latest(registry)


class _House(Collector):
    """Ask the database at each scrape; while it does not answer, these figures are missing."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand, so that registering asks no database."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Read how many messages wait and since when, where each job stands, and the use of the pools."""
        yield self._pools()
        try:
            yield from self._outbox()
            yield from self._jobs()
        except SQLAlchemyError:
            log.warning("metrics_without_database")

    def _pools(self) -> Metric:
        gauge = GaugeMetricFamily(
            "hms_database_connections",
            "Connections of the process that answered.",
            labels=["pool", "state"],
        )
        database = self._runtime.database
        for name, engine in (("writing", database.writer), ("reading", database.reader)):
            if isinstance(pool := engine.pool, QueuePool):
                gauge.add_metric([name, "used"], pool.checkedout())
                gauge.add_metric([name, "idle"], pool.checkedin())
        return gauge

    def _outbox(self) -> Iterable[Metric]:
        waiting = GaugeMetricFamily("hms_outbox_messages", "Messages not delivered.", labels=["channel", "state"])
        oldest = GaugeMetricFamily(
            "hms_outbox_oldest_seconds", "How long the oldest message has waited.", labels=["channel"]
        )
        backlog = self._runtime.read(deliveries.backlog, self._runtime.clocks.machine.now())
        for channel, lot in backlog.items():
            waiting.add_metric([channel.value, "waiting"], lot.waiting)
            waiting.add_metric([channel.value, "failed"], lot.failed)
            oldest.add_metric([channel.value], lot.oldest.total_seconds())
        return waiting, oldest

    def _jobs(self) -> Iterable[Metric]:
        now = self._runtime.clocks.hospital.now()
        states = self._runtime.read(operations.job_states, now)

        def gauge(name: str, told: str, figures: Iterable[tuple[JobState, float | None]]) -> Metric:
            family = GaugeMetricFamily(name, told, labels=["hospital", "job"])
            for state, figure in figures:
                if figure is not None:
                    family.add_metric([state.hospital, state.job.value], figure)
            return family

        yield gauge(
            "hms_job_healthy", "1 while the job is well, else 0.", [(s, float(s.problem is None)) for s in states]
        )
        yield gauge(
            "hms_job_last_success_age_seconds",
            "Age of the last success.",
            [(s, (now - s.last_success).total_seconds() if s.last_success else None) for s in states],
        )
        yield gauge(
            "hms_job_last_run_seconds",
            "How long the newest finished run took.",
            [(s, s.last_duration_ms / 1000 if s.last_duration_ms is not None else None) for s in states],
        )
        yield gauge(
            "hms_job_consecutive_failures",
            "Failures since the last success.",
            [(s, s.consecutive_failures) for s in states],
        )
        yield gauge(
            "hms_job_running_seconds",
            "How long the run at hand has taken so far.",
            [(s, (now - s.running_since).total_seconds() if s.running_since else None) for s in states],
        )
