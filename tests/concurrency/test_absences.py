"""Absences race each other, and an emergency races the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import time, timedelta
from functools import partial
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.domain.absences import AbsenceType
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.models import Appointment, DoctorAbsence, DoctorSlot, Notification
from hms.runtime import Runtime
from hms.services import absences, attendance, bookings, rescheduling
from hms.services.absences import AbsenceChange, CancelAbsence, CreateAbsence
from hms.services.attendance import Attend
from hms.services.bookings import Cancel
from hms.services.rescheduling import Reschedule
from tests.support.calendars import FRIDAY, TODAY, Clinic
from tests.support.factories import admin_of
from tests.support.races import at_once, houses_on

RACERS = 4
HALF_HOURS = [time(9 + n // 2, 30 * (n % 2)) for n in range(8)]


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


@pytest.fixture
def admin(clinic: Clinic) -> Actor:
    return admin_of(clinic.runtime, clinic.hospital)


@pytest.fixture
def runtimes(runtime: Runtime) -> Iterator[list[Runtime]]:
    with houses_on(runtime, RACERS) as houses:
        yield houses


def emergency(clinic: Clinic, day: Any = FRIDAY) -> CreateAbsence:
    return CreateAbsence(doctor_id=clinic.doctor.id, absence_type=AbsenceType.EMERGENCY, first=day, last=day)


def told(clinic: Clinic) -> list[Notification]:
    return [row for row in clinic.rows(Notification) if row.title == "Appointment Cancelled - Doctor Emergency"]


def test_one_of_four_equal_absences_comes_about(clinic: Clinic, admin: Actor, runtimes: list[Runtime]) -> None:
    for start in HALF_HOURS:
        clinic.book(clinic.another(), start=start)
    command = emergency(clinic)
    outcomes = at_once([partial(house.transact, admin, absences.create, command) for house in runtimes])
    refused = [outcome for outcome in outcomes if isinstance(outcome, Code)]
    assert refused == [Code.ABSENCE_OVERLAP] * (RACERS - 1)
    assert len(clinic.rows(DoctorAbsence)) == 1
    assert len(told(clinic)) == len(HALF_HOURS)


def test_an_absence_called_off_by_many_at_once(clinic: Clinic, admin: Actor, runtimes: list[Runtime]) -> None:
    absence = clinic.runtime.transact(admin, absences.create, emergency(clinic)).absence
    command = CancelAbsence(doctor_id=clinic.doctor.id, absence_id=absence.id)
    changes = at_once([partial(house.transact, admin, absences.cancel, command) for house in runtimes])
    assert sorted(change.slots_unblocked for change in changes) == [0, 0, 0, 14]
    assert not any(row.is_blocked for row in clinic.rows(DoctorSlot))
    assert [row.version for row in clinic.rows(DoctorAbsence)] == [2]


def test_an_emergency_and_the_desk_at_once(clinic: Clinic, admin: Actor, runtimes: list[Runtime]) -> None:
    """Who has checked in is cancelled with the others, who was cancelled at the desk is told that alone."""
    visits: list[UUID] = [clinic.book(clinic.another(), day=TODAY, start=start) for start in HALF_HOURS]
    arrive, leave = visits[::2], visits[1::2]

    def check_in() -> list[Code | None]:
        return [_refusal(runtimes[1], clinic.reception, attendance.check_in, Attend(visit)) for visit in arrive]

    def call_off() -> list[Code | None]:
        return [
            _refusal(runtimes[2], clinic.reception, bookings.cancel, Cancel(appointment_id=visit)) for visit in leave
        ]

    change, arrived, left = at_once(
        [lambda: runtimes[0].transact(admin, absences.create, emergency(clinic, TODAY)), check_in, call_off]
    )
    assert {row.status for row in clinic.rows(Appointment)} == {Status.CANCELLED}
    assert set(arrived) | set(left) <= {None, Code.INVALID_TRANSITION}
    cancelled = {visit.appointment_id for visit in change.cancelled}
    assert cancelled == set(visits) - {visit for visit, refusal in zip(leave, left, strict=True) if refusal is None}
    by_emergency = {row.notification_metadata["appointmentId"] for row in told(clinic)}
    assert by_emergency == {str(visit) for visit in cancelled}


def test_an_emergency_and_visits_that_move_into_it(clinic: Clinic, admin: Actor, runtimes: list[Runtime]) -> None:
    saturday = FRIDAY + timedelta(days=1)
    visits: list[UUID] = [clinic.book(clinic.another(), day=saturday, start=start) for start in HALF_HOURS]

    def move(house: Runtime, mine: list[UUID]) -> list[Code | None]:
        commands = [Reschedule(appointment_id=visit, day=FRIDAY) for visit in mine]
        return [_refusal(house, clinic.reception, rescheduling.reschedule, command) for command in commands]

    def strike() -> AbsenceChange:
        end = monotonic() + 30
        while monotonic() < end and all(row.appointment_date == saturday for row in clinic.rows(Appointment)):
            sleep(0.001)
        return runtimes[0].transact(admin, absences.create, emergency(clinic))

    movers = [partial(move, house, visits[number::2]) for number, house in enumerate(runtimes[1:3])]
    change, *outcomes = at_once([strike, *movers])
    assert {code for codes in outcomes for code in codes} <= {None, Code.DOCTOR_ABSENT}
    cancelled = {visit.appointment_id for visit in change.cancelled}
    assert cancelled
    assert {row.id for row in clinic.rows(Appointment) if row.appointment_date == FRIDAY} == cancelled
    assert {row.id for row in clinic.rows(Appointment) if row.status is Status.CANCELLED} == cancelled


def _refusal(house: Runtime, actor: Actor, service: Callable[..., Any], command: object) -> Code | None:
    try:
        house.transact(actor, service, command)
    except DomainError as error:
        return error.code
    return None
