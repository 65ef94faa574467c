"""The schema's last guards of alerts, asked with plain SQL past all code."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from hms.domain.errors import Code
from tests.support.plain_sql import NOW, PlainSql, refusal


def alert(sql: PlainSql, appointment: str, **values: object) -> str:
    given = {"alert_type": "NO_VITALS", "status": "ACTIVE", "is_over": False} | values
    rest = {"hospital_id": sql.hospital, "appointment_id": appointment, "message": "-", "triggered_at": NOW}
    return sql.insert("stage_alerts", id=sql.new_id(), **given, **rest)


def test_a_visit_has_one_present_alert_of_a_type(sql: PlainSql) -> None:
    visit, other = sql.appointment("09:00", "09:30"), sql.appointment("10:00", "10:30")
    alert(sql, visit)
    alert(sql, visit, alert_type="WAITING_TOO_LONG")
    alert(sql, other)
    alert(sql, visit, status="RESOLVED", resolved_at=NOW, is_over=True)
    for values in ({}, {"status": "ACKNOWLEDGED"}, {"status": "RESOLVED", "resolved_at": NOW}):
        with pytest.raises(DBAPIError) as caught:
            alert(sql, visit, **values)
        assert refusal(caught.value) is Code.ALREADY_EXISTS


@pytest.mark.parametrize(
    "values",
    [
        {"is_over": True},
        {"status": "ACKNOWLEDGED", "is_over": True},
        {"status": "RESOLVED"},
        {"resolved_at": NOW},
        {"status": "GONE"},
        {"alert_type": "NO_COFFEE"},
    ],
    ids=["over and active", "over and acknowledged", "resolved never", "active since", "status", "type"],
)
def test_its_columns_agree(sql: PlainSql, values: dict[str, object]) -> None:
    visit = sql.appointment("09:00", "09:30")
    with pytest.raises(DBAPIError, match=r"(?i)check"):
        alert(sql, visit, **values)


def test_a_heart_does_not_beat_backwards(sql: PlainSql) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)check"):
        sql.insert(
            "heartbeats", id=sql.new_id(), hospital_id=sql.hospital, first_at=sql.at("09:01"), last_at=sql.at("09:00")
        )
