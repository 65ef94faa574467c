from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.domain.slots import DayOfWeek
from hms.models import Appointment, AuditEntry, DoctorSlot
from hms.runtime import Runtime
from hms.services import bookings, lifecycle, slots
from hms.services.bookings import Cancel
from hms.services.slots import BlockSlot, Generate, Regenerated
from hms.transaction import Work
from tests.support.calendars import FRIDAY, TODAY, Clinic
from tests.support.factories import actor_of, add, admin_of, make_doctor, make_holiday, make_hospital, make_user


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


@pytest.fixture
def admin(clinic: Clinic) -> Actor:
    return admin_of(clinic.runtime, clinic.hospital)


def generate(clinic: Clinic, admin: Actor, days: int | None = None) -> int:
    return clinic.runtime.transact(admin, slots.generate, Generate(clinic.doctor.id, days)).created


def of_day(clinic: Clinic, day: date = FRIDAY) -> list[DoctorSlot]:
    statement = select(DoctorSlot).where(DoctorSlot.slot_date == day).order_by(DoctorSlot.starts_at)
    with clinic.runtime.reading() as session:
        return list(session.scalars(statement))


def spans(clinic: Clinic, day: date = FRIDAY) -> list[str]:
    return [f"{slot.start_time:%H:%M}-{slot.end_time:%H:%M}" for slot in of_day(clinic, day)]


def ids(clinic: Clinic) -> set[UUID]:
    return {slot.id for slot in clinic.rows(DoctorSlot)}


def refusal(runtime: Runtime, actor: Actor, service: Any, *args: object) -> Code:
    with pytest.raises(DomainError) as caught:
        runtime.transact(actor, service, *args)
    return caught.value.code


def test_generation_covers_today_and_the_horizon_and_again_changes_nothing(clinic: Clinic, admin: Actor) -> None:
    assert generate(clinic, admin) == 31 * 14
    before = ids(clinic)
    days = {slot.slot_date for slot in clinic.rows(DoctorSlot)}
    assert (min(days), max(days)) == (TODAY, TODAY + timedelta(days=30))
    assert generate(clinic, admin) == 0
    assert ids(clinic) == before


def test_generation_takes_days(clinic: Clinic, admin: Actor) -> None:
    assert generate(clinic, admin, 0) == 14
    assert generate(clinic, admin, 40) == 40 * 14
    for days in (-1, 367):
        assert refusal(clinic.runtime, admin, slots.generate, Generate(clinic.doctor.id, days)) is Code.VALIDATION


def test_generation_skips_holidays(clinic: Clinic, admin: Actor) -> None:
    make_holiday(clinic.runtime, clinic.hospital, FRIDAY)
    make_holiday(clinic.runtime, clinic.hospital, date(2019, 1, 24), is_recurring=True)
    assert generate(clinic, admin, 3) == 2 * 14
    assert {slot.slot_date for slot in clinic.rows(DoctorSlot)} == {TODAY, date(2026, 1, 25)}


def test_slots_inside_an_absence_are_blocked_by_it(clinic: Clinic, admin: Actor) -> None:
    half = clinic.absence(is_full_day=False, start_time=time(9, 45), end_time=time(10, 30))
    add(clinic.runtime, half)
    generate(clinic, admin)
    blocked = [slot for slot in of_day(clinic) if slot.absence_id == half.id]
    assert [f"{slot.start_time:%H:%M}" for slot in blocked] == ["09:30", "10:00"]
    assert all(slot.is_blocked for slot in blocked)


def test_generation_is_for_admins_and_for_their_hospital(clinic: Clinic, runtime: Runtime) -> None:
    command = Generate(clinic.doctor.id)
    assert refusal(runtime, clinic.reception, slots.generate, command) is Code.FORBIDDEN
    elsewhere = admin_of(runtime, make_hospital(runtime, "HMS002"))
    assert refusal(runtime, elsewhere, slots.generate, command) is Code.DOCTOR_NOT_FOUND
    assert refusal(runtime, elsewhere, slots.regenerate, clinic.doctor.id) is Code.DOCTOR_NOT_FOUND
    assert runtime.transact(elsewhere, slots.fill_horizon, [clinic.doctor.id]) == 0


def test_day_is_generated_when_somebody_looks_within_the_horizon(clinic: Clinic, runtime: Runtime) -> None:
    patient, doctor = actor_of(clinic.patient), clinic.doctor.id
    assert runtime.transact(patient, slots.ensure_day, doctor, FRIDAY) == 14
    assert runtime.transact(patient, slots.ensure_day, doctor, FRIDAY) == 0
    assert runtime.transact(patient, slots.ensure_day, doctor, TODAY - timedelta(days=1)) == 0
    assert runtime.transact(patient, slots.ensure_day, doctor, TODAY + timedelta(days=31)) == 0
    assert len(clinic.rows(DoctorSlot)) == 14


def test_horizon_of_many_doctors_is_filled_in_one_go(clinic: Clinic, runtime: Runtime) -> None:
    weekly = make_doctor(runtime, clinic.hospital, days=[DayOfWeek.MONDAY], slot_duration=60)
    system = Actor.system(clinic.hospital.id)
    assert runtime.transact(system, slots.fill_horizon, [clinic.doctor.id, weekly.id]) == 31 * 14 + 4 * 7
    assert runtime.transact(system, slots.fill_horizon, [clinic.doctor.id, weekly.id]) == 0
    assert sum(entry.action == "slots.generated" for entry in clinic.rows(AuditEntry)) == 2


def test_regenerating_an_unchanged_calendar_changes_nothing(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    generate(clinic, admin)
    before = ids(clinic)
    assert runtime.transact(admin, slots.regenerate, clinic.doctor.id) == Regenerated(0, 31 * 14, 0, 0)
    assert ids(clinic) == before


def test_new_slot_length_keeps_what_is_equal_and_what_is_held(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    generate(clinic, admin)
    before = {slot.starts_at: slot.id for slot in of_day(clinic)}
    clinic.book(start=time(9, 30))
    runtime.transact(admin, slots.set_blocked, BlockSlot(of_day(clinic)[2].id, blocked=True, reason="Meeting"))
    clinic.change(clinic.doctor, slot_duration=20)
    runtime.transact(actor_of(clinic.doctor), slots.regenerate, clinic.doctor.id)
    assert spans(clinic)[:4] == ["09:00-09:20", "09:30-10:00", "10:00-10:20", "10:20-10:40"]
    assert of_day(clinic)[1].id == before[of_day(clinic)[1].starts_at]
    assert not any(slot.is_blocked for slot in of_day(clinic))
    assert len(spans(clinic, TODAY)) == 21


def test_past_slots_stay_as_they_were(clinic: Clinic, runtime: Runtime, admin: Actor, clock: FixedClock) -> None:
    generate(clinic, admin)
    clock.move_to(datetime(2026, 1, 22, 4, 10, tzinfo=UTC))  # 09:40
    clinic.change(clinic.doctor, slot_duration=60)
    runtime.transact(admin, slots.regenerate, clinic.doctor.id)
    # 09:00-10:00 would overlap the slot that has passed, so the rest of that hour is lost.
    assert spans(clinic, TODAY)[:3] == ["09:00-09:30", "10:00-11:00", "11:00-12:00"]


def test_kept_slot_of_another_grid_vanishes_when_freed(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    generate(clinic, admin)
    booked = clinic.book(start=time(9, 30))
    clinic.change(clinic.doctor, slot_duration=20)
    runtime.transact(admin, slots.regenerate, clinic.doctor.id)
    assert generate(clinic, admin) == 0
    runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=booked))
    assert spans(clinic)[:4] == ["09:00-09:20", "09:20-09:40", "09:40-10:00", "10:00-10:20"]
    assert clinic.rows(Appointment)[0].slot_id is None


def test_slot_of_the_present_grid_stays_when_freed(clinic: Clinic, runtime: Runtime) -> None:
    booked = clinic.book()
    before = ids(clinic)
    runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=booked))
    assert ids(clinic) == before


def test_kept_slot_on_a_new_holiday_vanishes_when_freed(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    booked = clinic.book()
    make_holiday(runtime, clinic.hospital, FRIDAY)
    runtime.transact(admin, slots.regenerate, clinic.doctor.id)
    assert spans(clinic) == ["09:00-09:30"]
    runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=booked))
    assert spans(clinic) == []


def test_slot_that_is_held_again_is_not_let_go(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    """A late correction of a missed visit whose slot was released, and taken by another patient since."""
    booked = clinic.book()

    def release(work: Work) -> None:
        lifecycle.move(work, lifecycle.locked(work, booked), Status.NO_SHOW, release=True)

    def correct(work: Work) -> None:
        appointment = lifecycle.locked(work, booked)
        lifecycle.move(work, appointment, Status.CANCELLED)
        slots.freed(work, appointment)

    runtime.transact(clinic.reception, release)
    clinic.book(clinic.another())
    clinic.change(clinic.doctor, slot_duration=20)
    runtime.transact(admin, slots.regenerate, clinic.doctor.id)
    runtime.transact(clinic.reception, correct)
    assert spans(clinic)[:2] == ["09:00-09:30", "09:40-10:00"]


def test_late_arrival_without_slot_row_is_kept_clear_of(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    booked = clinic.book()

    def move(work: Work, to: Status) -> None:
        lifecycle.move(work, lifecycle.locked(work, booked), to, release=to is Status.NO_SHOW)

    runtime.transact(clinic.reception, move, Status.NO_SHOW)
    clinic.change(clinic.doctor, slot_duration=20)
    runtime.transact(admin, slots.regenerate, clinic.doctor.id)
    assert clinic.rows(Appointment)[0].slot_id is None
    runtime.transact(clinic.reception, move, Status.CHECKED_IN)
    assert clinic.refused(clinic.another(), start=time(9, 20)) is Code.SLOT_TAKEN
    runtime.transact(admin, slots.regenerate, clinic.doctor.id)
    assert spans(clinic)[0] == "09:40-10:00"


def test_slot_is_blocked_and_unblocked(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    generate(clinic, admin, 1)
    slot = of_day(clinic)[0]
    assert runtime.transact(admin, slots.set_blocked, BlockSlot(slot.id, blocked=True, reason=" Meeting ")) == slot.id
    assert (of_day(clinic)[0].blocked_manually, of_day(clinic)[0].blocked_reason) == (True, "Meeting")
    runtime.transact(actor_of(clinic.doctor), slots.set_blocked, BlockSlot(slot.id, blocked=False))
    runtime.transact(actor_of(clinic.doctor), slots.set_blocked, BlockSlot(slot.id, blocked=False))
    assert (of_day(clinic)[0].blocked_manually, of_day(clinic)[0].blocked_reason) == (False, None)
    actions = [entry.action for entry in clinic.rows(AuditEntry) if entry.entity == "slot"]
    assert actions == ["slot.blocked", "slot.unblocked"]


def test_held_slot_is_not_blocked(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    clinic.book()
    slot = of_day(clinic)[0]
    assert refusal(runtime, admin, slots.set_blocked, BlockSlot(slot.id, blocked=True)) is Code.SLOT_HELD
    assert not of_day(clinic)[0].is_blocked


def test_calendars_are_edited_by_their_doctor_and_by_admins(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    generate(clinic, admin, 1)
    block = BlockSlot(of_day(clinic)[0].id, blocked=True)
    colleague = actor_of(make_doctor(runtime, clinic.hospital))
    nurse = actor_of(make_user(runtime, clinic.hospital, Role.NURSE))
    elsewhere = admin_of(runtime, make_hospital(runtime, "HMS002"))
    for actor, code in ((colleague, Code.FORBIDDEN), (nurse, Code.FORBIDDEN), (elsewhere, Code.NOT_FOUND)):
        assert refusal(runtime, actor, slots.set_blocked, block) is code
    for actor in (colleague, nurse):
        assert refusal(runtime, actor, slots.regenerate, clinic.doctor.id) is Code.FORBIDDEN
    assert not of_day(clinic)[0].is_blocked


@pytest.mark.nightly
def test_a_year_of_short_slots_is_laid_anew(runtime: Runtime) -> None:
    clinic = Clinic(runtime, slot_duration=5, pause=None)
    admin = admin_of(runtime, clinic.hospital)
    assert runtime.transact(admin, slots.generate, Generate(clinic.doctor.id, 366)).created == 367 * 96
    clinic.change(clinic.doctor, slot_duration=60)
    assert runtime.transact(admin, slots.regenerate, clinic.doctor.id) == Regenerated(0, 0, 367 * 96, 367 * 8)
