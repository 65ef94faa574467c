"""A throw-away PostgreSQL cluster, and fresh databases in it.

The cluster is as quick as can be (nothing is flushed to disk) and listens on
the loopback and a unix socket. The tests' role `hms` owns its databases and
is no superuser, as in production.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from tests.support.processes import Server, free_port, make_folder, unprivileged_user
from tools.services import POSTGRES

TRIES = 3
HAS_STRATEGIES = 150000
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "fatal",
}


class Postgres:
    """A running server in which tests get databases of their own."""

    def __init__(self, superuser: URL, role: URL) -> None:
        self.superuser = superuser
        self._role = role
        self._names = (f"hms_test_{os.getpid()}_{number}" for number in count())

    def url(self, name: str) -> str:
        """Return the address of a database for SQLAlchemy, as the ordinary role."""
        return self._role.set(database=name).render_as_string(hide_password=False)

    def create(self, template: str | None = None) -> str:
        """Create a database, empty or as a copy of another, and return its name.

        Copied as files it takes a third of the time that copying page by page takes, which newer servers prefer.
        """
        name = next(self._names)
        with self._connected() as connection:
            how = "STRATEGY FILE_COPY" if connection.info.server_version >= HAS_STRATEGIES else ""
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} {}").format(
                    sql.Identifier(name),
                    sql.Identifier(self._role.username or "postgres"),
                    sql.Identifier(template or "template0"),
                    sql.SQL(how),
                )
            )
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected."""
        self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def execute(self, statement: sql.Composed) -> None:
        """Run one statement as superuser, outside any transaction."""
        with self._connected() as connection:
            connection.execute(statement)

    def _connected(self) -> psycopg.Connection:
        address = self.superuser.set(drivername="postgresql")
        return psycopg.connect(address.render_as_string(hide_password=False), autocommit=True)


@contextmanager
def run_postgres() -> Iterator[Postgres]:
    """Run a cluster until the end of the block, or use the server that the environment names."""
    found = POSTGRES.require()
    if "://" in found:
        superuser = make_url(found).set(drivername="postgresql+psycopg")
        yield Postgres(superuser, superuser)
        return
    with start_cluster(found) as (_, superuser):
        postgres = Postgres(superuser, superuser.set(username="hms"))
        postgres.execute(sql.SQL("CREATE ROLE hms LOGIN CREATEDB").format())
        yield postgres


@contextmanager
def start_cluster(binaries: str) -> Iterator[tuple[Server, URL]]:
    """Make a cluster and start it; try other ports should one be taken meanwhile."""
    said = ""
    for _ in range(TRIES):
        user = unprivileged_user()
        folder = make_folder("pg", user)
        data = folder / "data"
        initialise = [f"{binaries}/initdb", "--no-sync", "--auth=trust", "--username=postgres"]
        subprocess.run(
            [*initialise, "--encoding=UTF8", "--locale=C", "--no-instructions", "-D", str(data)],
            check=True,
            stdout=subprocess.DEVNULL,
            user=user,
            cwd="/",
        )
        port = free_port()
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        command = [f"{binaries}/postgres", "-D", str(data), f"-p{port}", f"-k{folder}", *settings]
        url = URL.create("postgresql+psycopg", "postgres", None, "127.0.0.1", port, "postgres")
        with Server(folder, command, user=user, stop="SIGINT") as server:
            if server.wait_until(partial(accepts, url)):
                yield server, url
                return
            said = server.last_words()
    raise RuntimeError(f"PostgreSQL did not start:\n{said}")


def accepts(url: URL) -> bool:
    """Tell whether the server lets us in."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
