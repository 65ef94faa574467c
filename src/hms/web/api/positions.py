"""Places in lists that are ordered by an instant and an id, as cursors carry them."""

from datetime import datetime
from uuid import UUID

from hms.clock import as_utc

Position = tuple[datetime, UUID]


def position(at: str, row_id: str) -> Position:
    """Read a place back; raise ValueError for what is none."""
    return as_utc(datetime.fromisoformat(at)), UUID(row_id)


def place(at: datetime, row_id: UUID) -> tuple[str, UUID]:
    """Write a place, to the microsecond: a row within the same millisecond must not be lost between two pages."""
    return at.isoformat(), row_id
