"""Fresh, migrated, empty databases: one a test, copied from a template that is migrated once a session."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.support.postgres import Postgres


def migrate(url: str) -> None:
    """Bring a database to the newest schema, by the migrations that a real installation runs."""
    from hms import migrations  # noqa: PLC0415 - only sessions that ask for a database pay for Alembic

    migrations.upgrade(url)


def sqlite_url(path: Path) -> str:
    """Return a database file's address for SQLAlchemy."""
    return f"sqlite:///{path}"


def make_sqlite_template(folder: Path) -> Path:
    """Migrate a new file and fold its write-ahead log into it, so that one file is all."""
    path = folder / "template.db"
    migrate(sqlite_url(path))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def copy_sqlite(template: Path, folder: Path) -> str:
    """Copy the template into a test's folder and return its address."""
    path = folder / "hms.db"
    shutil.copyfile(template, path)
    return sqlite_url(path)


def make_postgresql_template(postgres: Postgres) -> str:
    """Migrate a new database and return its name."""
    name = postgres.create()
    migrate(postgres.url(name))
    return name


@contextmanager
def copy_postgresql(postgres: Postgres, template: str) -> Iterator[str]:
    """Give the address of a copy of the template, which is dropped after the block."""
    name = postgres.create(template)
    try:
        yield postgres.url(name)
    finally:
        postgres.drop(name)
