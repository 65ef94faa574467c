from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.people import PatientStatus, Role
from hms.domain.slots import DayOfWeek, WeeklyBlock
from hms.models import (
    Appointment,
    AppointmentEvent,
    AppointmentReview,
    AuditEntry,
    DoctorDay,
    DoctorSlot,
    Notification,
    OutgoingMessage,
)
from hms.queries.appointments import AppointmentRow
from hms.runtime import Runtime
from hms.services import attendance, bookings, rescheduling, schedules, slots
from hms.services.attendance import Attend
from hms.services.bookings import Book, Cancel
from hms.services.rescheduling import Reschedule
from hms.services.schedules import ReplaceSchedules
from tests.support.calendars import FRIDAY, NINE, TODAY, Clinic
from tests.support.factories import actor_of, admin_of, make_doctor, make_hospital, make_user, reception_of

TEN = time(10)


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


def move(clinic: Clinic, visit: UUID, actor: Actor | None = None, **wanted: Any) -> AppointmentRow:
    command = Reschedule(appointment_id=visit, **wanted)
    return clinic.runtime.transact(actor or actor_of(clinic.patient), rescheduling.reschedule, command)


def refused(clinic: Clinic, visit: UUID, actor: Actor | None = None, **wanted: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        move(clinic, visit, actor, **wanted)
    return caught.value


def test_a_move_frees_the_old_time_and_takes_the_new(clinic: Clinic) -> None:
    visit = clinic.book()
    moved = move(clinic, visit, start=TEN)
    assert (moved.id, moved.date, moved.start_time, moved.end_time) == (visit, FRIDAY, TEN, time(10, 30))
    assert (moved.status, moved.version) == (Status.SCHEDULED, 2)
    [row] = clinic.rows(Appointment)
    assert (row.calendar_sequence, row.holds_slot, row.duration_minutes) == (1, True, 30)
    assert clinic.accepts(clinic.another(), start=NINE)
    assert clinic.refused(clinic.another(), start=TEN) is Code.SLOT_TAKEN


def test_a_move_to_another_doctor_follows_in_both_days(clinic: Clinic) -> None:
    other = make_doctor(clinic.runtime, clinic.hospital, slot_duration=20)
    visit = clinic.book()
    moved = move(clinic, visit, doctor_id=other.id, day=FRIDAY + timedelta(days=3), start=time(9, 20))
    assert moved.doctor.id == other.id
    assert moved.end_time == time(9, 40)
    counts = {(row.doctor_id, row.day): row.booked for row in clinic.rows(DoctorDay)}
    assert counts == {(clinic.doctor.id, FRIDAY): 0, (other.id, FRIDAY + timedelta(days=3)): 1}


def test_a_confirmed_visit_is_to_be_confirmed_anew(clinic: Clinic, runtime: Runtime) -> None:
    visit = clinic.book()
    runtime.transact(actor_of(clinic.patient), attendance.confirm, Attend(visit))
    assert move(clinic, visit, start=TEN).status is Status.SCHEDULED
    last = clinic.rows(AppointmentEvent)[-1]
    assert (last.from_status, last.to_status) == (Status.CONFIRMED, Status.SCHEDULED)
    assert last.reason == "Rescheduled from 2026-01-23 09:00"


def test_the_patient_is_told_once_with_old_and_new_time(clinic: Clinic) -> None:
    visit = clinic.book()
    move(clinic, visit, start=TEN)
    move(clinic, visit, start=TEN)
    [told] = [row for row in clinic.rows(Notification) if row.type == "APPOINTMENT_RESCHEDULED"]
    assert told.title == "Appointment Rescheduled"
    assert "on Friday 23 January 2026 at 09:00 is now on Friday 23 January 2026 at 10:00." in told.message
    keys = [row.key for row in clinic.rows(OutgoingMessage) if row.notification_id == told.id]
    assert len(keys) == 3


def test_there_and_back_again_is_told_twice(clinic: Clinic) -> None:
    visit = clinic.book()
    move(clinic, visit, start=TEN)
    assert move(clinic, visit, start=NINE).version == 3
    assert len([row for row in clinic.rows(Notification) if row.type == "APPOINTMENT_RESCHEDULED"]) == 2


def test_to_where_it_is_changes_nothing(clinic: Clinic) -> None:
    visit = clinic.book()
    before = len(clinic.rows(AuditEntry))
    assert move(clinic, visit, day=FRIDAY, start=NINE).version == 1
    assert len(clinic.rows(AuditEntry)) == before


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"start": time(9, 5)}, Code.NOT_A_SLOT),
        ({"start": time(13)}, Code.DURING_BREAK),
        ({"start": time(20)}, Code.OUTSIDE_SCHEDULE),
        ({"day": TODAY - timedelta(days=1)}, Code.DATE_IN_PAST),
        ({"day": TODAY + timedelta(days=31)}, Code.TOO_FAR_AHEAD),
        ({"doctor_id": UUID(int=7)}, Code.DOCTOR_NOT_FOUND),
    ],
)
def test_the_checks_of_a_booking_decide(clinic: Clinic, wanted: dict[str, Any], code: Code) -> None:
    visit = clinic.book()
    assert refused(clinic, visit, **wanted).code is code
    [row] = clinic.rows(Appointment)
    assert (row.start_time, row.version, row.holds_slot) == (NINE, 1, True)


def test_a_time_that_another_holds_is_refused(clinic: Clinic) -> None:
    visit = clinic.book()
    clinic.book(clinic.another(), start=TEN)
    assert refused(clinic, visit, start=TEN).code is Code.SLOT_TAKEN


def test_the_checks_leave_the_visit_itself_out(clinic: Clinic, runtime: Runtime) -> None:
    """It neither overlaps itself on a shorter grid nor fills its own doctor's day."""
    doctor = make_doctor(runtime, clinic.hospital, slot_duration=60, max_patients_per_day=1)
    visit = clinic.book(doctor_id=doctor.id)
    assert move(clinic, visit, start=TEN).start_time == TEN
    clinic.change(doctor, slot_duration=30)
    runtime.transact(admin_of(runtime, clinic.hospital), slots.regenerate, doctor.id)
    assert move(clinic, visit, start=time(9, 30)).end_time == TEN
    assert clinic.refused(clinic.another(), doctor_id=doctor.id, start=NINE) is Code.DOCTOR_FULLY_BOOKED


def test_a_blocked_patient_moves_nothing_but_staff_may_for_urgent_care(clinic: Clinic) -> None:
    visit = clinic.book()
    clinic.change(clinic.patient, status=PatientStatus.BLOCKED)
    assert refused(clinic, visit, start=TEN).code is Code.PATIENT_BLOCKED
    moved = move(clinic, visit, clinic.reception, start=TEN, override_reason="Pain")
    assert moved.start_time == TEN
    entry = next(row for row in clinic.rows(AuditEntry) if row.action == "appointment.rescheduled")
    assert entry.details["override_reason"] == "Pain"
    assert entry.details["was_at"] == "2026-01-23T03:30:00.000Z"


def test_patients_move_their_own_until_the_start_and_reception_after_it(clinic: Clinic, clock: FixedClock) -> None:
    visit = clinic.book(day=TODAY)
    clock.move_to(datetime(2026, 1, 22, 3, 30, tzinfo=UTC))
    assert refused(clinic, visit, start=TEN).code is Code.TOO_LATE
    assert move(clinic, visit, clinic.reception, start=TEN).start_time == TEN


@pytest.mark.parametrize("role", [Role.NURSE, Role.DOCTOR])
def test_others_may_not(clinic: Clinic, runtime: Runtime, role: Role) -> None:
    actor = actor_of(make_user(runtime, clinic.hospital, role))
    assert refused(clinic, clinic.book(), actor, start=TEN).code is Code.FORBIDDEN


def test_strangers_know_of_nothing(clinic: Clinic, runtime: Runtime) -> None:
    visit = clinic.book()
    assert refused(clinic, visit, clinic.another(login=True), start=TEN).code is Code.NOT_FOUND
    elsewhere = reception_of(runtime, make_hospital(runtime, code="HMS900"))
    assert refused(clinic, visit, elsewhere, start=TEN).code is Code.NOT_FOUND


def test_a_stale_version_is_told_the_present_row(clinic: Clinic) -> None:
    visit = clinic.book()
    move(clinic, visit, start=TEN, version=1)
    error = refused(clinic, visit, start=time(11), version=1)
    assert error.code is Code.STALE_VERSION
    assert isinstance(error.current, AppointmentRow)
    assert error.current.start_time == TEN


def test_what_is_over_cannot_be_moved(clinic: Clinic, runtime: Runtime) -> None:
    visit = clinic.book()
    runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=visit))
    assert refused(clinic, visit, start=TEN).code is Code.INVALID_TRANSITION


def test_a_time_taken_late_is_not_missed_at_its_end(clinic: Clinic, clock: FixedClock) -> None:
    visit = clinic.book(day=TODAY, start=time(11))
    clock.move_to(datetime(2026, 1, 22, 3, 50, tzinfo=UTC))
    assert move(clinic, visit, clinic.reception, start=NINE).no_show_due_at == datetime(2026, 1, 22, 4, 20, tzinfo=UTC)


def test_a_move_ends_the_review_of_what_the_clinic_did(clinic: Clinic, runtime: Runtime) -> None:
    visit = clinic.book()
    with runtime.database.writing() as session:
        session.execute(update(Appointment).values(under_review=True))
        session.add(
            AppointmentReview(
                hospital_id=clinic.hospital.id,
                appointment_id=visit,
                reason="HOSPITAL_HOLIDAY",
                opened_at=datetime(2026, 1, 21, tzinfo=UTC),
            )
        )
    move(clinic, visit, start=TEN)
    [row], [review] = clinic.rows(Appointment), clinic.rows(AppointmentReview)
    assert row.under_review is False
    assert (review.decision, review.decided_at is not None) == (None, True)


def test_a_slot_that_only_the_booking_kept_goes_with_the_move(clinic: Clinic, runtime: Runtime) -> None:
    visit = clinic.book(day=FRIDAY)
    runtime.transact(
        admin_of(runtime, clinic.hospital), schedules.replace, ReplaceSchedules(clinic.doctor.id, _without_friday())
    )
    move(clinic, visit, day=FRIDAY + timedelta(days=3))
    with runtime.reading() as session:
        days = set(session.scalars(select(DoctorSlot.slot_date)))
    assert FRIDAY not in days
    assert date(2026, 1, 26) in days


def _without_friday() -> list[WeeklyBlock]:
    return [WeeklyBlock(day, NINE, time(17)) for day in DayOfWeek if day is not DayOfWeek.FRIDAY]


def test_a_walk_in_is_booked_and_checked_in_at_once(clinic: Clinic, runtime: Runtime, clock: FixedClock) -> None:
    clock.move_to(datetime(2026, 1, 22, 3, 38, tzinfo=UTC))
    command = Book(doctor_id=clinic.doctor.id, patient_id=clinic.patient.id, day=TODAY, start=NINE)
    row = runtime.transact(clinic.reception, attendance.walk_in, command)
    assert (row.status, row.checked_in_at) == (Status.CHECKED_IN, datetime(2026, 1, 22, 3, 38, tzinfo=UTC))


def test_a_walk_in_for_tomorrow_books_nothing(clinic: Clinic, runtime: Runtime) -> None:
    command = Book(doctor_id=clinic.doctor.id, patient_id=clinic.patient.id, day=FRIDAY, start=NINE)
    with pytest.raises(DomainError) as caught:
        runtime.transact(clinic.reception, attendance.walk_in, command)
    assert caught.value.code is Code.NOT_VISIT_DAY
    assert clinic.rows(Appointment) == []
