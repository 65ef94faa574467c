"""Run the no-show check in a process of its own, to be raced and killed: see `Sweeper`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from uuid import UUID

from hms.clock import Clocks, FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.processes.jobs import run_job
from hms.runtime import build
from hms.settings import Settings
from tests.support.forks import FORKS

PATIENCE = 30


@dataclass
class Sweeper:
    """A process that connects and waits for `go`; then it runs the check once and says how it ended."""

    process: ForkServerProcess
    wire: Connection

    @classmethod
    def start(cls, url: str, hospital_id: UUID, now: datetime, machine_now: datetime, batch: int) -> Sweeper:
        """Start the process and return at once."""
        ours, theirs = FORKS.Pipe()
        process = FORKS.Process(target=_sweep, args=(theirs, url, hospital_id, now, machine_now, batch), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours)

    def wait_ready(self) -> None:
        """Wait until the process has connected."""
        assert self._heard() == "ready"

    def go(self) -> None:
        """Let it run."""
        self.wire.send("go")

    def kill(self) -> None:
        """Kill -9, whatever it is doing."""
        self.process.kill()
        self._close()

    def outcome(self) -> str:
        """Wait for the end and return the outcome's status."""
        said = self._heard()
        self._close()
        return said

    def _heard(self) -> str:
        assert self.wire.poll(PATIENCE), "the sweeping process says nothing"
        said: str = self.wire.recv()
        return said

    def _close(self) -> None:
        self.process.join(PATIENCE)
        self.wire.close()
        assert self.process.exitcode is not None
        self.process.close()


def _sweep(wire: Connection, url: str, hospital_id: UUID, now: datetime, machine_now: datetime, batch: int) -> None:
    """Wait for the word, run the check with both clocks standing still, say how it ended."""
    settings = Settings(_env_file=None, database_url=url, job_batch_size=batch, sqlite_synchronous="OFF")
    runtime = build(settings, clocks=Clocks(FixedClock(now), FixedClock(machine_now)))
    with runtime.reading() as session:
        session.connection()
    wire.send("ready")
    wire.recv()
    wire.send(run_job(runtime, hospital_id, JobName.NO_SHOW_CHECK, RunSource.CRON).status.value)
    runtime.close()
