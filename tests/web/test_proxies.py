"""Whose address counts: that of the caller, or what the clinic's own web servers say of it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hms.cli.running import Stopper, Web
from hms.clock import Clocks, FixedClock
from hms.runtime import Runtime, build
from hms.web.app import create_app
from tests.support.factories import make_hospital
from tests.support.processes import free_port
from tests.support.swept import plain_settings

GUESSES = 10


@pytest.fixture
def database(sqlite_database: str) -> str:
    """Give SQLite alone: who is slowed down is counted outside the database."""
    return sqlite_database


@pytest.mark.parametrize(
    ("trusted", "forwarded", "is_slowed_down"),
    [
        (0, "10.9.9.9", True),  # anybody may send such a header
        (1, "10.9.9.9", False),
        (1, "10.9.9.9, 10.1.1.1", True),  # what the own server has added is the last one
        (2, "10.9.9.9, 10.1.1.1", False),
    ],
)
def test_guessing_slows_down_the_address_that_trusted_servers_name(
    runtime: Runtime, machine_clock: FixedClock, trusted: int, forwarded: str, is_slowed_down: bool
) -> None:
    make_hospital(runtime)
    settings = plain_settings(runtime.settings.effective_database_url, runtime.settings.data_dir)
    house = build(
        settings.model_copy(update={"trusted_proxies": trusted}),
        clocks=Clocks(hospital=machine_clock, machine=machine_clock),
    )
    with served(house) as port:

        def guess(forwarded_for: str) -> int:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            body = json.dumps({"email": "nobody@example.org", "password": "guess guess"})
            headers = {"Content-Type": "application/json", "X-Forwarded-For": forwarded_for}
            connection.request("POST", "/api/v1/auth/login", body, headers)
            status = connection.getresponse().status
            connection.close()
            return status

        first = "10.1.1.1, 10.1.1.1" if trusted == 2 else "10.1.1.1"
        assert {guess(first) for _ in range(GUESSES)} == {401}
        assert guess(first) == 429
        assert guess(forwarded) == (429 if is_slowed_down else 401)
    house.close()


@contextmanager
def served(house: Runtime) -> Iterator[int]:
    """Serve the pages as `hms up` does, and give the port; the server in front of the application has a say, too."""
    port, stopper = free_port(), Stopper()
    web = Web(create_app(house), "127.0.0.1", port, 2)
    thread = threading.Thread(target=web.serve, args=(stopper, lambda: True))
    thread.start()
    try:
        yield port
    finally:
        stopper.asked.set()
        stopper.on_ask()
        thread.join()
