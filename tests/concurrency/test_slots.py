"""Calendars are filled and laid anew while others fill, lay and book."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import time, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from hms.access.actors import Actor
from hms.domain.errors import DomainError
from hms.models import Appointment, Doctor, DoctorSlot
from hms.runtime import Runtime
from hms.services import bookings, slots
from hms.services.bookings import Book
from hms.services.calendars import lock_doctor
from hms.settings import Settings
from hms.transaction import Work
from tests.support.calendars import FRIDAY, TODAY, Clinic
from tests.support.factories import actor_of, admin_of, make_doctor
from tests.support.filler import fill_in_process, meet_at
from tests.support.forks import FORKS
from tests.support.races import at_once, houses_on

RACERS = 4


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


@pytest.fixture
def runtimes(runtime: Runtime) -> Iterator[list[Runtime]]:
    """Give four houses on one database, as four processes have them."""
    with houses_on(runtime, RACERS) as houses:
        yield houses


def in_each(houses: list[Runtime], act: Callable[[Runtime], Any]) -> list[Any]:
    """Act in all houses at the same moment."""
    return at_once([partial(act, house) for house in houses])


def test_four_generations_at_once_make_no_duplicates(clinic: Clinic, runtimes: list[Runtime]) -> None:
    doctors = [clinic.doctor.id, make_doctor(clinic.runtime, clinic.hospital, slot_duration=45).id]
    system = Actor.system(clinic.hospital.id)
    in_each(runtimes, lambda house: house.transact(system, slots.fill_horizon, doctors))
    rows = clinic.rows(DoctorSlot)
    assert len(rows) == len({(row.doctor_id, row.starts_at) for row in rows}) == 31 * (14 + 9)


def test_four_processes_that_fill_at_once_make_no_duplicates(
    clinic: Clinic, settings: Settings, runtime: Runtime
) -> None:
    doctors = [clinic.doctor.id, *(make_doctor(runtime, clinic.hospital, slot_duration=20).id for _ in range(3))]
    url, now = settings.effective_database_url, runtime.clocks.hospital.now()
    barrier = FORKS.Barrier(RACERS)
    with FORKS.Pool(RACERS, meet_at, (barrier,)) as pool:
        shares = [(url, now, clinic.hospital.id, doctors) for _ in range(RACERS)]
        created = pool.starmap_async(fill_in_process, shares, chunksize=1).get(60)
    rows = clinic.rows(DoctorSlot)
    assert len(rows) == len({(row.doctor_id, row.starts_at) for row in rows}) == 31 * (14 + 3 * 21)
    assert sum(created) >= len(rows)


def test_calendar_laid_anew_by_many_while_others_look_is_of_one_grid(clinic: Clinic, runtimes: list[Runtime]) -> None:
    admin = admin_of(clinic.runtime, clinic.hospital)
    clinic.runtime.transact(admin, slots.fill_horizon, [clinic.doctor.id])

    def shorten(work: Work, minutes: int) -> None:
        lock_doctor(work, clinic.doctor.id, exclusive=True).slot_duration = minutes
        work.session.flush()
        slots.regenerate(work, clinic.doctor.id)

    def act(house: Runtime) -> None:
        for minutes in (20, 15, 30):
            house.transact(admin, shorten, minutes)
            house.transact(admin, slots.ensure_days, clinic.doctor.id, TODAY, TODAY + timedelta(days=30))

    in_each(runtimes, act)
    with clinic.runtime.reading() as session:
        length = session.get_one(Doctor, clinic.doctor.id).slot_duration
    lengths = {(row.ends_at - row.starts_at) for row in clinic.rows(DoctorSlot)}
    assert lengths == {timedelta(minutes=length)}


def test_bookings_and_a_new_grid_at_once_leave_no_live_visit_without_its_slot(
    clinic: Clinic, runtimes: list[Runtime]
) -> None:
    doctor = actor_of(clinic.doctor)
    clinic.runtime.transact(doctor, slots.ensure_day, clinic.doctor.id, FRIDAY)
    patients = {id(house): clinic.another() for house in runtimes}
    starts = [time(9), time(9, 20), time(9, 30), time(9, 40), time(10)]

    def act(house: Runtime) -> None:
        for number, start in enumerate(starts):
            if house is runtimes[0]:
                house.transact(doctor, lay, 20 if number % 2 else 30)
                continue
            try:
                house.transact(
                    patients[id(house)], bookings.book, Book(doctor_id=clinic.doctor.id, day=FRIDAY, start=start)
                )
            except DomainError:
                continue

    def lay(work: Work, minutes: int) -> None:
        lock_doctor(work, clinic.doctor.id, exclusive=True).slot_duration = minutes
        work.session.flush()
        slots.regenerate(work, clinic.doctor.id)

    in_each(runtimes, act)
    visits = clinic.rows(Appointment)
    assert visits
    statement = select(DoctorSlot).where(DoctorSlot.slot_date == FRIDAY).order_by(DoctorSlot.starts_at)
    with clinic.runtime.reading() as session:
        present = {slot.id: slot for slot in session.scalars(statement)}
    assert all(visit.starts_at == present[visit.slot_id].starts_at for visit in visits)
    assert all(one.ends_at <= other.starts_at for one, other in pairwise(present.values()))
