"""Differences between instants, in both databases' words."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, case, cast, func
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
