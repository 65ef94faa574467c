"""Bookings race every change of a calendar, holidays and new grids too: each stands before it, or is refused."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from itertools import pairwise
from threading import Condition
from time import monotonic, sleep
from uuid import UUID

import pytest
from sqlalchemy import func, select

from hms.access.actors import Actor
from hms.domain.absences import AbsenceType
from hms.domain.appointments import LIVE, Status
from hms.domain.errors import Code, DomainError
from hms.domain.slots import DayOfWeek, WeeklyBlock
from hms.models import Appointment, DoctorSlot, Notification
from hms.runtime import Runtime
from hms.services import absences, bookings, doctors, holidays, schedules, slots
from hms.services.absences import CreateAbsence, UpdateAbsence
from hms.services.bookings import Book
from hms.services.doctors import EditDoctor
from hms.services.holidays import AddHoliday
from hms.services.schedules import ReplaceSchedules
from hms.settings import Settings
from tests.support.booker import BOOKED, Bookers, Client
from tests.support.calendars import FRIDAY, Clinic
from tests.support.factories import actor_of, admin_of
from tests.support.races import houses_on

BOOKING = 3
ROUNDS = 4
MORNING = [time(9 + n // 2, 30 * (n % 2)) for n in range(8)]
REFUSALS = {
    Code.DOCTOR_ABSENT,
    Code.DOCTOR_UNAVAILABLE,
    Code.OUTSIDE_SCHEDULE,
    Code.NOT_A_SLOT,
    Code.SLOT_TAKEN,
    Code.DUPLICATE_BOOKING,
    Code.BUSY,
}
Change = Callable[[Runtime, date], set[UUID]]
"""Change the calendar around a day; return the visits that it says it met."""


@dataclass
class Race:
    """What the bookers got, counted so that the change comes in their midst."""

    booked: list[UUID] = field(default_factory=list)
    refused: set[Code] = field(default_factory=set)
    moved: Condition = field(default_factory=Condition)

    def note(self, outcome: UUID | Code) -> None:
        with self.moved:
            if isinstance(outcome, UUID):
                self.booked.append(outcome)
            else:
                self.refused.add(outcome)
            self.moved.notify_all()

    def wait_for(self, bookings_made: int) -> None:
        with self.moved:
            assert self.moved.wait_for(lambda: len(self.booked) >= bookings_made, 30)


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


@pytest.fixture
def admin(clinic: Clinic) -> Actor:
    return admin_of(clinic.runtime, clinic.hospital)


@pytest.fixture
def runtimes(runtime: Runtime) -> Iterator[list[Runtime]]:
    with houses_on(runtime, BOOKING + 1) as houses:
        yield houses


def race(clinic: Clinic, runtimes: Sequence[Runtime], day: date, change: Change) -> tuple[Race, set[UUID]]:
    """Let everybody book the day's morning while the change is made; return what they got, and whom it met."""
    running = Race()

    def book(house: Runtime, patient: Actor) -> None:
        for start in random.sample(MORNING, len(MORNING)):
            try:
                row = house.transact(patient, bookings.book, Book(doctor_id=clinic.doctor.id, day=day, start=start))
            except DomainError as error:
                running.note(error.code)
            else:
                running.note(row.id)

    def intrude(house: Runtime) -> set[UUID]:
        running.wait_for(random.randint(1, 3))  # no grid has fewer times that begin at one of the morning
        return change(house, day)

    patients = [clinic.another() for _ in range(BOOKING)]
    with ThreadPoolExecutor(BOOKING + 1) as pool:
        met = pool.submit(intrude, runtimes[0])
        going = [pool.submit(book, *pair) for pair in zip(runtimes[1:], patients, strict=True)]
        for one in going:
            one.result(60)
        return running, met.result(60)


def visits_of(clinic: Clinic, day: date) -> dict[UUID, Appointment]:
    return {row.id: row for row in clinic.rows(Appointment) if row.appointment_date == day}


def told(clinic: Clinic, title: str) -> list[str]:
    rows = [row for row in clinic.rows(Notification) if row.title == title]
    return sorted(str(row.notification_metadata["appointmentId"]) for row in rows)


def no_live_visit_without_an_open_slot(clinic: Clinic, kept: set[UUID]) -> None:
    """Hold the house's promise: a live visit sits on a slot that is there and open, but for the kept ones."""
    present = {row.id: row for row in clinic.rows(DoctorSlot)}
    for visit in clinic.rows(Appointment):
        if visit.status not in LIVE or visit.id in kept:
            continue
        assert visit.slot_id in present
        assert not present[visit.slot_id].is_blocked
        assert present[visit.slot_id].starts_at == visit.starts_at


def days() -> list[date]:
    return [FRIDAY + timedelta(days=number) for number in range(ROUNDS)]


def test_bookings_against_an_emergency(clinic: Clinic, admin: Actor, runtimes: list[Runtime]) -> None:
    def emergency(house: Runtime, day: date) -> set[UUID]:
        command = CreateAbsence(doctor_id=clinic.doctor.id, absence_type=AbsenceType.EMERGENCY, first=day, last=day)
        return {visit.appointment_id for visit in house.transact(admin, absences.create, command).cancelled}

    cancelled: set[UUID] = set()
    for day in days():
        running, met = race(clinic, runtimes, day, emergency)
        assert met == set(running.booked) == set(visits_of(clinic, day))
        assert met
        assert running.refused <= REFUSALS
        assert clinic.refused(clinic.another(), day, MORNING[-1]) is Code.DOCTOR_ABSENT
        cancelled |= met
    assert {row.status for row in clinic.rows(Appointment)} == {Status.CANCELLED}
    assert told(clinic, "Appointment Cancelled - Doctor Emergency") == sorted(map(str, cancelled))
    assert all(row.is_blocked for row in clinic.rows(DoctorSlot) if row.slot_date in days())


def test_bookings_against_leave_that_comes_and_grows(clinic: Clinic, admin: Actor, runtimes: list[Runtime]) -> None:
    first = CreateAbsence(
        doctor_id=clinic.doctor.id,
        absence_type=AbsenceType.TRAINING,
        first=FRIDAY - timedelta(days=1),
        last=FRIDAY - timedelta(days=1),
    )
    absence = clinic.runtime.transact(admin, absences.create, first).absence

    def grow(house: Runtime, day: date) -> set[UUID]:
        command = UpdateAbsence(doctor_id=clinic.doctor.id, absence_id=absence.id, changes={"end_date": day})
        change = house.transact(admin, absences.update, command)
        return {visit.appointment_id for visit in change.affected if visit.day == day}

    kept: set[UUID] = set()
    for day in days():
        running, met = race(clinic, runtimes, day, grow)
        assert met == set(running.booked)
        assert running.refused <= REFUSALS
        assert clinic.refused(clinic.another(), day, MORNING[-1]) is Code.DOCTOR_ABSENT
        kept |= met
    assert {row.status for row in clinic.rows(Appointment)} == {Status.SCHEDULED}
    assert told(clinic, "Appointment Affected by Doctor Leave") == sorted(map(str, kept))
    assert all(row.is_blocked for row in clinic.rows(DoctorSlot) if row.slot_date in days())


def test_bookings_against_a_doctor_who_becomes_unavailable(
    clinic: Clinic, admin: Actor, runtimes: list[Runtime]
) -> None:
    def set_available(house: Runtime, is_available: bool) -> set[UUID]:
        command = EditDoctor(doctor_id=clinic.doctor.id, changes={"is_available": is_available})
        stopped = house.transact(admin, doctors.update, command).unavailability
        return set(stopped.affected_appointment_ids) if stopped else set()

    for day in days():
        running, met = race(clinic, runtimes, day, lambda house, _day: set_available(house, False))
        assert met == set(running.booked)
        assert running.refused <= REFUSALS
        assert clinic.refused(clinic.another(), day, MORNING[-1]) is Code.DOCTOR_UNAVAILABLE
        set_available(clinic.runtime, True)
    assert {row.status for row in clinic.rows(Appointment)} == {Status.CANCELLED}
    no_live_visit_without_an_open_slot(clinic, set())


def test_bookings_against_a_new_week(clinic: Clinic, admin: Actor, runtimes: list[Runtime]) -> None:
    late = [WeeklyBlock(day, time(10, 15), time(13)) for day in DayOfWeek]
    usual = [WeeklyBlock(day, time(9), time(13)) for day in DayOfWeek]

    def shorten(house: Runtime, day: date) -> set[UUID]:
        change = house.transact(admin, schedules.replace, ReplaceSchedules(clinic.doctor.id, late))
        return {visit.appointment_id for visit in change.affected if visit.day == day}

    kept: set[UUID] = set()
    for day in days():
        running, met = race(clinic, runtimes, day, shorten)
        early = {row.id for row in visits_of(clinic, day).values() if row.start_time < time(10, 15)}
        assert met == early
        assert running.refused <= REFUSALS
        kept |= met
        no_live_visit_without_an_open_slot(clinic, kept)
        clinic.runtime.transact(admin, schedules.replace, ReplaceSchedules(clinic.doctor.id, usual))
    assert told(clinic, "Schedule Change Notification") == sorted(map(str, kept))


def test_bookings_against_a_new_holiday(clinic: Clinic, admin: Actor, runtimes: list[Runtime]) -> None:
    def close(house: Runtime, day: date) -> set[UUID]:
        change = house.transact(admin, holidays.add, AddHoliday(name="Flood", day=day))
        return {visit.appointment_id for visit in change.affected}

    kept: set[UUID] = set()
    for day in days():
        running, met = race(clinic, runtimes, day, close)
        assert met == set(running.booked) == set(visits_of(clinic, day))
        assert running.refused <= REFUSALS | {Code.HOSPITAL_HOLIDAY}
        assert clinic.refused(clinic.another(), day, MORNING[-1]) is Code.HOSPITAL_HOLIDAY
        kept |= met
    assert {row.status for row in clinic.rows(Appointment)} == {Status.SCHEDULED}
    assert {row.id for row in clinic.rows(DoctorSlot)} == {row.slot_id for row in clinic.rows(Appointment)}
    assert told(clinic, "Appointment Affected by Holiday") == sorted(map(str, kept))


def test_bookings_against_a_day_that_is_laid_anew_and_filled(
    clinic: Clinic, admin: Actor, runtimes: list[Runtime]
) -> None:
    minutes = iter([20, 45, 15, 30])

    def lay(house: Runtime, day: date) -> set[UUID]:
        house.transact(
            admin, doctors.update, EditDoctor(doctor_id=clinic.doctor.id, changes={"slot_duration": next(minutes)})
        )
        house.transact(admin, slots.ensure_day, clinic.doctor.id, day)
        house.transact(admin, slots.regenerate, clinic.doctor.id)
        return set()

    for day in days():
        running, _ = race(clinic, runtimes, day, lay)
        assert set(running.booked) == set(visits_of(clinic, day))
        assert running.refused <= REFUSALS | {Code.DURING_BREAK}
        no_live_visit_without_an_open_slot(clinic, set())
        present = sorted((row.starts_at, row.ends_at) for row in clinic.rows(DoctorSlot) if row.slot_date == day)
        assert all(one[1] <= other[0] for one, other in pairwise(present))


def test_four_processes_book_while_an_emergency_comes(
    clinic: Clinic, admin: Actor, runtime: Runtime, settings: Settings
) -> None:
    runtime.transact(Actor.system(clinic.hospital.id), slots.fill_horizon, [clinic.doctor.id])
    clients = [
        Client(actor, actor.patient_id or UUID(int=0), clinic.doctor.id, day, start)
        for day in days()
        for start in MORNING
        for actor in [actor_of(clinic.patient) if start == MORNING[0] else clinic.another()]
    ]
    random.shuffle(clients)
    command = CreateAbsence(
        doctor_id=clinic.doctor.id, absence_type=AbsenceType.EMERGENCY, first=days()[0], last=days()[-1]
    )

    def intrude() -> int:
        end = monotonic() + 30
        while monotonic() < end and not runtime.read(_booked):
            sleep(0.001)
        return len(runtime.transact(admin, absences.create, command).cancelled)

    with Bookers(processes=4, threads=4) as bookers, ThreadPoolExecutor(1) as pool:
        emergency = pool.submit(intrude)
        outcomes = bookers.race(settings.effective_database_url, runtime.clocks.hospital.now(), clients)
        cancelled = emergency.result(60)
    assert outcomes.count(BOOKED) == cancelled > 0
    assert set(outcomes) <= {BOOKED, *(code.value for code in REFUSALS)}
    assert {row.status for row in clinic.rows(Appointment)} == {Status.CANCELLED}
    assert len(told(clinic, "Appointment Cancelled - Doctor Emergency")) == cancelled


def _booked(session: object) -> int:
    count: int = session.scalar(select(func.count()).select_from(Appointment))  # type: ignore[attr-defined]
    return count
