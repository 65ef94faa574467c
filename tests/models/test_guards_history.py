"""The schema's last guards, asked with plain SQL past all code: states, history, runs, messages, audit."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy.exc import DBAPIError

from hms.domain.appointments import LIVE, TRANSITIONS, Status
from hms.domain.errors import Code
from tests.support.plain_sql import PlainSql, refusal


def imported(sql: PlainSql, status: Status, number: int = 0, told: Status | None = None) -> str:
    """Write an appointment in any state, as an import does: its event first. Each ``number`` has a time of its own."""
    visit, hour, day = sql.new_id(), number % 24, f"2026-02-{number // 24 + 1:02}"
    with sql.together():
        sql.event(visit, told or status, is_import=True)
        sql.appointment(f"{hour:02}:00", f"{hour:02}:30", day, status, id=visit, imported=True)
    return visit


def moves(sql: PlainSql, visit: str, after: Status) -> bool:
    """Tell whether the database lets the appointment become ``after``."""
    statement = "UPDATE appointments SET status = :status, holds_slot = :holds WHERE id = :id"
    try:
        sql.run(statement, id=visit, status=after.value, holds=after in LIVE)
    except DBAPIError as error:
        if refusal(error) is not Code.INVALID_TRANSITION:
            raise
        return False
    return True


def test_database_allows_the_very_pairs_of_the_domain(sql: PlainSql) -> None:
    pairs = list(product(Status, Status))
    allowed = {pair for number, pair in enumerate(pairs) if moves(sql, imported(sql, pair[0], number), pair[1])}
    assert len(pairs) == 49
    assert allowed - {(status, status) for status in Status} == TRANSITIONS


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.SCHEDULED])
def test_appointment_begins_as_scheduled(sql: PlainSql, status: Status) -> None:
    with pytest.raises(DBAPIError) as caught:
        sql.appointment(status=status, holds_slot=status in LIVE, starts="09:00", ends="09:30")
    assert refusal(caught.value) is Code.INVALID_TRANSITION
    assert sql.booked() == 0


def test_import_without_its_event_is_refused(sql: PlainSql) -> None:
    with pytest.raises(DBAPIError) as caught:
        sql.appointment(status=Status.COMPLETED, imported=True, starts="09:00", ends="09:30")
    assert refusal(caught.value) is Code.INVALID_TRANSITION


def test_import_with_an_event_of_another_state_is_refused(sql: PlainSql) -> None:
    with pytest.raises(DBAPIError) as caught:
        imported(sql, Status.COMPLETED, told=Status.CANCELLED)
    assert refusal(caught.value) is Code.INVALID_TRANSITION
    assert sql.scalar("SELECT count(*) FROM appointment_events") == 0


def test_import_does_not_ask_for_room_on_the_day(sql: PlainSql) -> None:
    sql.run("UPDATE doctors SET max_patients_per_day = 0")
    imported(sql, Status.COMPLETED)
    assert sql.booked("2026-02-01") == 1


def test_event_of_no_appointment_is_refused(sql: PlainSql) -> None:
    with pytest.raises(DBAPIError):
        sql.event(sql.new_id(), Status.SCHEDULED)
    assert sql.scalar("SELECT count(*) FROM appointment_events") == 0


@pytest.mark.parametrize(
    "statement",
    ["UPDATE appointment_events SET reason = 'no'", "DELETE FROM appointment_events", "TRUNCATE appointment_events"],
)
def test_history_of_appointments_is_append_only(sql: PlainSql, statement: str) -> None:
    sql.event(sql.appointment(starts="09:00", ends="09:30"), Status.SCHEDULED)
    if statement.startswith("TRUNCATE") and sql.is_sqlite:
        statement = "DELETE FROM appointment_events"  # SQLite's way to empty a table
    with pytest.raises(DBAPIError) as caught:
        sql.run(statement)
    assert refusal(caught.value) is Code.CONFLICT
    assert sql.scalar("SELECT count(*) FROM appointment_events WHERE reason IS NULL") == 1


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET action = 'no'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
def test_audit_trail_is_append_only(sql: PlainSql, statement: str) -> None:
    sql.audit("something.done")
    if statement.startswith("TRUNCATE") and sql.is_sqlite:
        statement = "DELETE FROM audit_log"
    with pytest.raises(DBAPIError) as caught:
        sql.run(statement)
    assert refusal(caught.value) is Code.CONFLICT
    assert sql.scalar("SELECT count(*) FROM audit_log WHERE action = 'something.done'") == 1


def test_history_cannot_be_written_over(sql: PlainSql) -> None:
    sql.event(sql.appointment(starts="09:00", ends="09:30"), Status.SCHEDULED)
    columns = "seq, hospital_id, appointment_id, at, to_status, is_import"
    with pytest.raises(DBAPIError) as caught:
        sql.write_over("appointment_events", columns, reason="no")
    assert refusal(caught.value) is Code.CONFLICT
    assert sql.scalar("SELECT count(*) FROM appointment_events WHERE reason IS NULL") == 1


def test_audit_trail_cannot_be_written_over(sql: PlainSql) -> None:
    sql.audit("something.done")
    with pytest.raises(DBAPIError) as caught:
        sql.write_over("audit_log", "seq, hospital_id, at, actor_role, entity, entity_id, details", action="no")
    assert refusal(caught.value) is Code.CONFLICT
    assert sql.scalar("SELECT count(*) FROM audit_log WHERE action = 'something.done'") == 1


def test_a_state_cannot_be_written_over(sql: PlainSql) -> None:
    visit = imported(sql, Status.COMPLETED)
    columns = (
        "id, hospital_id, patient_id, doctor_id, appointment_date, start_time, end_time, starts_at, ends_at, "
        "duration_minutes, booked_at, no_show_due_at, holds_slot, under_review, type, calendar_sequence, version, "
        "updated_at"
    )
    with pytest.raises(DBAPIError) as caught:
        sql.write_over("appointments", columns, status="SCHEDULED", imported=False)
    assert refusal(caught.value) in {Code.CONFLICT, Code.INVALID_TRANSITION}
    assert sql.scalar("SELECT status FROM appointments WHERE id = :id", id=visit) == "COMPLETED"


def test_one_run_of_a_job_is_running(sql: PlainSql) -> None:
    sql.job_run("NO_SHOW_CHECK", "RUNNING")
    sql.job_run("SLOT_HORIZON", "RUNNING")
    sql.job_run("NO_SHOW_CHECK", "COMPLETED")
    with pytest.raises(DBAPIError) as caught:
        sql.job_run("NO_SHOW_CHECK", "RUNNING")
    assert refusal(caught.value) is Code.ALREADY_PROCESSING


def test_one_tick_makes_one_run(sql: PlainSql) -> None:
    sql.job_run("NO_SHOW_CHECK", "COMPLETED", scheduled_for=sql.at("09:00"))
    sql.job_run("NO_SHOW_CHECK", "FAILED", scheduled_for=sql.at("09:05"))
    with pytest.raises(DBAPIError) as caught:
        sql.job_run("NO_SHOW_CHECK", "COMPLETED", scheduled_for=sql.at("09:00"))
    assert refusal(caught.value) is Code.ALREADY_PROCESSING


def test_one_message_for_cause_recipient_and_channel(sql: PlainSql) -> None:
    notification = sql.notification()
    sql.message(notification, "booked:1:2:EMAIL")
    sql.message(notification, "booked:1:2:SMS")
    with pytest.raises(DBAPIError) as caught:
        sql.message(notification, "booked:1:2:EMAIL")
    assert refusal(caught.value) is Code.ALREADY_EXISTS


def test_one_penalty_and_one_log_for_an_appointment(sql: PlainSql) -> None:
    visit = sql.appointment(starts="09:00", ends="09:30")
    sql.penalty(visit)
    sql.no_show_log(visit)
    with pytest.raises(DBAPIError) as caught:
        sql.penalty(visit)
    assert refusal(caught.value) is Code.ALREADY_EXISTS
    with pytest.raises(DBAPIError) as caught:
        sql.no_show_log(visit)
    assert refusal(caught.value) is Code.ALREADY_EXISTS


def test_row_cannot_point_into_another_hospital(sql: PlainSql) -> None:
    with pytest.raises(DBAPIError):
        sql.appointment(hospital=sql.another_hospital(), starts="09:00", ends="09:30")
    assert sql.scalar("SELECT count(*) FROM appointments") == 0
