"""Absences, blocks, grids and bookings in any order: a slot is blocked exactly while something blocks it."""

from __future__ import annotations

import random
from datetime import time, timedelta
from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.domain.absences import AbsenceStatus, AbsenceType, Leave
from hms.domain.appointments import LIVE
from hms.domain.errors import DomainError
from hms.domain.intervals import Span
from hms.models import Appointment, DoctorAbsence, DoctorSlot, Notification
from hms.runtime import Runtime
from hms.services import absences, bookings, doctors, slots
from hms.services.absences import CancelAbsence, CreateAbsence, UpdateAbsence
from hms.services.bookings import Book, Cancel
from hms.services.doctors import EditDoctor
from hms.services.slots import BlockSlot
from tests.support.calendars import TODAY, Clinic
from tests.support.factories import admin_of

DAYS = 4


class Chance:
    """A clinic to which one thing after the other happens, by the dice of one seed."""

    def __init__(self, runtime: Runtime, seed: int) -> None:
        self.dice = random.Random(seed)
        self.clinic = Clinic(runtime)
        self.admin: Actor = admin_of(runtime, self.clinic.hospital)
        self.patients = [self.clinic.another() for _ in range(3)]
        self.deeds = [self.leave, self.leave, self.change, self.cancel, self.book, self.book, self.call_off]
        self.deeds += [self.block, self.lay_anew]

    @property
    def doctor_id(self) -> UUID:
        return self.clinic.doctor.id

    def transact(self, service: object, command: object, actor: Actor | None = None) -> None:
        self.clinic.runtime.transact(actor or self.admin, service, command)  # type: ignore[arg-type]

    def span(self) -> dict[str, object]:
        first = TODAY + timedelta(days=self.dice.randrange(1, DAYS))
        if self.dice.random() < 0.5:
            last = first + timedelta(days=self.dice.randrange(2))
            return {"start_date": first, "end_date": last, "is_full_day": True, "start_time": None, "end_time": None}
        start, minutes = self.dice.randrange(9, 16), self.dice.choice((10, 30, 45))
        end = time(start + (15 + minutes) // 60, (15 + minutes) % 60)
        return {
            "start_date": first,
            "end_date": first,
            "is_full_day": False,
            "start_time": time(start, 15),
            "end_time": end,
        }

    def some(self, model: type[DoctorAbsence | DoctorSlot | Appointment]) -> UUID:
        rows = [row.id for row in self.clinic.rows(model)]
        return self.dice.choice(rows) if rows else UUID(int=0)

    def leave(self) -> None:
        span = self.span()
        names = {"first": "start_date", "last": "end_date", "start": "start_time", "end": "end_time"}
        values = {name: span[key] for name, key in names.items()} | {"is_full_day": span["is_full_day"]}
        kind = self.dice.choice((AbsenceType.EMERGENCY, AbsenceType.TRAINING, AbsenceType.OTHER))
        self.transact(absences.create, CreateAbsence(doctor_id=self.doctor_id, absence_type=kind, **values))  # type: ignore[arg-type]

    def change(self) -> None:
        wanted = self.span() if self.dice.random() < 0.7 else {"absence_type": self.dice.choice(list(AbsenceType))}
        absence_id = self.some(DoctorAbsence)
        self.transact(absences.update, UpdateAbsence(doctor_id=self.doctor_id, absence_id=absence_id, changes=wanted))

    def cancel(self) -> None:
        self.transact(absences.cancel, CancelAbsence(doctor_id=self.doctor_id, absence_id=self.some(DoctorAbsence)))

    def book(self) -> None:
        day = TODAY + timedelta(days=self.dice.randrange(1, DAYS))
        start = time(self.dice.randrange(9, 17), self.dice.choice((0, 20, 30, 40)))
        self.transact(
            bookings.book, Book(doctor_id=self.doctor_id, day=day, start=start), self.dice.choice(self.patients)
        )

    def call_off(self) -> None:
        self.transact(bookings.cancel, Cancel(appointment_id=self.some(Appointment)))

    def block(self) -> None:
        self.transact(slots.set_blocked, BlockSlot(self.some(DoctorSlot), blocked=self.dice.random() < 0.5, reason="x"))

    def lay_anew(self) -> None:
        minutes = self.dice.choice((20, 30))
        self.transact(doctors.update, EditDoctor(doctor_id=self.doctor_id, changes={"slot_duration": minutes}))


def leaves(clinic: Clinic) -> dict[UUID, Leave]:
    return {
        row.id: Leave(row.start_date, row.end_date, None if row.is_full_day else Span(row.start_time, row.end_time))
        for row in clinic.rows(DoctorAbsence)
        if row.status is AbsenceStatus.ACTIVE
    }


def check(clinic: Clinic) -> None:
    active = leaves(clinic)
    blocked: set[UUID] = set()
    for slot in clinic.rows(DoctorSlot):
        own = Leave(slot.slot_date, slot.slot_date, Span(slot.start_time, slot.end_time))
        covering = {absence_id for absence_id, leave in active.items() if leave.overlaps(own)}
        assert (slot.absence_id is not None) == bool(covering), (own.words, covering)
        assert slot.absence_id is None or slot.absence_id in covering
        if slot.is_blocked:
            blocked.add(slot.id)
    told = {
        row.notification_metadata["appointmentId"]
        for row in clinic.rows(Notification)
        if row.title == "Appointment Affected by Doctor Leave"
    }
    for visit in clinic.rows(Appointment):
        if visit.status in LIVE:
            assert visit.slot_id not in blocked or str(visit.id) in told


@pytest.mark.parametrize(
    ("seed", "deeds"),
    [
        (1, 60),
        *(pytest.param(seed, 300, marks=[pytest.mark.nightly, pytest.mark.timeout(600)]) for seed in range(2, 7)),
    ],
)
def test_slots_are_blocked_exactly_while_something_blocks_them(runtime: Runtime, seed: int, deeds: int) -> None:
    chance = Chance(runtime, seed)
    done: dict[str, int] = {}
    for _ in range(deeds):
        deed = chance.dice.choice(chance.deeds)
        try:
            deed()
        except DomainError:
            continue
        done[deed.__name__] = done.get(deed.__name__, 0) + 1
        check(chance.clinic)
    assert set(done) == {deed.__name__ for deed in chance.deeds}, done
