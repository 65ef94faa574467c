"""When an alert is due: the worked times of a clinic's day, late check-ins, and what was raised before."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from hms.domain.errors import Code, DomainError
from hms.domain.people import STAFF, Role
from hms.domain.policy import Policy
from hms.domain.stage_alerts import (
    AlertStatus,
    AlertType,
    Wait,
    audience,
    due_alerts,
    due_times,
    facts,
    message,
    next_due,
    require_open,
)

NO_VITALS, NO_DOCTOR, TOO_LONG = AlertType
POLICY = Policy()
KOLKATA = ZoneInfo("Asia/Kolkata")
WHO = "Patient Roy Anindya (HMS001-MKEVX0F35AIU)"


def at(wall: str) -> datetime:
    return datetime.combine(datetime(2026, 1, 22, tzinfo=UTC), time.fromisoformat(wall), UTC)


def wait(start: str, minutes: int, checked_in: str, *, vitals: bool = False) -> Wait:
    return Wait(at(start), timedelta(minutes=minutes), at(checked_in), vitals)


@pytest.mark.parametrize(
    ("start", "minutes", "checked_in", "no_vitals", "no_doctor", "too_long"),
    [
        ("09:00", 15, "09:00", "09:20", "09:25", "10:00"),
        ("09:00", 15, "09:05", "09:20", "09:25", "10:05"),
        ("09:00", 15, "08:40", "09:20", "09:25", "10:00"),
        ("10:00", 30, "10:00", "10:35", "10:40", "11:00"),
        ("09:00", 15, "09:15", "09:20", "09:25", "10:15"),
        ("09:00", 15, "09:16", "09:21", "09:26", "10:16"),
        ("09:00", 15, "11:00", "11:05", "11:10", "12:00"),
        ("09:00", 90, "09:00", "10:35", "10:40", "10:00"),
    ],
    ids=["quarter", "five late", "early", "half hour", "at the end", "after the end", "hours late", "long slot"],
)
def test_due_times(start: str, minutes: int, checked_in: str, no_vitals: str, no_doctor: str, too_long: str) -> None:
    before = due_times(wait(start, minutes, checked_in), POLICY)
    after = due_times(wait(start, minutes, checked_in, vitals=True), POLICY)
    assert before == {NO_VITALS: at(no_vitals), TOO_LONG: at(too_long)}
    assert after == {NO_DOCTOR: at(no_doctor), TOO_LONG: at(too_long)}


@pytest.mark.parametrize(
    ("minutes", "vitals", "now", "due"),
    [
        (15, False, "09:19:59", []),
        (15, False, "09:20:00", [NO_VITALS]),
        (15, True, "09:24:59", []),
        (15, True, "09:25:00", [NO_DOCTOR]),
        (30, False, "09:34:59", []),
        (30, False, "09:35:00", [NO_VITALS]),
        (30, True, "09:39:59", []),
        (30, True, "09:40:00", [NO_DOCTOR]),
        (15, False, "09:59:59", [NO_VITALS]),
        (15, False, "10:00:00", [NO_VITALS, TOO_LONG]),
        (15, True, "10:00:00", [NO_DOCTOR, TOO_LONG]),
    ],
)
def test_due_from_the_second_on(minutes: int, vitals: bool, now: str, due: list[AlertType]) -> None:
    here = wait("09:00", minutes, "09:00", vitals=vitals)
    assert due_alerts(here, POLICY, (), at(now)) == due


def test_what_was_raised_is_not_raised_again_and_the_next_look_is_at_the_next_due_time() -> None:
    here = wait("09:00", 15, "09:00")
    assert next_due(here, POLICY) == at("09:20")
    assert due_alerts(here, POLICY, {NO_VITALS}, at("09:40")) == []
    assert next_due(here, POLICY, {NO_VITALS}) == at("10:00")
    assert next_due(here, POLICY, {NO_VITALS, TOO_LONG}) is None
    assert next_due(here, POLICY, (), at("09:20")) == at("10:00")


def test_an_alert_a_day_late_is_not_raised() -> None:
    here = wait("09:00", 15, "09:00")
    almost = at("09:20") + timedelta(days=1) - timedelta(seconds=1)
    assert due_alerts(here, POLICY, (), almost) == [NO_VITALS, TOO_LONG]
    assert due_alerts(here, POLICY, (), almost + timedelta(hours=1)) == []


def test_the_hospital_sets_the_minutes() -> None:
    policy = Policy(vitals_alert_minutes=1, doctor_alert_minutes=2, waiting_alert_minutes=10)
    here, measured = wait("09:00", 15, "09:00"), wait("09:00", 15, "09:00", vitals=True)
    assert due_times(here, policy) == {NO_VITALS: at("09:16"), TOO_LONG: at("09:10")}
    assert due_times(measured, policy)[NO_DOCTOR] == at("09:17")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (NO_VITALS, "Patient Roy Anindya (HMS001-MKEVX0F35AIU) checked in at 09:00 but vitals not recorded."),
        (NO_DOCTOR, f"{WHO} checked in at 09:00, vitals done but doctor not seen patient."),
        (TOO_LONG, f"{WHO} checked in at 09:00 and has been waiting for 60 minutes since 09:10."),
    ],
)
def test_messages_name_patient_number_and_the_hospitals_time(kind: AlertType, text: str) -> None:
    here = Wait(at("03:40"), timedelta(minutes=15), at("03:30"), has_vitals=kind is NO_DOCTOR)
    said = message(kind, facts(here, POLICY, KOLKATA, patient="Roy Anindya", mrn="HMS001-MKEVX0F35AIU"))
    assert said == text


def test_who_is_told() -> None:
    everybody = frozenset(Role)
    assert audience(NO_VITALS, everybody) == {Role.NURSE}
    assert audience(NO_VITALS, everybody - {Role.NURSE}) == {Role.HOSPITAL_ADMIN}
    assert audience(NO_DOCTOR, everybody) == frozenset()
    assert audience(TOO_LONG, everybody) == STAFF


@pytest.mark.parametrize("status", list(AlertStatus))
def test_only_an_open_alert_is_acknowledged(status: AlertStatus) -> None:
    if status is not AlertStatus.RESOLVED:
        assert require_open(status) is None  # type: ignore[func-returns-value]
        return
    with pytest.raises(DomainError) as refused:
        require_open(status)
    assert refused.value.code is Code.INVALID_TRANSITION
