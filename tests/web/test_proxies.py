"""Whose address counts: that of the caller, or what the clinic's own web servers say of it."""

from __future__ import annotations

import pytest

from hms.clock import Clocks, FixedClock
from hms.runtime import Runtime, build
from hms.web.app import create_app
from tests.support.factories import make_hospital
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
    client = create_app(house).test_client()

    def guess(forwarded_for: str) -> int:
        return client.post(
            "/api/v1/auth/login",
            json={"email": "nobody@example.org", "password": "guess guess"},
            headers={"X-Forwarded-For": forwarded_for},
        ).status_code

    first = "10.1.1.1, 10.1.1.1" if trusted == 2 else "10.1.1.1"
    assert {guess(first) for _ in range(GUESSES)} == {401}
    assert guess(first) == 429
    assert guess(forwarded) == (429 if is_slowed_down else 401)
    house.close()
