"""A throw-away Redis on a free port, which keeps nothing on disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tests.support.processes import Server, answers, free_port, make_folder
from tools.services import REDIS

TRIES = 3


@contextmanager
def run_redis() -> Iterator[str]:
    """Run a Redis until the end of the block and give its URL, or the one the environment names."""
    found = REDIS.require()
    if "://" in found:
        yield found
        return
    said = ""
    for _ in range(TRIES):
        with start_redis(found, free_port()) as (server, url, port):
            if server.wait_until(partial(answers, port)):
                yield url
                return
            said = server.last_words()
    raise RuntimeError(f"Redis did not start:\n{said}")


@contextmanager
def start_redis(binary: str, port: int) -> Iterator[tuple[Server, str, int]]:
    """Start one; a test that stops and starts Redis itself gives the same port again."""
    folder = make_folder("redis")
    options = {"--port": str(port), "--bind": "127.0.0.1", "--dir": str(folder), "--save": ""}
    options |= {"--appendonly": "no", "--daemonize": "no"}
    command = [binary, *(word for option in options.items() for word in option)]
    with Server(folder, command, user=None, stop="SIGTERM") as server:
        yield server, f"redis://127.0.0.1:{port}/0", port
