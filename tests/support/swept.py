"""One database a worker and engine, kept for the whole session and empty again whenever a test asks for it.

Making a database, connecting to it and compiling each statement anew costs far more than what most tests do with it.
So the database, its connections, the runtime on it and the application stay, and a sweep brings the schema's own
state back: on SQLite by copying every page of the template over it, on PostgreSQL by deleting all rows with the
triggers asleep. A test that changes the schema, kills processes or leaves some running asks for `fresh_database`;
the shared one on PostgreSQL refuses to be changed.
"""

from __future__ import annotations

import pickle
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask

from hms.clock import Clocks
from hms.gateways.null import null_gateways
from hms.models.engines import Database, open_database
from hms.runtime import Runtime
from hms.settings import Settings
from hms.web.app import create_app
from hms.web.identity import open_door
from tests.support.databases import copy_sqlite, sqlite_url
from tests.support.postgres import Postgres

MOST_BYTES = 1024 * 1024
_KEPT: list[Swept] = []
SWEEP = f"""
CREATE SCHEMA hms_tests;
CREATE FUNCTION hms_tests.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE schema_name IS DISTINCT FROM 'pg_temp') THEN
        RAISE EXCEPTION 'Tests share this database: ask for fresh_database to change the schema.';
    END IF;
END $$;
CREATE FUNCTION hms_tests.refuse_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE NOT is_temporary) THEN
        RAISE EXCEPTION 'Tests share this database: ask for fresh_database to change the schema.';
    END IF;
END $$;
CREATE TABLE hms_tests.version AS SELECT * FROM public.alembic_version;
CREATE FUNCTION hms_tests.sweep() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$
DECLARE
    entry record;
    used text[] := '{{}}';
    bytes bigint := 0;
    measured boolean := false;
BEGIN
    FOR entry IN
        SELECT oid::regclass AS name, reltuples AS rows, pg_relation_size(oid) AS size FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    LOOP
        IF entry.size > 0 THEN
            used := used || entry.name::text;
            bytes := bytes + entry.size;
        END IF;
        measured := measured OR entry.rows >= 0;
    END LOOP;
    IF measured OR bytes > {MOST_BYTES} THEN
        -- Ten times slower, but it leaves the planner as ignorant as in a new database.
        EXECUTE 'TRUNCATE ' || (SELECT string_agg(oid::regclass::text, ', ') FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r');
        DELETE FROM pg_statistic USING pg_class
        WHERE pg_class.oid = starelid AND relnamespace = 'public'::regnamespace;
    ELSE
        FOR number IN 1 .. cardinality(used) LOOP
            EXECUTE 'DELETE FROM ' || used[number];
        END LOOP;
    END IF;
    PERFORM setval(oid::regclass, 1, false) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'S';
    INSERT INTO public.alembic_version SELECT * FROM hms_tests.version;
END $$;
CREATE EVENT TRIGGER hms_tests_refuse ON ddl_command_end EXECUTE FUNCTION hms_tests.refuse();
CREATE EVENT TRIGGER hms_tests_refuse_drop ON sql_drop EXECUTE FUNCTION hms_tests.refuse_drop();
"""
# Whoever is in the middle of something was left behind by an earlier test.
OTHERS = """
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' AND backend_type = 'client backend'
"""


class Swept(ABC):
    """A kept database with the runtime and the application that stand on it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._settings = plain_settings(url, Path())
        self.database: Database = open_database(url, sqlite_synchronous="OFF")
        self._runtime: Runtime | None = None
        self._app: Flask | None = None

    def empty(self) -> str:
        """Bring back the state of a database just migrated, and return its address."""
        if has_open_sessions(self.database):
            self.database.dispose()  # an earlier test left a session open: its connections shall not come back
        self._sweep()
        return self.url

    def runtime(self, settings: Settings, clocks: Clocks) -> Runtime | None:
        """Give the one runtime, as if just built: one object, so that the app may stay. None unless all is plain."""
        if settings.model_copy(update={"data_dir": self._settings.data_dir}) != self._settings:
            return None
        built = Runtime(settings, self.database, clocks, null_gateways())
        if self._runtime is None:
            self._runtime = built
        else:
            vars(self._runtime).clear()
            vars(self._runtime).update(vars(built))
        return self._runtime

    def app(self, runtime: Runtime) -> Flask | None:
        """Give the application on the one runtime, with a new door; None for any other runtime."""
        if runtime is not self._runtime:
            return None
        if self._app is None:
            self._app = create_app(runtime)
        self._app.extensions["hms.door"] = open_door(runtime)
        return self._app

    @abstractmethod
    def remember(self, name: str, told: object) -> None:
        """Keep the database as it stands, with what a test must know of it."""

    @abstractmethod
    def recall(self, name: str) -> Any:
        """Bring back what was kept by a name and return what was told of it; None when nothing was kept."""

    @abstractmethod
    def _sweep(self) -> None:
        """Empty the database."""

    def close(self) -> None:
        """Give everything back."""
        self.database.dispose()


class SweptSqlite(Swept):
    """A file; the template's pages, kept in memory, are copied over it."""

    def __init__(self, template: Path, folder: Path) -> None:
        self._path = folder / "hms.db"
        self._kept: dict[str, tuple[sqlite3.Connection, bytes]] = {}
        self._image = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(template)) as source:
            source.backup(self._image)
        super().__init__(copy_sqlite(template, folder))
        assert self.url == sqlite_url(self._path)
        self._keeper = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        self._keeper.execute("PRAGMA synchronous = OFF")

    def remember(self, name: str, told: object) -> None:
        """Keep all pages in memory."""
        image = sqlite3.connect(":memory:")
        self._keeper.backup(image)
        self._kept[name] = image, pickle.dumps(told)

    def recall(self, name: str) -> Any:
        """Copy the pages back; what was told is a copy too, so that a test may change it."""
        if name not in self._kept:
            return None
        image, told = self._kept[name]
        self._copy(image)
        return pickle.loads(told)  # noqa: S301 - our own, from this very process

    def _sweep(self) -> None:
        self._copy(self._image)

    def _copy(self, image: sqlite3.Connection) -> None:
        self._keeper.execute("BEGIN IMMEDIATE")  # fails if anybody still writes; the copy itself would wait for ever
        self._keeper.execute("ROLLBACK")
        image.backup(self._keeper)

    def close(self) -> None:
        """Give everything back."""
        super().close()
        for connection in (self._keeper, self._image, *(image for image, _ in self._kept.values())):
            connection.close()


class SweptPostgresql(Swept):
    """A database in the session's cluster, swept by a function of its own."""

    def __init__(self, postgres: Postgres, template: str) -> None:
        self._postgres = postgres
        self._name = postgres.create(template)
        address = postgres.superuser.set(drivername="postgresql", database=self._name)
        self._keeper = psycopg.connect(address.render_as_string(hide_password=False), autocommit=True)
        self._keeper.execute("SET lock_timeout = '10s'")
        self._keeper.execute(SWEEP.encode())
        super().__init__(postgres.url(self._name))

    def remember(self, name: str, told: object) -> None:
        """Keep nothing: hardly anything would be quicker than what made it."""

    def recall(self, name: str) -> Any:
        """Say that nothing was kept."""
        return None

    def _sweep(self) -> None:
        ended = self._keeper.execute(f"SELECT pg_terminate_backend(pid, 10000) {OTHERS}".encode()).fetchall()
        assert all(gone for (gone,) in ended), "somebody is still at work in the tests' database"
        self._keeper.execute("SELECT hms_tests.sweep()")

    def close(self) -> None:
        """Give everything back."""
        super().close()
        self._keeper.close()
        self._postgres.drop(self._name)


def has_open_sessions(database: Database) -> bool:
    """Tell whether somebody holds a connection."""
    return any(engine.pool.checkedout() for engine in (database.writer, database.reader))  # type: ignore[attr-defined]


@contextmanager
def keep(swept: Swept) -> Iterator[Swept]:
    """Keep a database until the end of the block."""
    _KEPT.append(swept)
    try:
        yield swept
    finally:
        _KEPT.remove(swept)
        swept.close()


def runtime_on(settings: Settings, clocks: Clocks) -> Runtime | None:
    """Give the kept runtime that stands on these settings, if one does."""
    return next((found for swept in _KEPT if (found := swept.runtime(settings, clocks))), None)


def app_on(runtime: Runtime) -> Flask:
    """Give the application on a runtime: the kept one on a kept runtime, so that a test must not add routes to it."""
    return next((found for swept in _KEPT if (found := swept.app(runtime))), None) or create_app(runtime)


def swept_under(runtime: Runtime) -> Swept | None:
    """Give the kept database that a runtime stands on, if it is one."""
    return next((swept for swept in _KEPT if swept.database is runtime.database), None)


def plain_settings(url: str, data_dir: Path) -> Settings:
    """Return the settings of a development set-up on a test's database and data folder."""
    return _any_settings().model_copy(update={"database_url": url, "data_dir": data_dir})


@cache
def _any_settings() -> Settings:
    """Read the environment once: it takes as long as a booking does."""
    return Settings(_env_file=None, sqlite_synchronous="OFF")
