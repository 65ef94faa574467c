"""What every table shares: identifiers, instants, constraint names."""

import secrets
import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Enum, Integer, MetaData, Uuid
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from hms.clock import as_utc, epoch_milliseconds


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, stored in UTC; naive values are refused, values come back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; SQLite's text has no offset, so it is dropped there."""
        if value is None:
            return None
        utc = as_utc(value)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the instant its UTC offset back."""
        if value is None or value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


SEQUENCE = BigInteger().with_variant(Integer, "sqlite")
"""The type of a rising row number; SQLite numbers only plain INTEGER keys by itself."""


def new_id() -> uuid.UUID:
    """Make a time-ordered UUID (version 7, RFC 9562), so that inserts land at the end of an index."""
    milliseconds = epoch_milliseconds() & (1 << 48) - 1
    random = secrets.randbits(74)
    value = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return uuid.UUID(int=value)


def new_ids(count: int) -> list[uuid.UUID]:
    """Make many identifiers at once, each like ``new_id``'s, in rising order."""
    milliseconds = epoch_milliseconds() & (1 << 48) - 1
    top = milliseconds << 80 | 0x7 << 76 | 0b10 << 62
    random = secrets.token_bytes(10 * count)
    bits = sorted(int.from_bytes(random[place : place + 10]) >> 6 for place in range(0, 10 * count, 10))
    return [uuid.UUID(int=top | (some >> 62) << 64 | some & (1 << 62) - 1) for some in bits]


def choice_of(enumeration: type[StrEnum], *, closed: bool = True) -> Enum:
    """Build the column type of a list of words; a closed list is kept by a CHECK constraint on both engines."""
    return Enum(
        enumeration,
        native_enum=False,
        length=24,
        create_constraint=closed,
        validate_strings=True,
        values_callable=lambda members: [member.value for member in members],
        name=_snake(enumeration.__name__),
    )


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class Base(DeclarativeBase):
    """The root of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 -- SQLAlchemy's own declaration form
        datetime: UtcDateTime,
        uuid.UUID: Uuid,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }
