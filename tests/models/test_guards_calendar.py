"""The schema's last guards of calendars: a date once in the list of holidays, one address an owner."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from hms.domain.errors import Code
from tests.support.plain_sql import NOW, PlainSql, refusal


def holiday(sql: PlainSql, day: str, hospital: str | None = None) -> str:
    flags = {"is_recurring": False, "is_active": True, "version": 1, "created_at": NOW}
    return sql.insert(
        "hospital_holidays", id=sql.new_id(), hospital_id=hospital or sql.hospital, name="Closed", date=day, **flags
    )


def feed(sql: PlainSql, digest: str, **owner: str) -> str:
    return sql.insert(
        "calendar_feeds", id=sql.new_id(), hospital_id=sql.hospital, digest=digest, created_at=NOW, **owner
    )


def test_a_date_is_in_a_hospitals_list_once(sql: PlainSql) -> None:
    holiday(sql, "2026-01-26")
    holiday(sql, "2026-01-27")
    holiday(sql, "2026-01-26", sql.another_hospital())
    with pytest.raises(DBAPIError) as caught:
        holiday(sql, "2026-01-26")
    assert refusal(caught.value) is Code.HOLIDAY_EXISTS


def test_an_owner_has_one_address_and_a_secret_one_owner(sql: PlainSql) -> None:
    feed(sql, "a", doctor_id=sql.first_doctor)
    feed(sql, "b", patient_id=sql.first_patient)
    for digest, owner in (("c", {"doctor_id": sql.first_doctor}), ("b", {"patient_id": sql.patient()})):
        with pytest.raises(DBAPIError) as caught:
            feed(sql, digest, **owner)
        assert refusal(caught.value) is Code.ALREADY_EXISTS


def test_an_address_is_a_doctors_or_a_patients(sql: PlainSql) -> None:
    for owner in ({}, {"doctor_id": sql.first_doctor, "patient_id": sql.first_patient}):
        with pytest.raises(DBAPIError, match="owner"):
            feed(sql, "a", **owner)
    assert sql.scalar("SELECT count(*) FROM calendar_feeds") == 0
