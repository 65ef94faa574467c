"""Insert thousands of rows the quickest way each engine has: COPY on PostgreSQL, one prepared statement on SQLite.

Triggers, constraints and types hold as for any insert; what the schema refuses rises as the same DBAPIError.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Column, Dialect, Table, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hms.models.base import Base


def insert_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows by attribute name in the session's transaction; absent ones take their default, or NULL.

    Rows that the session itself still holds back are written first.
    """
    if not rows:
        return
    session.flush()
    connection = session.connection()
    dialect = connection.dialect
    readers = [_reader(name, column, dialect) for name, column in _columns(model)]
    table = cast(Table, model.__table__)
    names = ", ".join(dialect.identifier_preparer.quote(column.name) for _, column in _columns(model))
    values = [tuple(read(row) for read in readers) for row in rows]
    cursor = connection.connection.cursor()
    statement = f"{table.name} ({names})"
    try:
        if dialect.name == "postgresql":
            _copy(cursor, statement, values)
        else:
            marks = ", ".join("?" * len(readers))
            cursor.executemany(f"INSERT INTO {statement} VALUES ({marks})", values)  # noqa: S608 -- names of our own
    except dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(
            f"INSERT INTO {statement}", None, error, dialect.loaded_dbapi.Error, dialect=dialect
        ) from error
    finally:
        cursor.close()


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
        _converted(columns[name], kind.bind_processor(dialect), distinct=table.c[name].primary_key)
        for name, kind in zip(columns, types, strict=True)
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


def _copy(cursor: Any, statement: str, values: Iterable[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {statement} FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def _columns(model: type[Base]) -> list[tuple[str, Column[Any]]]:
    """Return attribute names with their columns, without the number that the database itself gives."""
    table = cast(Table, model.__table__)
    return [
        (attribute.key, column)
        for attribute in inspect(model).column_attrs
        if (column := cast(Column[Any], attribute.columns[0])) is not table.autoincrement_column
    ]


def _converted(values: Sequence[Any], convert: Callable[[Any], Any] | None, *, distinct: bool) -> list[Any]:
    """Convert a column for the driver, each value once: days, times and owners come again and again."""
    if convert is None:
        return list(values)
    if distinct:
        return [convert(value) for value in values]
    known = {value: None if value is None else convert(value) for value in set(values)}
    return [known[value] for value in values]


def _reader(name: str, column: Column[Any], dialect: Dialect) -> Callable[[Mapping[str, Any]], Any]:
    """Build how to read one column's value out of a row, converted for the driver."""
    default: Any = column.default.arg if column.default is not None and hasattr(column.default, "arg") else None
    convert = column.type.dialect_impl(dialect).bind_processor(dialect)
    missing = object()

    def read(row: Mapping[str, Any]) -> Any:
        value = row.get(name, missing)
        if value is missing:
            value = default(None) if callable(default) else default
        if value is None or convert is None:
            return value
        return convert(value)

    return read
