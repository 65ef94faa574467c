"""What an event leaves in the audit trail: facts in the forms that clients read."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from uuid import UUID

from hms.domain.events import Changed

ID = UUID(int=7)


def test_details_are_written_as_the_interface_writes_them() -> None:
    at = datetime(2026, 1, 22, 2, 46, 0, 877_000, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    values = {"at": at, "day": date(2026, 1, 22), "start": time(9), "ids": (ID,), "policy": {"days": 3}}
    assert Changed(entity_id=ID, noun="slot", verb="moved", values=values).details() == {
        "at": "2026-01-21T21:16:00.877Z",
        "day": "2026-01-22",
        "start": "09:00",
        "ids": [str(ID)],
        "policy": {"days": 3},
    }
