"""Differences between instants, and lists of days, in both databases' words."""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Integer, case, cast, func, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class seconds_between(FunctionElement[int]):  # noqa: N801 -- named as the SQL function that it stands for
    """Whole seconds from the first instant to the second, each cut to a whole second; whatever clocks were changed."""

    name = "seconds_between"
    type = BigInteger()
    inherit_cache = True


@compiles(seconds_between, "postgresql")
def _postgresql(element: seconds_between, compiler: SQLCompiler, **more: Any) -> str:
    earlier, later = (compiler.process(clause, **more) for clause in element.clauses)
    return f"(floor(date_part('epoch', {later}))::bigint - floor(date_part('epoch', {earlier}))::bigint)"


@compiles(seconds_between, "sqlite")
def _sqlite(element: seconds_between, compiler: SQLCompiler, **more: Any) -> str:
    earlier, later = (compiler.process(clause, **more) for clause in element.clauses)
    return f"(CAST(strftime('%s', {later}) AS INTEGER) - CAST(strftime('%s', {earlier}) AS INTEGER))"


class number_of_days(FunctionElement[int]):  # noqa: N801 -- as above
    """How many days of a kept list lie within a period, its first and its last day included."""

    name = "number_of_days"
    type = Integer()
    inherit_cache = True


@compiles(number_of_days, "postgresql")
def _postgresql_days(element: number_of_days, compiler: SQLCompiler, **more: Any) -> str:
    days, first, last = (compiler.process(clause, **more) for clause in element.clauses)
    # The list is sorted: two looks by halves, much faster than taking it apart.
    return f"(width_bucket({last}, {days}) - width_bucket({first} - 1, {days}))"


@compiles(number_of_days, "sqlite")
def _sqlite_days(element: number_of_days, compiler: SQLCompiler, **more: Any) -> str:
    days, first, last = (compiler.process(clause, **more) for clause in element.clauses)
    return f"(SELECT count(*) FROM json_each({days}) AS one WHERE one.value BETWEEN {first} AND {last})"  # noqa: S608


class list_of_days(FunctionElement[Any]):  # noqa: N801 -- as above
    """The days of those rows that meet a condition, as a list that is kept."""

    name = "list_of_days"
    inherit_cache = True


@compiles(list_of_days, "postgresql")
def _postgresql_list(element: list_of_days, compiler: SQLCompiler, **more: Any) -> str:
    day, condition = (compiler.process(clause, **more) for clause in element.clauses)
    return f"coalesce(array_agg({day} ORDER BY {day}) FILTER (WHERE {condition}), '{{}}')"


@compiles(list_of_days, "sqlite")
def _sqlite_list(element: list_of_days, compiler: SQLCompiler, **more: Any) -> str:
    day, condition = (compiler.process(clause, **more) for clause in element.clauses)
    return f"json_group_array({day}) FILTER (WHERE {condition})"


def days_within(days: Any, first: date, last: date) -> ColumnElement[int]:
    """Build how many days of a kept list lie from ``first`` to ``last``."""
    return number_of_days(days, literal(first, Date()), literal(last, Date()))


def minutes_between(earlier: Any, later: Any) -> ColumnElement[int]:
    """Build the whole minutes between two instants."""
    return seconds_between(earlier, later) // 60


def days_between(earlier: Any, later: Any) -> ColumnElement[int]:
    """Build the whole days, of 24 hours, between two instants; none when the first is not earlier."""
    seconds = seconds_between(earlier, later)
    return case((seconds > 0, seconds // 86400), else_=0)


def many(condition: Any, of: Any = 1) -> ColumnElement[int]:
    """Build the sum of ``of`` over the rows that meet the condition."""
    # Plain integers: PostgreSQL would add up wider ones as slow decimals.
    return cast(func.coalesce(func.sum(case((condition, of), else_=0)), 0), Integer)


def total(column: Any) -> ColumnElement[int]:
    """Build the sum of a column, 0 of nothing."""
    return cast(func.coalesce(func.sum(column), 0), BigInteger)
