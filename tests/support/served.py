"""HMS as its own processes: `hms up`, `hms worker`, `hms beat`, started as an operator does, and ended for sure."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

HMS = [sys.executable, "-c", "from hms.cli import main; main()"]
PATIENCE = 60.0


class Served:
    """One running command; what it says is in ``output``."""

    def __init__(self, process: subprocess.Popen[str], log: Path, port: int | None) -> None:
        self.process, self._log, self._port = process, log, port

    @property
    def output(self) -> str:
        """What the command has said so far."""
        return self._log.read_text()

    def wait_ready(self) -> None:
        """Wait until the web answers that all is ready."""
        self.wait_until(self._is_ready)

    def wait_until(self, seen: Callable[[], bool]) -> None:
        """Wait until something is so; fail when the command ends before, or it takes too long."""
        end = time.monotonic() + PATIENCE
        while not seen():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < end, self.output
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self._port}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


@contextmanager
def served(
    folder: Path, *words: str, port: int | None = None, settings: dict[str, str] | None = None
) -> Iterator[Served]:
    """Run ``hms WORDS`` in a folder with HMS_… settings given without their prefix; kill it after the block."""
    log = folder / f"{words[0]}.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HMS_")}
    environment |= {"HMS_DATA_DIR": str(folder / "var"), "HMS_SQLITE_SYNCHRONOUS": "OFF"}
    environment |= {f"HMS_{name.upper()}": value for name, value in (settings or {}).items()}
    if port is not None:
        environment["HMS_BIND"] = f"127.0.0.1:{port}"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*HMS, *words],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        yield Served(process, log, port)
    finally:
        # The whole group: a killed `hms web` would leave its server processes behind.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
