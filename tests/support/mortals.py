"""Processes that are killed -9 and started again: HMS's own kinds, and a PostgreSQL and a Redis of their own.

Each runs under a guard that outlives nobody, as all servers of the tests do. Ports and data folders stay the same
from one life to the next.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from random import Random

import psycopg
from sqlalchemy import URL

from tests.support.postgres import SETTINGS, accepts
from tests.support.processes import Server, answers, free_port, make_folder, unprivileged_user
from tests.support.served import HMS
from tools.services import POSTGRES, REDIS

PATIENCE = 90.0
HURRIED = {"fsync", "full_page_writes", "synchronous_commit"}
"""What the tests' other clusters are told in order to be quick; one that is killed must keep what it has promised."""

# The shell tells its own process id, which is the command's afterwards, and keeps what is said over all lives.
TOLD = 'echo $$ >"$0"; log=$1; shift; exec "$@" >>"$log" 2>&1'


class Mortal:
    """One command over its lives. ``log``: what it has said in all of them."""

    def __init__(
        self,
        name: str,
        command: list[str],
        log: Path,
        *,
        user: str | None = None,
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        self.name, self._command, self.log, self._user, self._ready = name, command, log, user, ready
        self._server: Server | None = None
        self._pid_file: Path | None = None

    @property
    def kind(self) -> str:
        """What it is, without its number."""
        return self.name.split()[0]

    def start(self) -> None:
        """Start it, again and again should its former life still be in the way, and wait until it is ready."""
        end = time.monotonic() + PATIENCE
        while True:
            self._launch()
            assert self._server is not None
            if self._server.wait_until(self._is_up, seconds=end - time.monotonic()):
                return
            assert time.monotonic() < end, f"{self.name} does not start:\n{self.last_words()}"
            self._server.close()
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill -9 it, with whatever processes it has of its own group."""
        if self._server is not None:
            with suppress(ProcessLookupError):
                if pid := self.pid:
                    os.killpg(pid, signal.SIGKILL)
            self._server.close()
            self._server = None

    def kill_part(self, chance: Random) -> bool:
        """Kill -9 one of its own processes, as a machine short of memory does; tell whether there was one."""
        pid = self.pid
        parts = sorted(_children(pid)) if pid else []
        if parts:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(parts), signal.SIGKILL)
        return bool(parts)

    @property
    def pid(self) -> int | None:
        """The process id, which leads its group; None before the first start, and once it has ended by itself."""
        with suppress(ValueError, FileNotFoundError):
            return int(self._pid_file.read_text()) if self._pid_file else None
        return None

    def is_alive(self) -> bool:
        """Tell whether it still runs."""
        try:
            if pid := self.pid:
                os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return pid is not None

    def last_words(self) -> str:
        """Return the end of its log."""
        return self.log.read_text(errors="replace")[-6000:] if self.log.exists() else "(no log)"

    def _launch(self) -> None:
        folder = make_folder(self.kind, self._user)
        self._pid_file = folder / "pid"
        words = ["sh", "-c", TOLD, str(self._pid_file), str(self.log), *self._command]
        self._server = Server(folder, words, user=self._user, stop="SIGKILL")

    def _is_up(self) -> bool:
        return self.pid is not None and self._ready()


def _children(pid: int) -> list[int]:
    """Return a process's children; none where the system does not show processes as files."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


@contextmanager
def hms(
    folder: Path, name: str, settings: Mapping[str, str], ready: Callable[[], bool] = lambda: True
) -> Iterator[Mortal]:
    """Give ``hms NAME`` (a number after the name tells several apart), not started yet; settings without prefix."""
    given = [f"HMS_{key.upper()}={value}" for key, value in settings.items()]
    mortal = Mortal(
        name, ["env", *given, *HMS, name.split(maxsplit=1)[0]], folder / f"{name.replace(' ', '-')}.log", ready=ready
    )
    try:
        yield mortal
    finally:
        mortal.kill()


@contextmanager
def redis() -> Iterator[tuple[Mortal, str]]:
    """Give a Redis that forgets everything when it dies, and its URL; it is not started yet."""
    port, folder = free_port(), make_folder("redis-log")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]
    mortal = Mortal("redis", [REDIS.require(), *options], folder / "log", ready=partial(answers, port))
    try:
        yield mortal, f"redis://127.0.0.1:{port}/0"
    finally:
        mortal.kill()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[tuple[Mortal, str]]:
    """Give a PostgreSQL that keeps its promises when it dies, with an empty database, and the database's URL."""
    binaries, user = POSTGRES.require(), unprivileged_user()
    folder = make_folder("pg-data", user)
    data, port = folder / "data", free_port()
    make = [f"{binaries}/initdb", "--no-sync", "--auth=trust", "--username=hms", "--encoding=UTF8", "--locale=C"]
    subprocess.run([*make, "--no-instructions", "-D", str(data)], check=True, capture_output=True, user=user, cwd="/")
    settings = [f"-c{name}={value}" for name, value in SETTINGS.items() if name not in HURRIED]
    command = [f"{binaries}/postgres", "-D", str(data), f"-p{port}", f"-k{folder}", *settings]
    url = URL.create("postgresql+psycopg", "hms", None, "127.0.0.1", port, "postgres")
    mortal = Mortal("postgres", command, folder / "log", user=user, ready=partial(accepts, url))
    try:
        mortal.start()
        with psycopg.connect(url.set(drivername="postgresql").render_as_string(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE clinic TEMPLATE template0")
        yield mortal, url.set(database="clinic").render_as_string()
    finally:
        mortal.kill()
        shutil.rmtree(folder, ignore_errors=True)
