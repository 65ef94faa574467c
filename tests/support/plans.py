"""How the engine would find the rows of statements that were really sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, text

from hms.runtime import Runtime


@contextmanager
def sent(runtime: Runtime, table: str) -> Iterator[list[tuple[str, Any]]]:
    """Give (statement, parameters) of what the block sends that reads or changes ``table``."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if f"FROM {table}" in statement or f"UPDATE {table}" in statement or f"JOIN {table}" in statement:
            found.append((statement, parameters))

    engines = [runtime.database.writer, runtime.database.reader]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def plan_of(runtime: Runtime, statement: str, parameters: Any) -> str:
    """Return the engine's plan; PostgreSQL is kept from reading whole tables, which it does while they are small."""
    on_sqlite = runtime.database.dialect == "sqlite"
    with runtime.database.writing() as session:
        if not on_sqlite:
            session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if on_sqlite else "EXPLAIN"
        rows = session.connection().exec_driver_sql(f"{explain} {statement}", parameters)
        return "\n".join(str(row[-1]) for row in rows)
