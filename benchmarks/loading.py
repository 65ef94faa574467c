"""Millions of rows straight into PostgreSQL's tables, as quickly as two processors can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import psycopg

from benchmarks.ground import Ground
from benchmarks.history import as_superuser

AT_ONCE = 2
Told = tuple[str, Mapping[str, Any]]
"""A statement and its values."""


class Loading:
    """A few connections without triggers and foreign keys in force: what these look after is not measured.

    Indexes that are no keys are taken away meanwhile, and built when all rows are there.
    """

    def __init__(self, laid: Ground) -> None:
        self._connections = [psycopg.connect(as_superuser(laid), autocommit=True) for _ in range(AT_ONCE)]
        for connection in self._connections:
            connection.execute("SET session_replication_role = replica")
            connection.execute("SET synchronous_commit = off")
            connection.execute("SET maintenance_work_mem = '256MB'")
            connection.execute("SET max_parallel_maintenance_workers = 0")  # several indexes at once instead

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self._connections:
            connection.close()

    def drop_indexes(self, tables: Sequence[str]) -> list[str]:
        """Take the tables' indexes away that are no keys; return the statements that build them."""
        found = self._connections[0].execute(
            """SELECT quote_ident(c.relname), pg_get_indexdef(i.indexrelid) FROM pg_index i
 JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid::regclass::text = ANY(%s)
 AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)""",
            (list(tables),),
        )
        definitions = []
        for name, definition in found.fetchall():
            self._connections[0].execute(f"DROP INDEX {name}")
            definitions.append(definition)
        return definitions

    def one_by_one(self, statements: Iterable[str]) -> None:
        """Run statements in their order."""
        for statement in statements:
            self._connections[0].execute(statement)

    def at_once(self, told: Sequence[Told]) -> None:
        """Run statements that don't wait for each other, as many at a time as there are connections."""
        waiting = iter(told)  # which threads share: the next one is only ever given once
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for done in [pool.submit(self._some, connection, waiting) for connection in self._connections]:
                done.result()

    @staticmethod
    def _some(connection: psycopg.Connection, waiting: Iterable[Told]) -> None:
        for statement, values in waiting:
            connection.execute(statement, values or None)


def numbered(kind: str, number: str) -> str:
    """Build the SQL of an id that grows with its number, as real ones do with time; ``kind``: one hexadecimal digit."""
    return f"('{kind * 8}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"
