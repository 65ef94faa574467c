"""Worker and beat as processes of their own, over a real Redis."""

from pathlib import Path
from urllib.request import urlopen

from hms.models import JobRun
from hms.runtime import Runtime
from tests.support.factories import make_hospital, make_patient
from tests.support.letters import states, tell
from tests.support.processes import free_port
from tests.support.served import served
from tests.support.visits import rows


def test_worker_and_beat_deliver_and_sweep(runtime: Runtime, database: str, redis_url: str, tmp_path: Path) -> None:
    hospital = make_hospital(runtime)
    tell(runtime, hospital, make_patient(runtime, hospital), 3)
    shared = {"database_url": database, "broker_url": redis_url}
    watched = shared | {"metrics_bind": f"127.0.0.1:{(port := free_port())}"}
    with served(tmp_path, "worker", settings=watched) as worker, served(tmp_path, "beat", settings=shared) as beat:
        worker.wait_until(lambda: states(runtime) == ["DELIVERED"] * 3)
        worker.wait_until(lambda: b'hms_deliveries_total{channel="email",outcome="delivered"}' in figures(port))
        assert b'hms_outbox_messages{channel="email",state="waiting"} 0.0' in figures(port)
        # Five seconds after the start both the schedule and the start ask for a sweep; whichever is first runs it.
        beat.wait_until(lambda: "NO_SHOW_CHECK" in {run.job_name.value for run in rows(runtime, JobRun)})
        assert (worker.stop(), beat.stop()) == (0, 0), worker.output + beat.output
    assert len(list((tmp_path / "var" / "mail").glob("*.eml"))) == 3


def figures(port: int) -> bytes:
    """Read what the worker shows of its work."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as page:
        return bytes(page.read())
