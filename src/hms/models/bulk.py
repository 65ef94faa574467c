"""Insert rows the quickest way each engine has: COPY for many on PostgreSQL, else one prepared statement.

Triggers, constraints and types hold as for any insert; what the schema refuses rises as the same DBAPIError.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Column, Connection, Dialect, Table, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hms.models.base import Base

MANY = 50
"""From so many rows on, PostgreSQL's COPY is faster than a statement a row."""


def insert_rows(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], same: Mapping[str, Any] | None = None
) -> None:
    """Insert rows by attribute name in the session's transaction; absent ones take their default, or NULL.

    ``same``: what all rows have alike, and none names itself. Rows that the session itself still holds back are
    written first.
    """
    if not rows:
        return
    session.flush()
    connection = session.connection()
    attributes = _attributes(model, connection.dialect)
    named = frozenset().union(*rows)
    alike = same or {}
    values = list(zip(*(attribute.filled(rows, named, alike) for attribute in attributes.values()), strict=True))
    into = f"{model.__tablename__} ({', '.join(attribute.column for attribute in attributes.values())})"
    if len(rows) >= MANY and connection.dialect.name == "postgresql":
        _copy(connection, into, values)
    else:
        marks = ", ".join([_mark(connection)] * len(attributes))
        connection.exec_driver_sql(f"INSERT INTO {into} VALUES ({marks})", values)  # noqa: S608 -- names of our own


def update_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Update rows by their ``id``; all name the same attributes. Loaded objects don't learn of it."""
    if not rows:
        return
    session.flush()
    connection = session.connection()
    attributes = _attributes(model, connection.dialect)
    named = [attributes[name] for name in rows[0] if name != "id"]
    values = list(zip(*(attribute.of(rows) for attribute in (*named, attributes["id"])), strict=True))
    mark = _mark(connection)
    changes = ", ".join(f"{attribute.column} = {mark}" for attribute in named)
    connection.exec_driver_sql(f"UPDATE {model.__tablename__} SET {changes} WHERE id = {mark}", values)  # noqa: S608


def insert_missing(
    session: Session, model: type[Base], columns: Mapping[str, Sequence[Any]], key: Sequence[str]
) -> None:
    """Insert rows, given column by column under the columns' names; a row whose key is there is left as it is.

    Somebody else may insert the same keys at the same moment. Columns that are not named stay NULL.
    """
    session.flush()
    connection = session.connection()
    dialect = connection.dialect
    table = cast(Table, model.__table__)
    types = [table.c[name].type.dialect_impl(dialect) for name in columns]
    values = [
        _converted(list(columns[name]), kind.bind_processor(dialect)) for name, kind in zip(columns, types, strict=True)
    ]
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    kept = f"ON CONFLICT ({', '.join(key)}) DO NOTHING"
    if dialect.name == "postgresql":
        arrays = ", ".join(f"%s::{kind.compile(dialect)}[]" for kind in types)
        connection.exec_driver_sql(f"{into} SELECT * FROM unnest({arrays}) {kept}", tuple(values))  # noqa: S608
    else:
        marks = ", ".join("?" * len(types))
        connection.exec_driver_sql(f"{into} VALUES ({marks}) {kept}", list(zip(*values, strict=True)))


def refresh_statistics(session: Session, *models: type[Base]) -> None:
    """Let PostgreSQL's planner know how tables have grown; it would learn it by itself, but only a minute later.

    Without it a look for a thousand references reads the whole table. SQLite uses the index in any case.
    """
    if session.get_bind().dialect.name == "postgresql":
        for model in models:
            session.execute(text(f"ANALYZE {model.__tablename__}"))


@dataclass(frozen=True, slots=True)
class _Attribute:
    """How one attribute of many rows becomes what the driver takes."""

    name: str
    column: str
    default: Any
    convert: Callable[[Any], Any] | None

    def filled(
        self, rows: Sequence[Mapping[str, Any]], named: Collection[str], same: Mapping[str, Any]
    ) -> Iterable[Any]:
        """Return the rows' values, converted for the driver; ``named``: the attributes that any of them names.

        What no row names is converted once for all: most columns of most rows.
        """
        if self.name in named or (self.name not in same and callable(self.default)):
            return self.of(rows)
        value = same.get(self.name, self.default)
        return [value if value is None or self.convert is None else self.convert(value)] * len(rows)

    def of(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return the rows' values, converted for the driver."""
        if callable(self.default):
            values = [row[self.name] if self.name in row else self.default(None) for row in rows]
        else:
            values = [row.get(self.name, self.default) for row in rows]
        return _converted(values, self.convert)


@lru_cache(maxsize=256)
def _attributes(model: type[Base], dialect: Dialect) -> dict[str, _Attribute]:
    """Build how to fill a model's columns, without the number that the database itself gives."""
    table = cast(Table, model.__table__)
    return {
        attribute.key: _Attribute(
            attribute.key,
            dialect.identifier_preparer.quote(column.name),
            column.default.arg if column.default is not None and hasattr(column.default, "arg") else None,
            column.type.dialect_impl(dialect).bind_processor(dialect),
        )
        for attribute in inspect(model).column_attrs
        if (column := cast(Column[Any], attribute.columns[0])) is not table.autoincrement_column
    }


def _mark(connection: Connection) -> str:
    return "%s" if connection.dialect.name == "postgresql" else "?"


def _copy(connection: Connection, into: str, values: Iterable[tuple[Any, ...]]) -> None:
    cursor = connection.connection.cursor()
    driver = connection.dialect.loaded_dbapi
    try:
        with cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)
    except driver.Error as error:
        raise DBAPIError.instance(f"COPY {into}", None, error, driver.Error, dialect=connection.dialect) from error
    finally:
        cursor.close()


def _converted(values: list[Any], convert: Callable[[Any], Any] | None) -> list[Any]:
    """Convert a column for the driver, each object once: days, times and owners come again and again."""
    if convert is None:
        return values
    objects = {id(value): value for value in values}
    if len(objects) == len(values):
        return [None if value is None else convert(value) for value in values]
    known = {name: None if value is None else convert(value) for name, value in objects.items()}
    return [known[id(value)] for value in values]
