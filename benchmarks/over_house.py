"""The house itself: how soon `hms up` is ready, how much memory it rests with, how long the demo takes to load."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.ground import database, ground
from benchmarks.serving import sign_in
from hms.processes import demo
from hms.runtime import build
from hms.settings import Settings
from tests.support.processes import free_port
from tests.support.served import served

READY_SECONDS = 3
RESTING_MEGABYTES = 160
DEMO_SECONDS = 20
SETTLING = 6.0


def measure_house(engine: str, _seconds: float) -> Iterator[Figure]:
    """Measure start and rest of the embedded process on an initialised database."""
    if engine != "sqlite":
        return
    with ground(engine, doctors=12, patients=1500, days=30) as laid:
        port = free_port()
        settings = {"database_url": laid.url, "log_level": "WARNING"}
        began = time.monotonic()
        with served(laid.folder, "up", port=port, settings=settings) as house:
            house.wait_ready()
            yield Figure("hms up: ready", time.monotonic() - began, "s", READY_SECONDS, at_most=True)
            sign_in(port)
            time.sleep(SETTLING)
            resting = _resident_megabytes(house.process.pid)
            note = "web, worker and beat in one process, after a sign-in"
            yield Figure("hms up: memory at rest", resting, "MB", RESTING_MEGABYTES, at_most=True, note=note)


def measure_demo(engine: str, _seconds: float) -> Iterator[Figure]:
    """Measure loading the demo hospital."""
    with database(engine) as (url, folder):
        runtime = build(Settings(_env_file=None, database_url=url, data_dir=folder / "var"))
        began = time.monotonic()
        demo.load(runtime)
        took = time.monotonic() - began
        runtime.close()
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[engine]
    yield Figure(f"{name}: demo hospital loaded", took, "s", DEMO_SECONDS, at_most=True)


def _resident_megabytes(process_id: int) -> float:
    status = Path(f"/proc/{process_id}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024
