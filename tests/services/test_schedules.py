from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from hms.domain.errors import Code, DomainError
from hms.domain.messages import Priority
from hms.domain.slots import DayOfWeek, WeeklyBlock
from hms.models import Appointment, AuditEntry, DoctorSchedule, DoctorSlot, Notification, OutgoingMessage
from hms.queries import schedules as schedule_rows
from hms.runtime import Runtime
from hms.services import bookings, schedules, slots
from hms.services.bookings import Cancel
from hms.services.schedules import ReplaceSchedules, ScheduleChange
from hms.services.slots import BlockSlot
from tests.support.calendars import FRIDAY, TODAY, Clinic
from tests.support.factories import actor_of, make_doctor, make_hospital, reception_of

FRIDAYS = WeeklyBlock(DayOfWeek.FRIDAY, time(10), time(12), time(11), time(11, 30))
MONDAYS = WeeklyBlock(DayOfWeek.MONDAY, time(9), time(12))


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


def replace(clinic: Clinic, *rows: WeeklyBlock) -> ScheduleChange:
    return clinic.runtime.transact(actor_of(clinic.doctor), schedules.replace, ReplaceSchedules(clinic.doctor.id, rows))


def test_new_week_replaces_the_old_one_and_its_slots(clinic: Clinic, runtime: Runtime) -> None:
    clinic.book(day=FRIDAY, start=time(10))
    change = replace(clinic, FRIDAYS, MONDAYS)
    assert [row.block for row in change.rows] == [MONDAYS, FRIDAYS]
    assert change.affected == ()
    found = {(slot.slot_date.weekday(), f"{slot.start_time:%H:%M}") for slot in clinic.rows(DoctorSlot)}
    mondays = {(0, f"{hour:02}:{minute:02}") for hour in (9, 10, 11) for minute in (0, 30)}
    assert found == mondays | {(4, "10:00"), (4, "10:30"), (4, "11:30")}
    week = runtime.read(schedule_rows.week, actor_of(clinic.patient), clinic.doctor.id)
    assert tuple(week) == change.rows


def test_slots_that_both_weeks_have_keep_their_ids_and_blocks(clinic: Clinic, runtime: Runtime) -> None:
    runtime.transact(clinic.reception, slots.ensure_day, clinic.doctor.id, FRIDAY)
    before = {slot.starts_at: slot.id for slot in clinic.rows(DoctorSlot)}
    first = before[min(before)]
    runtime.transact(actor_of(clinic.doctor), slots.set_blocked, BlockSlot(first, blocked=True, reason="Meeting"))
    replace(clinic, WeeklyBlock(DayOfWeek.FRIDAY, time(8), time(11)))
    after = [slot for slot in clinic.rows(DoctorSlot) if slot.slot_date == FRIDAY]
    assert len(after) == 6
    same = [slot for slot in after if before.get(slot.starts_at) == slot.id]
    assert [f"{slot.start_time:%H:%M}" for slot in sorted(same, key=lambda slot: slot.starts_at)] == [
        *("09:00", "09:30", "10:00", "10:30")
    ]
    assert [slot.id for slot in after if slot.blocked_reason == "Meeting"] == [first]


def test_visits_outside_the_new_week_are_listed_told_and_stay(clinic: Clinic) -> None:
    inside = clinic.book(day=FRIDAY, start=time(10))
    outside = {
        clinic.book(day=FRIDAY, start=time(9)),
        clinic.book(day=FRIDAY, start=time(11)),
        clinic.book(day=date(2026, 1, 27), start=time(9)),
    }
    change = replace(clinic, FRIDAYS, MONDAYS)
    assert {visit.appointment_id for visit in change.affected} == outside
    assert [visit.starts_at for visit in change.affected] == sorted(visit.starts_at for visit in change.affected)
    assert all(appointment.holds_slot for appointment in clinic.rows(Appointment))
    told = [n for n in clinic.rows(Notification) if n.title == "Schedule Change Notification"]
    assert {(n.priority, n.patient_id) for n in told} == {(Priority.HIGH, clinic.patient.id)}
    assert {n.notification_metadata["appointmentId"] for n in told} == {str(visit) for visit in outside}
    channels = [m.channel for m in clinic.rows(OutgoingMessage) if m.notification_id in {n.id for n in told}]
    assert sorted(channels) == ["in_app"] * 3 + ["sms"] * 3
    [entry] = [entry for entry in clinic.rows(AuditEntry) if entry.action == "schedule.changed"]
    assert str(inside) not in entry.details["affected"]


def test_past_and_finished_visits_are_not_affected(clinic: Clinic) -> None:
    cancelled = clinic.book(day=TODAY + timedelta(days=5))
    clinic.runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=cancelled))
    assert replace(clinic).affected == ()
    assert clinic.rows(DoctorSlot) == []


def test_wrong_week_changes_nothing(clinic: Clinic) -> None:
    with pytest.raises(DomainError) as caught:
        replace(clinic, MONDAYS, WeeklyBlock(DayOfWeek.MONDAY, time(11), time(13)))
    assert caught.value.code is Code.SCHEDULE_OVERLAP
    assert len(clinic.rows(DoctorSchedule)) == 7


def test_schedules_are_edited_by_their_doctor_and_by_admins(clinic: Clinic, runtime: Runtime) -> None:
    command = ReplaceSchedules(clinic.doctor.id, [MONDAYS])
    for actor in (actor_of(make_doctor(runtime, clinic.hospital)), clinic.reception, actor_of(clinic.patient)):
        with pytest.raises(DomainError) as caught:
            runtime.transact(actor, schedules.replace, command)
        assert caught.value.code is Code.FORBIDDEN
    elsewhere = reception_of(runtime, make_hospital(runtime, "HMS002"))
    with pytest.raises(DomainError) as caught:
        runtime.read(schedule_rows.week, elsewhere, clinic.doctor.id)
    assert caught.value.code is Code.DOCTOR_NOT_FOUND


def test_preview_names_who_would_be_affected(clinic: Clinic, runtime: Runtime) -> None:
    booked = clinic.book(day=FRIDAY, start=time(9))
    now = runtime.clocks.hospital.now()
    visits = runtime.read(schedule_rows.outside, clinic.reception, clinic.doctor.id, [FRIDAYS], now)
    assert [visit.appointment_id for visit in visits] == [booked]
    assert (
        runtime.read(schedule_rows.outside, clinic.reception, clinic.doctor.id, [FRIDAYS], now + timedelta(days=2))
        == []
    )
