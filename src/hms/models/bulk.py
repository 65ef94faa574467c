"""Insert rows the quickest way each engine has.

On PostgreSQL that is COPY for many and one statement for few, on SQLite a statement of many rows. Triggers, constraints
and types hold as for any insert; what the schema refuses rises as the same DBAPIError.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any, cast

from sqlalchemy import Column, Connection, Dialect, Table, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hms.models.base import Base

MANY = 50
"""From so many rows on, PostgreSQL's COPY is faster than a statement a row."""


FEW = 8
"""Up to so many rows of each table, PostgreSQL takes those of several tables in one statement."""

AT_ONCE = 100
"""So many rows go to SQLite in one statement, which takes half the time of a statement a row."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Rows to insert into one table, by attribute name; absent ones take their default, or NULL.

    ``same``: what all rows have alike, and none names itself.
    """

    model: type[Base]
    rows: Sequence[Mapping[str, Any]]
    same: Mapping[str, Any] = field(default_factory=dict)


def insert_rows(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], same: Mapping[str, Any] | None = None
) -> None:
    """Insert the rows of one table, as `insert_lots` does."""
    insert_lots(session, Lot(model, rows, same or {}))


def insert_lots(session: Session, *lots: Lot) -> None:
    """Insert the rows of several tables, parents first, in the session's transaction.

    Rows that the session itself still holds back are written first.
    """
    lots = tuple(lot for lot in lots if lot.rows)
    if not lots:
        return
    session.flush()
    connection = session.connection()
    values = [_values_of(lot, connection.dialect) for lot in lots]
    if connection.dialect.name == "postgresql" and all(len(rows) <= FEW for rows in values):
        # One round trip for all: half of what writing a booking costs is waiting for the next statement.
        shape = tuple((lot.model, len(rows)) for lot, rows in zip(lots, values, strict=True))
        cells = tuple(cell for rows in values for row in rows for cell in row)
        connection.exec_driver_sql(_one_statement(shape, connection.dialect), cells)
        return
    for lot, rows in zip(lots, values, strict=True):
        _insert(connection, lot.model, rows)


def _insert(connection: Connection, model: type[Base], values: Sequence[tuple[Any, ...]]) -> None:
    into = _into(model, connection.dialect)
    if len(values) >= MANY and connection.dialect.name == "postgresql":
        _copy(connection, into, values)
        return
    whole = len(values) - len(values) % AT_ONCE if connection.dialect.name == "sqlite" else 0
    row = f"({', '.join([_mark(connection)] * len(values[0]))})"
    for first in range(0, whole, AT_ONCE):
        cells = tuple(chain.from_iterable(values[first : first + AT_ONCE]))
        connection.exec_driver_sql(f"INSERT INTO {into} VALUES {', '.join([row] * AT_ONCE)}", cells)  # noqa: S608 -- names of our own
    if rest := list(values[whole:]):
        connection.exec_driver_sql(f"INSERT INTO {into} VALUES {row}", rest)  # noqa: S608 -- names of our own


def _values_of(lot: Lot, dialect: Dialect) -> list[tuple[Any, ...]]:
    named = frozenset().union(*lot.rows)
    columns = (attribute.filled(lot.rows, named, lot.same) for attribute in _attributes(lot.model, dialect).values())
    return list(zip(*columns, strict=True))


@lru_cache(maxsize=256)
def _one_statement(shape: tuple[tuple[type[Base], int], ...], dialect: Dialect) -> str:
    """Build one INSERT of so many rows into each table; links between its rows are checked at its end."""
    parts = []
    for model, count in shape:
        row = f"({', '.join(['%s'] * len(_attributes(model, dialect)))})"
        parts.append(f"INSERT INTO {_into(model, dialect)} VALUES {', '.join([row] * count)}")  # noqa: S608
    *before, last = parts
    return f"WITH {', '.join(f'lot_{n} AS ({part})' for n, part in enumerate(before))} {last}" if before else last


@lru_cache(maxsize=256)
def _into(model: type[Base], dialect: Dialect) -> str:
    return f"{model.__tablename__} ({', '.join(one.column for one in _attributes(model, dialect).values())})"


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
