"""Engines for both databases, each with its own right way of locking.

PostgreSQL: READ COMMITTED; services lock rows first, then read. SQLite: WAL, every writing transaction begins
IMMEDIATE, and a fair in-process lock in front keeps writers of one process in line; readers are deferred and their
connections refuse writes.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, create_engine, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from hms.clock import stopwatch

BUSY_TIMEOUT_MS = 20_000
STEPS_A_LOOK = 20_000
"""So many steps SQLite takes, about a millisecond, until it looks at the clock."""


class ReadSession(Session):
    """A session that can only read: the database itself refuses its writes."""


Source = Session | Connection
"""What a query of plain columns can ask: a session, or the bare connection that costs half as much to open."""


class _Aside(FunctionElement[Any]):
    name = "aside"
    inherit_cache = True

    def __init__(self, column: InstrumentedAttribute[Any]) -> None:
        super().__init__(column)
        self.type = column.type


def aside(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """Name a column by whose index rows are not to be found, only checked once they are.

    SQLite takes it that an equal hospital leaves ten rows. Beside a list of identifiers it would therefore read all
    rows of the hospital instead of those named, whatever is stored.
    """
    return _Aside(column)


@compiles(_Aside)
def _plainly(element: _Aside, compiler: SQLCompiler, **how: Any) -> str:
    return compiler.process(element.clauses, **how)


@compiles(_Aside, "sqlite")
def _without_index(element: _Aside, compiler: SQLCompiler, **how: Any) -> str:
    return f"+{compiler.process(element.clauses, **how)}"


class FairLock:
    """A lock that serves waiters in the order they came; Python's own may starve one."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._held = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock for the block."""
        self._acquire()
        try:
            yield
        finally:
            self._release()

    def _acquire(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def _release(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


@dataclass(slots=True)
class Database:
    """The two doors to one database."""

    writer: Engine
    reader: Engine
    _queue: FairLock | None = field(default=None)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.writer.dialect.name

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session in a writing transaction; commit at the end of the block, roll back on any error."""
        if self._queue is None:
            with (
                Session(self.writer, expire_on_commit=False, autoflush=False) as session,
                session.begin(),
            ):
                yield session
            return
        with (
            self._queue.held(),
            Session(self.writer, expire_on_commit=False, autoflush=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def reading(self) -> Iterator[ReadSession]:
        """Open a read-only session; nothing it does is kept."""
        with ReadSession(self.reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """Open a read-only connection, for queries that need no objects."""
        with self.reader.connect() as connection:
            yield connection

    @contextmanager
    def measuring(self, seconds: float) -> Iterator[ReadSession]:
        """Open a read-only session that sees one state of the data; what takes longer than ``seconds`` is ended.

        The limit is for each statement on PostgreSQL, for all of them together on SQLite.
        """
        if self.dialect == "sqlite":
            with self.reader.connect() as connection, _interrupting(connection, seconds):
                yield ReadSession(connection, expire_on_commit=False, autoflush=False)
            return
        with self.reader.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            # Compiling a statement (jit) takes longer than these save by it, and so do other processes that help with
            # little: only who reads a million rows gains from them. A day's rows lie together, mostly in memory, so
            # looking up a few thousand others beside them is cheaper than reading all of a table.
            limit = f"SET LOCAL statement_timeout = {round(seconds * 1000)}"
            planning = "SET LOCAL jit = off; SET LOCAL parallel_setup_cost = 100000; SET LOCAL random_page_cost = 1.1"
            connection.exec_driver_sql(f"{limit}; {planning}")
            yield ReadSession(connection, expire_on_commit=False, autoflush=False)

    def dispose(self) -> None:
        """Close all pooled connections."""
        self.writer.dispose()
        self.reader.dispose()


@contextmanager
def _interrupting(connection: Connection, seconds: float) -> Iterator[None]:
    raw = connection.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        raise TypeError("SQLite's own connection is needed.")
    ends = stopwatch() + seconds
    raw.set_progress_handler(lambda: stopwatch() > ends, STEPS_A_LOOK)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


def open_database(url: str, *, pool_size: int = 10, sqlite_synchronous: str = "FULL") -> Database:
    """Build the engines of ``url`` (sqlite:///… or postgresql+psycopg://…)."""
    if url.startswith("sqlite"):
        return _open_sqlite(url, pool_size, sqlite_synchronous)
    return _open_postgresql(url, pool_size)


def _open_postgresql(url: str, pool_size: int) -> Database:
    settings = "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=120s"

    def engine(more: str = "", **options: Any) -> Engine:
        return create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=False,
            pool_recycle=1800,
            hide_parameters=True,  # an error's text goes to the log, and parameters are patients' data
            connect_args={"options": settings + more},
            **options,
        )

    # Readers don't open transactions: two round trips less, and the driver, which forgets its prepared statements
    # at every rollback, keeps them. Each statement sees what is committed, as it would in READ COMMITTED.
    reader = engine(" -c default_transaction_read_only=on", isolation_level="AUTOCOMMIT")
    return Database(writer=engine(), reader=reader)


def _open_sqlite(url: str, pool_size: int, synchronous: str) -> Database:
    connect_args = {"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000}

    def engine(begin: str, size: int, cache_mb: int, *, query_only: bool) -> Engine:
        built = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=size,
            max_overflow=size * 4,
            hide_parameters=True,
            connect_args=connect_args,
        )

        @event.listens_for(built, "connect")
        def prepare(connection: sqlite3.Connection, _record: object) -> None:
            # The driver would begin transactions by itself, deferred and too late; the begin event does it instead.
            connection.isolation_level = None
            for pragma in (
                "journal_mode=WAL",
                f"synchronous={synchronous}",
                "foreign_keys=ON",
                f"cache_size=-{cache_mb * 1000}",
                "wal_autocheckpoint=8000",  # 32 MB: a sweep of thousands writes the same pages back less often
            ):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute(f"PRAGMA query_only={'ON' if query_only else 'OFF'}")

        @event.listens_for(built, "begin")
        def start(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return built

    # One writes at a time, so one of the two caches fills: with the leaves of all indexes that a sweep touches.
    writer = engine("BEGIN IMMEDIATE", 2, 64, query_only=False)
    return Database(writer=writer, reader=engine("BEGIN", pool_size, 16, query_only=True), _queue=FairLock())
