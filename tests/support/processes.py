"""Start real servers for a test session: each under a guard that outlives nobody."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

GUARD = Path(__file__).with_name("guard.py")


class Server:
    """A running server with a folder of its own; both are gone after `close`.

    Use it as a context manager, or call `close`. Should the test session die,
    the guard does the same.
    """

    def __init__(self, folder: Path, command: list[str], *, user: str | None, stop: str) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        given = ["--folder", str(folder), "--signal", stop, *(["--user", user] if user else [])]
        with self.log.open("wb") as log:
            self._guard = subprocess.Popen(
                [sys.executable, str(GUARD), *given, "--", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float = 30) -> bool:
        """Wait for the server to answer; False if it ended or took too long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._guard.poll() is None:
            if ready():
                return True
            time.sleep(0.02)
        return False

    def last_words(self) -> str:
        """Return what the server logged, for the message of a failure."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else "(no log)"

    def close(self) -> None:
        """Stop the server and remove its folder."""
        if self._guard.stdin:
            self._guard.stdin.close()
        self._guard.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def make_folder(name: str, user: str | None = None) -> Path:
    """Make a short-named folder (socket paths are limited), owned by the given user."""
    folder = Path(tempfile.mkdtemp(prefix=f"hms-{name}-"))
    folder.chmod(0o755)
    if user:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
    return folder


def unprivileged_user() -> str | None:
    """Name the user that runs a server which refuses root; None when we aren't root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def free_port() -> int:
    """Return a TCP port that is free on the loopback just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Tell whether something listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
