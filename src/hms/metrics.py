"""What one process counts of its own work, for Prometheus: figures of work, never of a person."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

WEB_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
JOB_BUCKETS = (0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)

disable_created_metrics()  # type: ignore[no-untyped-call]  # twice as many lines, for a time that nobody asks about


class Metrics:
    """The counters of one house. Two houses in one process do not mix, because each has its own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = self._counter("hms_http_requests", "Requests answered.", "method", "route", "status")
        self._changes = self._counter("hms_changes", "Changes that were committed, by what happened.", "action")
        self._runs = self._counter("hms_job_runs", "Runs of jobs that this process made.", "job", "outcome")
        self._deliveries = self._counter(
            "hms_deliveries", "Attempts to deliver a message by this process.", "channel", "outcome"
        )
        self._seconds = Histogram(
            "hms_http_request_seconds",
            "Time to answer.",
            ["method", "route"],
            registry=self.registry,
            buckets=WEB_BUCKETS,
        )
        self._run_seconds = Histogram(
            "hms_job_run_seconds", "Time that a run took.", ["job"], registry=self.registry, buckets=JOB_BUCKETS
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request that was answered."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def changed(self, actions: Mapping[str, int]) -> None:
        """Count what one committed transaction changed: action (such as ``appointment.booked``) → how often."""
        for action, times in actions.items():
            self._changes.labels(action).inc(times)

    def ran(self, job: str, outcome: str, seconds: float) -> None:
        """Count a run that ended, or that found another one at work."""
        self._runs.labels(job, outcome).inc()
        self._run_seconds.labels(job).observe(seconds)

    def delivered(self, channel: str, outcomes: Mapping[str, int]) -> None:
        """Count attempts to deliver: outcome (a field of processes.delivery.DeliveryReport) → how many."""
        for outcome, messages in outcomes.items():
            self._deliveries.labels(channel, outcome).inc(messages)

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(name, told, labels, registry=self.registry)
