"""Rows leave in camelCase, with instants, dates and wall times as the interface promises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from hms.domain.people import Role
from hms.web.encoding import camel, dumps, encoder_of

ID = UUID("01a1fc2f-7a89-7f13-b236-2981cf5bf136")
AT = datetime(2026, 1, 21, 21, 16, 0, 877123, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Inner:
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    row_id: UUID
    slot_date: date
    start_time: time
    starts_at: datetime | None
    role: Role
    inner: Inner
    others: list[Inner]
    by_role: Mapping[Role, int]
    maybe: Inner | None
    details: dict[str, Any]
    type_: str


ROW = Row(
    ID, date(2026, 1, 22), time(9), None, Role.NURSE, Inner(AT), [Inner(AT)], {Role.NURSE: 1}, None, {"at": AT}, "x"
)
WRITTEN = {
    "rowId": str(ID),
    "slotDate": "2026-01-22",
    "startTime": "09:00",
    "startsAt": None,
    "role": "NURSE",
    "inner": {"startsAt": "2026-01-21T21:16:00.877Z"},
    "others": [{"startsAt": "2026-01-21T21:16:00.877Z"}],
    "byRole": {"NURSE": 1},
    "maybe": None,
    "details": {"at": "2026-01-21T21:16:00.877Z"},
    "type": "x",
}


def test_a_row_is_written_by_its_types() -> None:
    encode = encoder_of(Row)
    assert encode is not None
    assert json.loads(dumps(encode(ROW))) == WRITTEN


def test_a_row_of_no_declared_type_is_written_the_same_way() -> None:
    assert json.loads(dumps({"row": ROW, "rows": (ROW,)})) == {"row": WRITTEN, "rows": [WRITTEN]}


def test_whole_seconds_keep_their_milliseconds() -> None:
    assert dumps([datetime(2026, 1, 21, 21, 16, tzinfo=UTC)]) == b'["2026-01-21T21:16:00.000Z"]'


@pytest.mark.parametrize("at", [AT.replace(tzinfo=None), AT.astimezone(timezone(timedelta(hours=5)))])
def test_instants_that_are_not_in_utc_never_leave(at: datetime) -> None:
    with pytest.raises(TypeError) as caught:
        dumps([at])
    assert "UTC" in str(caught.value.__cause__)


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError):
        dumps(object())


@pytest.mark.parametrize(("name", "written"), [("slot_date", "slotDate"), ("id", "id"), ("type_", "type")])
def test_names_are_camel_case(name: str, written: str) -> None:
    assert camel(name) == written
