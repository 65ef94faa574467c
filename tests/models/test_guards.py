"""The schema's last guards, asked with plain SQL past all code: who holds a slot, overlaps, a full day."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from hms.domain.errors import Code
from tests.support.plain_sql import PlainSql, refusal


def test_one_appointment_holds_a_slot(sql: PlainSql) -> None:
    slot = sql.slot("09:00", "09:30")
    sql.appointment(slot=slot, starts="09:00", ends="09:30")
    # Another doctor and another patient: only the slot is the same.
    other = sql.doctor()
    with pytest.raises(DBAPIError) as caught:
        sql.appointment(doctor=other, patient=sql.patient(), slot=slot, starts="09:00", ends="09:30")
    assert refusal(caught.value) is Code.SLOT_TAKEN


def test_freed_slot_can_be_held_again_by_one(sql: PlainSql) -> None:
    slot = sql.slot("09:00", "09:30")
    first = sql.appointment(slot=slot, starts="09:00", ends="09:30")
    sql.run("UPDATE appointments SET status = 'NO_SHOW', holds_slot = false WHERE id = :id", id=first)
    sql.appointment(patient=sql.patient(), slot=slot, starts="09:00", ends="09:30")
    with pytest.raises(DBAPIError) as caught:
        sql.run("UPDATE appointments SET holds_slot = true WHERE id = :id", id=first)
    assert refusal(caught.value) is Code.SLOT_TAKEN


@pytest.mark.parametrize(
    ("starts", "ends"), [("09:00", "09:30"), ("09:29", "10:00"), ("08:30", "09:01"), ("08:00", "11:00")]
)
def test_patient_has_no_overlapping_live_visits(sql: PlainSql, starts: str, ends: str) -> None:
    sql.appointment(starts="09:00", ends="09:30")
    with pytest.raises(DBAPIError) as caught:
        sql.appointment(doctor=sql.doctor(), starts=starts, ends=ends)
    assert refusal(caught.value) is Code.DUPLICATE_BOOKING


@pytest.mark.parametrize(
    ("starts", "ends"), [("09:00", "09:30"), ("09:15", "09:45"), ("08:30", "09:01"), ("08:00", "11:00")]
)
def test_doctor_has_no_overlapping_live_visits(sql: PlainSql, starts: str, ends: str) -> None:
    sql.appointment(starts="09:00", ends="09:30")
    with pytest.raises(DBAPIError) as caught:
        sql.appointment(patient=sql.patient(), starts=starts, ends=ends)
    assert refusal(caught.value) is Code.SLOT_TAKEN


def test_visits_that_touch_or_are_over_do_not_overlap(sql: PlainSql) -> None:
    first = sql.appointment(starts="09:00", ends="09:30")
    sql.appointment(starts="09:30", ends="10:00")
    sql.run("UPDATE appointments SET status = 'CANCELLED', holds_slot = false WHERE id = :id", id=first)
    sql.appointment(starts="09:00", ends="09:30")
    assert sql.scalar("SELECT count(*) FROM appointments") == 3


def test_visit_cannot_be_moved_or_revived_into_an_overlap(sql: PlainSql) -> None:
    sql.appointment(starts="09:00", ends="09:30")
    moved = sql.appointment(starts="10:00", ends="10:30", doctor=sql.doctor())
    with pytest.raises(DBAPIError) as caught:
        sql.run("UPDATE appointments SET starts_at = :at WHERE id = :id", id=moved, at=sql.at("09:15"))
    assert refusal(caught.value) is Code.DUPLICATE_BOOKING
    missed = sql.appointment(starts="11:00", ends="11:30")
    sql.run("UPDATE appointments SET status = 'NO_SHOW', holds_slot = false WHERE id = :id", id=missed)
    sql.appointment(patient=sql.patient(), starts="11:00", ends="11:30")
    with pytest.raises(DBAPIError) as caught:
        sql.run("UPDATE appointments SET status = 'CHECKED_IN', holds_slot = true WHERE id = :id", id=missed)
    assert refusal(caught.value) is Code.SLOT_TAKEN


def test_booking_past_the_full_day_is_refused(sql: PlainSql) -> None:
    sql.run("UPDATE doctors SET max_patients_per_day = 2")
    sql.appointment(starts="09:00", ends="09:30")
    sql.appointment(starts="10:00", ends="10:30")
    with pytest.raises(DBAPIError) as caught:
        sql.appointment(starts="11:00", ends="11:30")
    assert refusal(caught.value) is Code.DOCTOR_FULLY_BOOKED
    assert sql.booked() == 2
    sql.appointment(starts="11:00", ends="11:30", day="2026-01-24")
    assert sql.booked("2026-01-24") == 1


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ("status = 'CONFIRMED'", 1),
        ("status = 'CHECKED_IN'", 1),
        ("status = 'COMPLETED'", 1),
        ("status = 'NO_SHOW'", 1),
        ("status = 'NO_SHOW', holds_slot = false", 0),
        ("status = 'CANCELLED', holds_slot = false", 0),
        ("reason = 'cough'", 1),
    ],
)
def test_day_counter_follows_every_change(sql: PlainSql, change: str, counts: int) -> None:
    visit = sql.appointment(starts="09:00", ends="09:30")
    sql.run(f"UPDATE appointments SET {change} WHERE id = :id", id=visit)
    assert sql.booked() == counts


def test_late_arrival_may_leave_the_day_above_its_maximum(sql: PlainSql) -> None:
    sql.run("UPDATE doctors SET max_patients_per_day = 1")
    missed = sql.appointment(starts="09:00", ends="09:30")
    sql.run("UPDATE appointments SET status = 'NO_SHOW', holds_slot = false WHERE id = :id", id=missed)
    sql.appointment(patient=sql.patient(), starts="10:00", ends="10:30")
    sql.run("UPDATE appointments SET status = 'CHECKED_IN', holds_slot = true WHERE id = :id", id=missed)
    assert sql.booked() == 2


def test_lowered_maximum_refuses_new_bookings_only(sql: PlainSql) -> None:
    sql.appointment(starts="09:00", ends="09:30")
    sql.appointment(starts="10:00", ends="10:30")
    sql.run("UPDATE doctors SET max_patients_per_day = 1")
    assert sql.booked() == 2
    with pytest.raises(DBAPIError) as caught:
        sql.appointment(starts="11:00", ends="11:30")
    assert refusal(caught.value) is Code.DOCTOR_FULLY_BOOKED


def test_rescheduling_to_a_full_day_is_refused_and_within_one_is_not(sql: PlainSql) -> None:
    sql.run("UPDATE doctors SET max_patients_per_day = 1")
    sql.appointment(starts="09:00", ends="09:30")
    moved = sql.appointment(starts="09:00", ends="09:30", day="2026-01-24")
    with pytest.raises(DBAPIError) as caught:
        sql.move(moved, "2026-01-23", "10:00", "10:30")
    assert refusal(caught.value) is Code.DOCTOR_FULLY_BOOKED
    sql.move(moved, "2026-01-24", "10:00", "10:30")
    sql.move(moved, "2026-01-25", "10:00", "10:30")
    assert (sql.booked(), sql.booked("2026-01-24"), sql.booked("2026-01-25")) == (1, 0, 1)


def test_deleted_row_is_not_counted(sql: PlainSql) -> None:
    visit = sql.appointment(starts="09:00", ends="09:30")
    sql.run("DELETE FROM appointments WHERE id = :id", id=visit)
    assert sql.booked() == 0


def test_live_visit_holds_its_slot_and_a_cancelled_one_does_not(sql: PlainSql) -> None:
    visit = sql.appointment(starts="09:00", ends="09:30")
    with pytest.raises(DBAPIError):
        sql.run("UPDATE appointments SET holds_slot = false WHERE id = :id", id=visit)
    with pytest.raises(DBAPIError):
        sql.run("UPDATE appointments SET status = 'CANCELLED' WHERE id = :id", id=visit)
    assert sql.scalar("SELECT status FROM appointments") == "SCHEDULED"


def test_slot_that_goes_leaves_the_appointment_with_its_times(sql: PlainSql) -> None:
    slot = sql.slot("09:00", "09:30")
    visit = sql.appointment(slot=slot, starts="09:00", ends="09:30")
    sql.run("DELETE FROM doctor_slots WHERE id = :id", id=slot)
    assert sql.scalar("SELECT slot_id FROM appointments WHERE id = :id", id=visit) is None
    assert str(sql.scalar("SELECT start_time FROM appointments WHERE id = :id", id=visit)).startswith("09:00")


def test_two_slots_of_a_doctor_do_not_start_at_once(sql: PlainSql) -> None:
    sql.slot("09:00", "09:30")
    with pytest.raises(DBAPIError) as caught:
        sql.slot("09:00", "09:45")
    assert refusal(caught.value) is Code.ALREADY_EXISTS
