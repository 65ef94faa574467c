"""What requests are made of: strict bodies and queries, and the field types that they share."""

from datetime import date, datetime, time
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import WithJsonSchema

from hms.clock import as_utc
from hms.web.encoding import camel


class Body(BaseModel):
    """A JSON body: camelCase, no unknown fields, nothing converted that is not written as it should be."""

    model_config = ConfigDict(  # type: ignore[pydantic-alias] # bodies are made from JSON alone
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=camel,
        allow_inf_nan=False,
        str_strip_whitespace=True,
        # A parameter's name in code is not one that clients may send.
        populate_by_name=False,
    )


class Query(Body):
    """A query string: the same, with every value written as text."""


def _whole_minutes(value: time) -> time:
    if value.tzinfo is not None or value.second or value.microsecond:
        raise ValueError("A wall time is hours and minutes, such as 09:00.")
    return value


def _as_instant(value: datetime) -> datetime:
    return as_utc(value)


def _written_as_instant(value: object) -> object:
    if isinstance(value, str) and len(value) < len("2026-01-22T09:00Z"):
        raise ValueError("An instant looks like 2026-01-22T09:00:00Z.")
    return value


def _email(value: str) -> str:
    name, at, host = value.rpartition("@")
    if not at or not name or "." not in host or any(c.isspace() for c in value):
        raise ValueError("An email address looks like name@clinic.example.")
    return value.lower()


Day = date
"""A date, "2026-01-22". Strict bodies refuse numbers and impossible dates by themselves."""

WallTime = Annotated[
    time, AfterValidator(_whole_minutes), WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"})
]
"""A wall time of the hospital, "09:00"."""

Instant = Annotated[datetime, BeforeValidator(_written_as_instant), AfterValidator(_as_instant)]
"""An instant with its offset, "2026-01-22T03:30:00Z"; kept in UTC."""

Name = Annotated[str, Field(min_length=1, max_length=100)]
Email = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_email)]
Phone = Annotated[str, Field(min_length=3, max_length=32, pattern=r"^\+?[0-9 ()./-]+$")]
Note = Annotated[str, Field(min_length=1, max_length=400)]
"""A reason or remark that somebody typed."""

Password = Annotated[str, Field(min_length=1, max_length=200)]
Version = Annotated[int, Field(ge=1, le=2_147_483_647)]
"""The version of a row that the writer saw."""

Limit = Annotated[int, Field(ge=1, le=200)]
Cursor = Annotated[str, Field(min_length=1, max_length=400)]


class Paging(Query):
    """Which part of a list: ``limit`` rows from where ``cursor`` (an earlier answer's nextCursor) points."""

    cursor: Cursor | None = None
    limit: Limit = 50
