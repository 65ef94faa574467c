"""Start HMS, or the plain Flask application, as a server of its own on a free port, and end it for sure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.client import ask, request
from benchmarks.ground import EMAIL, PASSWORD, Ground
from tests.support.processes import answers, free_port
from tests.support.redis import run_redis
from tests.support.served import served

GRANIAN = [
    sys.executable,
    "-m",
    "granian",
    "--interface",
    "wsgi",
    "--factory",
    "--workers",
    "2",
    "--blocking-threads",
    "8",
]


@contextmanager
def hms_serving(ground: Ground) -> Iterator[int]:
    """Serve as one would: `hms web` on PostgreSQL with Redis, all in one process on SQLite. Give the port."""
    port = free_port()
    settings = {"database_url": ground.url, "sqlite_synchronous": "FULL", "log_level": "WARNING"}
    if ground.engine == "SQLite":
        with served(ground.folder, "up", port=port, settings=settings) as house:
            house.wait_ready()
            yield port
        return
    with run_redis() as redis:
        settings |= {"broker_url": redis, "redis_url": redis}
        with served(ground.folder, "web", port=port, settings=settings) as house:
            house.wait_ready()
            yield port


@contextmanager
def plain_flask_serving(ground: Ground) -> Iterator[int]:
    """Serve the plain Flask application in the same way as `hms web`."""
    port = free_port()
    environment = os.environ | {"PLAIN_DATABASE": ground.url.replace("postgresql+psycopg", "postgresql")}
    command = [*GRANIAN, "--port", str(port), "--host", "127.0.0.1", "--no-ws", "benchmarks.plain_flask:application"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while not answers(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("The plain Flask application did not start.")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def sign_in(port: int) -> str:
    """Sign reception in and return the access token."""
    body = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
    status, answer = ask(port, request("POST", "/api/v1/auth/login", body=body))
    if status != 200:
        raise RuntimeError(f"Signing in was answered with {status}: {answer[:200]!r}")
    token: str = json.loads(answer)["data"]["accessToken"]
    return token
