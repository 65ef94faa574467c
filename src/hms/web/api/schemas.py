"""What requests are made of: strict bodies and queries, and the field types that they share."""

from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema

from hms.clock import as_utc
from hms.languages import LANGUAGES
from hms.web.encoding import camel


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


class Body(BaseModel):
    """A JSON body: camelCase, no unknown fields, nothing converted that is not written as it should be."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=camel,
        allow_inf_nan=False,
        str_strip_whitespace=True,
        # A parameter's name in code is not one that clients may send.
        populate_by_name=False,
    )

    def given(self, *but: str) -> dict[str, Any]:
        """Return what the client sent, by attribute, without the ones named."""
        return {name: getattr(self, name) for name in self.model_fields_set if name not in but}


class Edit(Body):
    """The body of a PATCH: only what is sent is changed, so the defaults in code mean nothing and are not shown."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)


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


def _spoken(value: str) -> str:
    if value not in LANGUAGES:
        raise ValueError(f"A language is one of {', '.join(LANGUAGES)}.")
    return value


def _email(value: str) -> str:
    name, at, host = value.rpartition("@")
    if not at or not name or "." not in host or any(c.isspace() for c in value):
        raise ValueError("An email address looks like name@clinic.example.")
    return value.lower()


Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31))]
"""A date, "2026-01-22". Strict bodies refuse numbers and impossible dates by themselves; the bounds keep days far
from where a time zone or one day more would leave the calendar."""

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

Locale = Annotated[str, Field(min_length=2, max_length=16, pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$")]
"""A language, and where it is spoken: "pt-BR"."""

Language = Annotated[
    str, AfterValidator(_spoken), WithJsonSchema({"type": "string", "enum": list(LANGUAGES), "examples": ["en"]})
]
"""The language in which somebody wants to be told."""

Search = Annotated[str, Field(min_length=1, max_length=100)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=False)]
Version = Annotated[int, Field(ge=1, le=2_147_483_647)]
"""The version of a row that the writer saw."""

Limit = Annotated[int, Field(ge=1, le=200)]
Cursor = Annotated[str, Field(min_length=1, max_length=400)]


class Preview(Query):
    """With ``preview=true``, the answer says what would happen, and nothing does."""

    preview: bool = False


class Paging(Query):
    """Which part of a list: ``limit`` rows from where ``cursor`` (an earlier answer's nextCursor) points."""

    cursor: Cursor | None = None
    limit: Limit = 50
