"""Run the no-show check in a process of its own, to be raced and killed: see `Sweeper`."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO
from uuid import UUID

from hms.clock import Clocks, FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.processes.jobs import run_job
from hms.runtime import build
from hms.settings import Settings

ROOT = Path(__file__).parents[2]


@dataclass
class Sweeper:
    """A process that waits, imports done, for `go`; then it runs the check once and says how it ended."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, url: str, hospital_id: UUID, now: datetime, machine_now: datetime, batch: int) -> Sweeper:
        """Start the process and return at once."""
        given = [url, str(hospital_id), now.isoformat(), machine_now.isoformat(), str(batch)]
        command = [sys.executable, "-m", "tests.support.sweeper", *given]
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        return cls(process)

    def wait_ready(self) -> None:
        """Wait until the process has imported and connected."""
        assert _stream(self.process.stdout).readline() == "ready\n"

    def go(self) -> None:
        """Let it run."""
        _stream(self.process.stdin).write("go\n")
        _stream(self.process.stdin).flush()

    def kill(self) -> None:
        """Kill -9, whatever it is doing."""
        self.process.kill()
        self._close()

    def outcome(self) -> str:
        """Wait for the end and return the outcome's status."""
        said = _stream(self.process.stdout).read().strip()
        self._close()
        return said

    def _close(self) -> None:
        self.process.wait(30)
        _stream(self.process.stdin).close()
        _stream(self.process.stdout).close()


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def main(url: str, hospital_id: str, now: str, machine_now: str, batch: str) -> None:
    """Wait for the word, run the check with both clocks standing still, print how it ended."""
    settings = Settings(_env_file=None, database_url=url, job_batch_size=int(batch), sqlite_synchronous="OFF")
    clocks = Clocks(FixedClock(datetime.fromisoformat(now)), FixedClock(datetime.fromisoformat(machine_now)))
    runtime = build(settings, clocks=clocks)
    with runtime.reading() as session:
        session.connection()
    print("ready", flush=True)  # noqa: T201 - the parent reads it
    sys.stdin.readline()
    print(run_job(runtime, UUID(hospital_id), JobName.NO_SHOW_CHECK, RunSource.CRON).status.value)  # noqa: T201
    runtime.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
