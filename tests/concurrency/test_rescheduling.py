"""Visits move while others book, cancel and move: never two live visits, never none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import time
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.domain.appointments import LIVE, Status
from hms.domain.errors import Code
from hms.models import Appointment, AppointmentEvent, DoctorDay
from hms.queries.appointments import AppointmentRow
from hms.runtime import Runtime
from hms.services import bookings, rescheduling
from hms.services.bookings import Book, Cancel
from hms.services.rescheduling import Reschedule
from tests.support.calendars import FRIDAY, TODAY, Clinic
from tests.support.factories import actor_of, make_doctor
from tests.support.races import at_once, houses_on

TIMES = [time(9 + n // 2, 30 * (n % 2)) for n in range(8)]


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


@pytest.fixture
def runtimes(runtime: Runtime) -> Iterator[list[Runtime]]:
    with houses_on(runtime, 4) as houses:
        yield houses


def moving(house: Runtime, actor: Actor, visit: UUID, **wanted: Any) -> Callable[[], Any]:
    return partial(house.transact, actor, rescheduling.reschedule, Reschedule(appointment_id=visit, **wanted))


def live(clinic: Clinic) -> list[Appointment]:
    return [row for row in clinic.rows(Appointment) if row.status in LIVE]


def assert_sound(clinic: Clinic) -> None:
    """One visit a slot, none overlapping, the day's counters as the rows, the last event as the state."""
    rows = live(clinic)
    slots = [row.slot_id for row in rows]
    assert None not in slots
    assert len(slots) == len(set(slots))
    for doctor in {row.doctor_id for row in rows}:
        spans = sorted((row.starts_at, row.ends_at) for row in rows if row.doctor_id == doctor)
        assert all(one[1] <= other[0] for one, other in pairwise(spans))
    counted = {(row.doctor_id, row.day): row.booked for row in clinic.rows(DoctorDay) if row.booked}
    found: dict[tuple[UUID, Any], int] = {}
    for row in rows:
        key = (row.doctor_id, row.appointment_date)
        found[key] = found.get(key, 0) + 1
    assert counted == found
    last = {row.appointment_id: row.to_status for row in sorted(clinic.rows(AppointmentEvent), key=lambda e: e.seq)}
    assert last == {row.id: row.status for row in clinic.rows(Appointment)}


def test_one_visit_moved_by_four_at_once_is_at_one_time(clinic: Clinic, runtimes: list[Runtime]) -> None:
    visit = clinic.book()
    me = actor_of(clinic.patient)
    moves = [moving(house, me, visit, start=TIMES[n + 1], version=1) for n, house in enumerate(runtimes)]
    got = at_once(moves)
    assert sorted(str(one) for one in got if one is Code.STALE_VERSION) == [str(Code.STALE_VERSION)] * 3
    [winner] = [one for one in got if isinstance(one, AppointmentRow)]
    [row] = live(clinic)
    assert (row.start_time, row.version) == (winner.start_time, 2)
    assert_sound(clinic)


def test_four_visits_that_want_one_time_get_it_once(clinic: Clinic, runtimes: list[Runtime]) -> None:
    patients = [clinic.another() for _ in runtimes]
    visits = [clinic.book(patient, start=TIMES[n]) for n, patient in enumerate(patients)]
    got = at_once(
        [moving(*each, start=TIMES[7]) for each in zip(runtimes, patients, visits, strict=True)],
    )
    assert sum(isinstance(one, AppointmentRow) for one in got) == 1
    assert got.count(Code.SLOT_TAKEN) == 3
    assert len(live(clinic)) == 4
    assert_sound(clinic)


def test_visits_that_change_days_and_doctors_crosswise(clinic: Clinic, runtimes: list[Runtime]) -> None:
    """Nobody waits for ever, and every visit is where its last move put it."""
    other = make_doctor(clinic.runtime, clinic.hospital)
    doctors = [clinic.doctor.id, other.id]
    patients = [clinic.another() for _ in runtimes]
    visits = [
        clinic.book(patient, start=TIMES[n], doctor_id=doctors[n % 2], day=(TODAY, FRIDAY)[n // 2])
        for n, patient in enumerate(patients)
    ]

    def wander(house: Runtime, patient: Actor, visit: UUID, number: int) -> AppointmentRow | None:
        row = None
        for step in range(6):
            wanted = {"doctor_id": doctors[(number + step) % 2], "day": (FRIDAY, TODAY)[step % 2]}
            row = moving(house, patient, visit, start=TIMES[number], **wanted)()
        return row

    acts = [partial(wander, *each, n) for n, each in enumerate(zip(runtimes, patients, visits, strict=True))]
    got = at_once(acts)
    assert [(row.id, row.date, row.start_time) for row in got] == [
        (visit, TODAY, TIMES[n]) for n, visit in enumerate(visits)
    ]
    assert len(live(clinic)) == 4
    assert_sound(clinic)


def test_a_move_a_cancellation_and_another_booking_at_once(clinic: Clinic, runtimes: list[Runtime]) -> None:
    me, desk, neighbour = actor_of(clinic.patient), clinic.reception, clinic.another()
    for round_ in range(4):
        visit = clinic.book(start=TIMES[2 * round_])
        free = TIMES[2 * round_ + 1]
        wish = Book(doctor_id=clinic.doctor.id, day=FRIDAY, start=free)
        moved, cancelled, booked = at_once(
            [
                moving(runtimes[0], me, visit, start=free),
                partial(runtimes[1].transact, desk, bookings.cancel, Cancel(appointment_id=visit)),
                partial(runtimes[2].transact, neighbour, bookings.book, wish),
            ]
        )
        [row] = [row for row in clinic.rows(Appointment) if row.id == visit]
        assert row.status is Status.CANCELLED
        assert cancelled is None
        assert isinstance(moved, AppointmentRow) or moved in {Code.INVALID_TRANSITION, Code.SLOT_TAKEN}
        assert isinstance(booked, AppointmentRow) or booked is Code.SLOT_TAKEN
        assert_sound(clinic)
