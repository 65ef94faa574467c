from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import event

from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.errors import Code
from hms.domain.messages import Channel
from hms.domain.people import PatientStatus, Role
from hms.models import (
    Appointment,
    AppointmentEvent,
    AuditEntry,
    DoctorDay,
    DoctorSlot,
    Notification,
    OutgoingMessage,
    User,
)
from hms.queries import slots as slot_rows
from hms.runtime import Runtime
from hms.services import bookings, slots
from hms.services.bookings import Cancel
from hms.services.slots import BlockSlot
from tests.support.calendars import FRIDAY, NINE, TODAY, Clinic
from tests.support.factories import actor_of, add, make_doctor, make_holiday, make_hospital, make_patient, make_user


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


@contextmanager
def counted(runtime: Runtime) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        said.append(statement)

    event.listen(runtime.database.writer, "before_cursor_execute", note)
    yield said
    event.remove(runtime.database.writer, "before_cursor_execute", note)


def test_booking_takes_the_slot_and_tells_the_patient(clinic: Clinic) -> None:
    booked = clinic.book(reason="Cough", type="FOLLOW_UP")
    [appointment] = clinic.rows(Appointment)
    assert (appointment.id, appointment.status, appointment.holds_slot) == (booked, Status.SCHEDULED, True)
    assert (appointment.appointment_date, appointment.start_time, appointment.end_time) == (FRIDAY, NINE, time(9, 30))
    assert appointment.starts_at == datetime(2026, 1, 23, 3, 30, tzinfo=UTC)
    assert appointment.no_show_due_at == appointment.ends_at == datetime(2026, 1, 23, 4, tzinfo=UTC)
    assert (appointment.duration_minutes, appointment.reason, appointment.type) == (30, "Cough", "FOLLOW_UP")
    assert appointment.created_by == clinic.patient.user_id
    [happened] = clinic.rows(AppointmentEvent)
    assert (happened.from_status, happened.to_status, happened.actor_id) == (
        None,
        Status.SCHEDULED,
        clinic.patient.user_id,
    )
    assert "appointment.booked" in {entry.action for entry in clinic.rows(AuditEntry)}
    [notification] = clinic.rows(Notification)
    assert (notification.title, notification.patient_id) == ("Appointment Booked", clinic.patient.id)
    assert {message.channel for message in clinic.rows(OutgoingMessage)} == set(Channel)
    [day] = clinic.rows(DoctorDay)
    assert (day.day, day.booked) == (FRIDAY, 1)


def test_booking_generates_a_day_that_nobody_has_looked_at(clinic: Clinic) -> None:
    clinic.book()
    assert {slot.slot_date for slot in clinic.rows(DoctorSlot)} == {FRIDAY}
    assert len(clinic.rows(DoctorSlot)) == 14


def test_booking_costs_few_statements(clinic: Clinic, runtime: Runtime) -> None:
    clinic.book()
    with counted(runtime) as statements:
        clinic.book(start=time(10))
    assert len([s for s in statements if not s.startswith("BEGIN")]) <= 12


def test_visit_booked_while_it_goes_on_is_due_later(clinic: Clinic, clock: FixedClock) -> None:
    clinic.change(clinic.doctor, slot_duration=15)
    clock.move_to(datetime(2026, 1, 22, 4, 40, tzinfo=UTC))
    clinic.book(day=TODAY, start=time(10))
    [appointment] = clinic.rows(Appointment)
    assert appointment.no_show_due_at == datetime(2026, 1, 22, 4, 55, tzinfo=UTC)


def test_patient_unknown_inactive_or_of_another_hospital_is_not_found(clinic: Clinic, runtime: Runtime) -> None:
    stranger = make_patient(runtime, make_hospital(runtime, "HMS002"))
    clinic.change(clinic.patient, status=PatientStatus.INACTIVE)
    assert clinic.refused() is Code.PATIENT_NOT_FOUND
    assert clinic.refused(clinic.reception, patient_id=stranger.id) is Code.PATIENT_NOT_FOUND
    assert clinic.refused(clinic.reception, patient_id=clinic.doctor.id) is Code.PATIENT_NOT_FOUND


def test_patients_book_for_themselves_only(clinic: Clinic, runtime: Runtime) -> None:
    other = make_patient(runtime, clinic.hospital)
    assert clinic.refused(patient_id=other.id) is Code.PATIENT_NOT_FOUND
    assert clinic.accepts(patient_id=clinic.patient.id)


def test_staff_name_the_patient(clinic: Clinic) -> None:
    assert clinic.refused(clinic.reception, patient_id=None) is Code.VALIDATION
    assert clinic.accepts(clinic.reception, patient_id=clinic.patient.id)


@pytest.mark.parametrize("role", [Role.NURSE, Role.DOCTOR])
def test_other_staff_do_not_book(clinic: Clinic, runtime: Runtime, role: Role) -> None:
    assert clinic.refused(actor_of(make_user(runtime, clinic.hospital, role))) is Code.FORBIDDEN


def test_blocked_patient_is_refused_and_staff_override_with_a_reason(clinic: Clinic) -> None:
    clinic.change(clinic.patient, status=PatientStatus.BLOCKED)
    assert clinic.refused() is Code.PATIENT_BLOCKED
    assert clinic.refused(override_reason="It hurts") is Code.FORBIDDEN
    assert clinic.refused(clinic.reception) is Code.PATIENT_BLOCKED
    assert clinic.refused(clinic.reception, override_reason="  ") is Code.PATIENT_BLOCKED
    clinic.book(clinic.reception, override_reason="Chest pain")
    [entry] = [entry for entry in clinic.rows(AuditEntry) if entry.action == "appointment.booked"]
    assert entry.details["override_reason"] == "Chest pain"
    assert [happened.reason for happened in clinic.rows(AppointmentEvent)] == ["Chest pain"]


def test_patient_has_no_two_visits_at_once(clinic: Clinic, runtime: Runtime) -> None:
    clinic.book()
    slow = make_doctor(runtime, clinic.hospital, slot_duration=60)
    late = make_doctor(runtime, clinic.hospital, hours=(time(9, 30), time(12)), pause=None)
    assert clinic.refused(doctor_id=slow.id) is Code.DUPLICATE_BOOKING
    assert clinic.refused() is Code.DUPLICATE_BOOKING
    assert clinic.accepts(doctor_id=late.id, start=time(9, 30))


def test_doctor_unknown_or_of_another_hospital_is_not_found(clinic: Clinic, runtime: Runtime) -> None:
    stranger = make_doctor(runtime, make_hospital(runtime, "HMS002"))
    assert clinic.refused(doctor_id=stranger.id) is Code.DOCTOR_NOT_FOUND
    assert clinic.refused(doctor_id=clinic.patient.id) is Code.DOCTOR_NOT_FOUND


def test_doctor_who_takes_no_patients(clinic: Clinic, runtime: Runtime) -> None:
    with runtime.reading() as session:
        login = session.get_one(User, clinic.doctor.user_id)
    clinic.change(login, is_active=False)
    assert clinic.refused() is Code.DOCTOR_INACTIVE
    clinic.change(clinic.doctor, is_available=False)
    assert clinic.refused() is Code.DOCTOR_UNAVAILABLE


def test_past_and_far_days(clinic: Clinic, clock: FixedClock) -> None:
    assert clinic.refused(day=TODAY - timedelta(days=1)) is Code.DATE_IN_PAST
    assert clinic.refused(day=TODAY + timedelta(days=31)) is Code.TOO_FAR_AHEAD
    assert clinic.accepts(day=TODAY + timedelta(days=30))
    clock.move_to(datetime(2026, 1, 22, 3, 55, 1, tzinfo=UTC))
    assert clinic.refused(day=TODAY) is Code.DATE_IN_PAST
    clock.move_to(datetime(2026, 1, 22, 3, 55, tzinfo=UTC))
    assert clinic.accepts(day=TODAY)


def test_today_is_the_hospitals_day(runtime: Runtime, clock: FixedClock) -> None:
    clinic = Clinic(runtime)
    clock.move_to(datetime(2026, 1, 22, 19, tzinfo=UTC))  # 00:30 on the 23rd in Kolkata
    assert clinic.accepts(day=TODAY + timedelta(days=31))


def test_holidays(clinic: Clinic, runtime: Runtime) -> None:
    make_holiday(runtime, clinic.hospital, FRIDAY)
    make_holiday(runtime, clinic.hospital, date(2020, 1, 24), is_recurring=True)
    make_holiday(runtime, make_hospital(runtime, "HMS002"), date(2026, 1, 25))
    assert clinic.refused() is Code.HOSPITAL_HOLIDAY
    assert clinic.refused(day=date(2026, 1, 24)) is Code.HOSPITAL_HOLIDAY
    assert clinic.accepts(day=date(2026, 1, 25))


def test_absences(clinic: Clinic, runtime: Runtime) -> None:
    add(
        runtime,
        clinic.absence(is_full_day=False, start_time=time(9, 15), end_time=time(10)),
        clinic.absence(start_date=date(2026, 1, 26), end_date=date(2026, 1, 28)),
    )
    assert clinic.refused() is Code.DOCTOR_ABSENT
    assert clinic.refused(start=time(9, 30)) is Code.DOCTOR_ABSENT
    assert clinic.refused(day=date(2026, 1, 28)) is Code.DOCTOR_ABSENT
    assert clinic.accepts(start=time(10))
    assert clinic.accepts(day=date(2026, 1, 29))


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (time(8, 30), Code.OUTSIDE_SCHEDULE),
        (time(16, 45), Code.OUTSIDE_SCHEDULE),
        (time(23, 45), Code.OUTSIDE_SCHEDULE),
        (time(12, 45), Code.DURING_BREAK),
        (time(13), Code.DURING_BREAK),
        (time(9, 10), Code.NOT_A_SLOT),
    ],
)
def test_times_that_are_not_offered(clinic: Clinic, start: time, code: Code) -> None:
    assert clinic.refused(start=start) is code


def test_skipped_wall_time_does_not_book_the_slot_of_its_instant(runtime: Runtime) -> None:
    clinic = Clinic(runtime, hours=(time(1), time(5)), pause=None)
    clinic.change(clinic.hospital, timezone="Europe/Berlin", settings={"booking_days_ahead": 90})
    assert clinic.refused(day=date(2026, 3, 29), start=time(2, 30)) is Code.NOT_A_SLOT
    assert clinic.accepts(day=date(2026, 3, 29), start=time(3, 30))


def test_blocked_slot(clinic: Clinic, runtime: Runtime) -> None:
    runtime.transact(clinic.reception, slots.ensure_day, clinic.doctor.id, FRIDAY)
    first = min(clinic.rows(DoctorSlot), key=lambda slot: slot.starts_at)
    runtime.transact(actor_of(clinic.doctor), slots.set_blocked, BlockSlot(first.id, blocked=True))
    assert clinic.refused() is Code.SLOT_BLOCKED


def test_slot_is_held_until_it_is_cancelled(clinic: Clinic, runtime: Runtime) -> None:
    booked = clinic.book()
    other = clinic.another()
    assert clinic.refused(other) is Code.SLOT_TAKEN
    runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=booked))
    assert clinic.accepts(other)


def test_finished_visit_keeps_its_slot(clinic: Clinic, runtime: Runtime) -> None:
    booked = clinic.book()
    with runtime.database.writing() as session:
        session.get_one(Appointment, booked).status = Status.COMPLETED
    assert clinic.refused(clinic.another()) is Code.SLOT_TAKEN


def test_full_day(runtime: Runtime) -> None:
    clinic = Clinic(runtime, max_patients_per_day=2)
    clinic.book()
    clinic.book(clinic.another(), start=time(9, 30))
    assert clinic.refused(clinic.another(), start=time(10)) is Code.DOCTOR_FULLY_BOOKED
    assert clinic.accepts(clinic.another(), day=TODAY)


def test_refused_booking_changes_nothing(clinic: Clinic, runtime: Runtime) -> None:
    make_holiday(runtime, clinic.hospital, FRIDAY)
    clinic.refused()
    assert [clinic.rows(model) for model in (Appointment, AppointmentEvent, AuditEntry, OutgoingMessage)] == [[]] * 4


def test_available_means_that_booking_succeeds(clinic: Clinic, runtime: Runtime, clock: FixedClock) -> None:
    clinic.book(day=TODAY, start=time(10))
    add(
        runtime,
        clinic.absence(is_full_day=False, start_date=TODAY, end_date=TODAY, start_time=NINE, end_time=time(9, 30)),
    )
    clock.move_to(datetime(2026, 1, 22, 5, 20, tzinfo=UTC))  # 10:50
    rows = runtime.read(slot_rows.of_day, clinic.reception, clinic.doctor.id, TODAY, clock.now())
    for row in rows:
        if row.is_available:
            assert clinic.accepts(clinic.another(), day=TODAY, start=row.start_time)
        else:
            assert clinic.refused(clinic.another(), day=TODAY, start=row.start_time)
    assert [f"{row.start_time:%H:%M}" for row in rows if row.is_available][:2] == ["10:30", "11:00"]
