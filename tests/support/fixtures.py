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
from tests.support.swept import (
    Swept,
    SweptPostgresql,
    SweptSqlite,
    has_open_sessions,
    keep,
    plain_settings,
    runtime_on,
)
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


@pytest.fixture(scope="session")
def swept_postgresql(postgres: Postgres, postgresql_template: str) -> Iterator[Swept]:
    """Give the session's own PostgreSQL database; ask for `postgresql_database` instead."""
    with keep(SweptPostgresql(postgres, postgresql_template)) as swept:
        yield swept


@pytest.fixture(scope="session")
def swept_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swept]:
    """Give the session's own SQLite database; ask for `sqlite_database` instead."""
    with keep(SweptSqlite(sqlite_template, tmp_path_factory.mktemp("swept"))) as swept:
        yield swept


@pytest.fixture
def postgresql_database(swept_postgresql: Swept) -> str:
    """Give the URL of the session's PostgreSQL database, empty and migrated."""
    return swept_postgresql.empty()


@pytest.fixture
def sqlite_database(swept_sqlite: Swept) -> str:
    """Give the URL of the session's SQLite database, empty and migrated."""
    return swept_sqlite.empty()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Give the URL of an empty, migrated database; the test runs once on each engine."""
    url: str = request.getfixturevalue(f"{request.param}_database")
    return url


@pytest.fixture
def fresh_postgresql_database(postgres: Postgres, postgresql_template: str) -> Iterator[str]:
    """Give the URL of a PostgreSQL database of the test's own, dropped afterwards."""
    with copy_postgresql(postgres, postgresql_template) as url:
        yield url


@pytest.fixture
def fresh_sqlite_database(sqlite_template: Path, tmp_path: Path) -> str:
    """Give the URL of a SQLite database of the test's own, in its folder."""
    return copy_sqlite(sqlite_template, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_database(request: pytest.FixtureRequest) -> str:
    """Give the URL of a database of the test's own, whose schema it may change and whose users it may kill.

    A file or folder of such tests says so once, by a fixture `database` that returns this one.
    """
    url: str = request.getfixturevalue(f"fresh_{request.param}_database")
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
    with run_smtp_peer(tmp_path_factory.mktemp("smtp"), SmtpPeer) as peer:
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
    with run_http_peer(HttpPeer) as peer:
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
    return plain_settings(database, tmp_path / "var")


@pytest.fixture
def runtime(settings: Settings, clocks: Clocks) -> Iterator[Runtime]:
    """Give a whole house on an empty database: fixed clocks, Null gateways; runs once on each engine."""
    if (standing := runtime_on(settings, clocks)) is not None:
        yield standing
        assert not has_open_sessions(standing.database), "a session was left open, or used after its block"
        return
    built = build(settings, clocks=clocks, gateways=null_gateways())
    yield built
    built.close()
