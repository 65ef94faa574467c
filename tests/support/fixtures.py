"""The fixtures that every test may ask for. Servers start when a test first asks, and end with the session."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis as redis_client

from hms.clock import Clocks, FixedClock
from hms.gateways.null import null_gateways
from hms.runtime import Runtime, build
from hms.settings import Settings
from tests.support.databases import (
    copy_postgresql,
    copy_sqlite,
    make_postgresql_template,
    make_sqlite_template,
)
from tests.support.http import HttpPeer, run_http_peer
from tests.support.postgres import Postgres, run_postgres
from tests.support.redis import run_redis
from tests.support.smtp import SmtpPeer, run_smtp_peer
from tools.services import CHROMIUM

NOW = datetime(2026, 1, 22, 3, 25, tzinfo=UTC)  # a Thursday, 08:55 in Kolkata


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Give the session's PostgreSQL, in which a test may `create` and `drop` databases of its own."""
    with run_postgres() as running:
        yield running


@pytest.fixture(scope="session")
def postgresql_template(postgres: Postgres) -> Iterator[str]:
    """Give the name of a migrated, empty database to copy."""
    name = make_postgresql_template(postgres)
    yield name
    postgres.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a migrated, empty database file to copy."""
    return make_sqlite_template(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture
def postgresql_database(postgres: Postgres, postgresql_template: str) -> Iterator[str]:
    """Give the URL of a fresh, migrated PostgreSQL database, dropped after the test."""
    with copy_postgresql(postgres, postgresql_template) as url:
        yield url


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> str:
    """Give the URL of a fresh, migrated SQLite database in the test's folder."""
    return copy_sqlite(sqlite_template, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Give the URL of a fresh, migrated database; the test runs once on each engine."""
    url: str = request.getfixturevalue(f"{request.param}_database")
    return url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """Give the URL of the session's Redis, with whatever other tests left in it."""
    with run_redis() as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """Give the URL of an empty Redis database."""
    with redis_client.Redis.from_url(redis_server) as client:
        client.flushdb()
    return redis_server


@pytest.fixture(scope="session")
def session_smtp_peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmtpPeer]:
    """Give the session's mail server; ask for `smtp_peer` instead."""
    with run_smtp_peer(tmp_path_factory.mktemp("smtp")) as peer:
        yield peer


@pytest.fixture
def smtp_peer(session_smtp_peer: SmtpPeer, monkeypatch: pytest.MonkeyPatch) -> SmtpPeer:
    """Give a mail server (STARTTLS and AUTH demanded) with an empty mailbox, whose certificate is trusted."""
    session_smtp_peer.reset()
    monkeypatch.setenv("SSL_CERT_FILE", session_smtp_peer.ca_file)
    return session_smtp_peer


@pytest.fixture
def http_peer() -> Iterator[HttpPeer]:
    """Give an HTTP server that keeps what it is sent, such as an SMS provider (`json://` + `http_peer.netloc`)."""
    with run_http_peer() as peer:
        yield peer


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of Chromium."""
    return CHROMIUM.require()


@pytest.fixture
def clock() -> FixedClock:
    """Give the hospital's clock, standing at NOW until the test moves it."""
    return FixedClock(NOW)


@pytest.fixture
def machine_clock() -> FixedClock:
    """Give the machine's clock (tokens, leases, backoff), standing at NOW until the test moves it."""
    return FixedClock(NOW)


@pytest.fixture
def clocks(clock: FixedClock, machine_clock: FixedClock) -> Clocks:
    """Give the pair of clocks, each of which a test may move by itself."""
    return Clocks(hospital=clock, machine=machine_clock)


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    """Give the settings of a development set-up on the test's own database and data folder."""
    return Settings(_env_file=None, database_url=database, data_dir=tmp_path / "var", sqlite_synchronous="OFF")


@pytest.fixture
def runtime(settings: Settings, clocks: Clocks) -> Iterator[Runtime]:
    """Give a whole house on a fresh database: fixed clocks, Null gateways; runs once on each engine."""
    built = build(settings, clocks=clocks, gateways=null_gateways())
    yield built
    built.close()
