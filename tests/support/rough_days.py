"""Random days at a small clinic, the same in every hospital that they are played in: smoothly, roughly, or by the gate.

A plan holds who is booked and what people do, all from one seed. What goes wrong with the automation (outages, checks
that die, that run twice, or by a clock that is wrong) is the player's, and must not show in the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import no_show_due
from hms.domain.no_shows import NoShowReason
from hms.domain.vitals import Measured
from hms.models import (
    Appointment,
    Consultation,
    Doctor,
    DoctorSlot,
    Hospital,
    NoShowLog,
    NoShowPenalty,
    Patient,
    new_id,
)
from hms.models.bulk import insert_rows
from hms.runtime import Runtime
from hms.services import attendance, bookings, consultations, forgiveness, no_shows, vitals
from hms.services.attendance import Attend
from hms.services.bookings import Cancel
from hms.services.consultations import Edit, Start
from hms.services.forgiveness import Excuse, Forgive
from hms.services.no_shows import LateArrival, MarkNoShow
from hms.services.vitals import Record
from tests.support.factories import LONG_AGO, actor_of, admin_of, make_doctor, make_hospital, reception_of
from tests.support.visits import rows

MINUTE = timedelta(minutes=1)
OPENS, HOURS = time(0, 30), (time(0), time(8))
LAST_START, EVENING = 240, 600
DAYS = (
    (ZoneInfo("Asia/Kolkata"), date(2026, 1, 22)),
    (ZoneInfo("Europe/Berlin"), date(2026, 3, 29)),  # 02:00 becomes 03:00
    (ZoneInfo("Europe/Berlin"), date(2026, 10, 25)),  # 03:00 becomes 02:00
)
SIZES = (15, 30)
REGULARS, OTHERS = 5, 2


class Do(StrEnum):
    """What people do about a visit."""

    CHECK_IN = "check in"
    MEASURE = "measure"
    START = "start"
    COMPLETE = "complete"
    CANCEL = "cancel"
    CALLED = "the patient called"
    MARK = "mark by hand"
    ARRIVE_LATE = "arrive late"
    WAIVE = "waive"
    REINSTATE = "reinstate"
    JUSTIFY = "justify"
    UNJUSTIFY = "unjustify"


EVENINGS: tuple[tuple[Do, ...], ...] = (
    (),
    (),
    (Do.ARRIVE_LATE,),
    (Do.WAIVE,),
    (Do.WAIVE, Do.REINSTATE),
    (Do.JUSTIFY,),
    (Do.JUSTIFY, Do.UNJUSTIFY),
    (Do.WAIVE, Do.JUSTIFY, Do.REINSTATE),
    (Do.WAIVE, Do.WAIVE, Do.JUSTIFY, Do.UNJUSTIFY, Do.ARRIVE_LATE),
)


@dataclass(frozen=True)
class Planned:
    """One visit, in minutes since opening. ``deeds``: (minute, what), before it is due; then the evening's."""

    number: int
    doctor: int
    patient: int
    start: int
    size: int
    booked: int
    deeds: tuple[tuple[int, Do], ...]
    evening: tuple[Do, ...]

    @property
    def due(self) -> int:
        """When it counts as missed."""
        return max(self.start, self.booked) + self.size


@dataclass(frozen=True)
class Plan:
    """A day."""

    seed: int
    zone: ZoneInfo
    day: date
    visits: tuple[Planned, ...]

    @property
    def opens(self) -> datetime:
        """The instant from which minutes count."""
        return datetime.combine(self.day, OPENS, self.zone)

    def at(self, minute: int) -> datetime:
        """Return the instant of a minute; they pass evenly, whatever the clocks on the wall do."""
        return datetime.fromtimestamp(self.opens.timestamp() + 60 * minute, tz=self.zone)

    def is_slot(self, start: int, size: int) -> bool:
        """Tell whether the clocks on the wall count such minutes as they pass, so that it may be a slot."""
        starts, ends = (self.at(minute).replace(tzinfo=None) for minute in (start, start + size))
        return ends - starts == size * MINUTE and not self.at(start).fold

    @property
    def session_end(self) -> int:
        """The minute in which the doctors' hours end."""
        ends = datetime.combine(self.day, HOURS[1], self.zone)
        return round((ends.timestamp() - self.opens.timestamp()) / 60)

    def deeds(self) -> list[tuple[int, Planned, Do]]:
        """Return all that people do before the evening, in the order of time."""
        found = [(minute, visit, do) for visit in self.visits for minute, do in visit.deeds]
        return sorted(found, key=lambda deed: (deed[0], deed[1].number))


def plan(seed: int) -> Plan:
    """Make a day. Who is marked by hand or cancels misses nothing else, so no order of marks depends on the checks."""
    chance = Random(seed)
    zone, day = DAYS[seed % len(DAYS)]
    empty = Plan(seed, zone, day, ())
    visits: list[Planned] = []
    for doctor, size in enumerate(SIZES):
        for start in range(0, LAST_START, size):
            by_hand = chance.random() < 0.2
            patient = REGULARS + chance.randrange(OTHERS) if by_hand else chance.randrange(REGULARS)
            taken = any(v.patient == patient and v.start < start + size and start < v.start + v.size for v in visits)
            if taken or not empty.is_slot(start, size) or chance.random() < 0.6:
                continue
            booked = start + chance.randint(1, size) if chance.random() < 0.15 else -1440
            first, due = max(start, booked), max(start, booked) + size
            deeds = _by_hand(chance, start, first, due) if by_hand else _regular(chance, first, due)
            visits.append(Planned(len(visits), doctor, patient, start, size, booked, deeds, chance.choice(EVENINGS)))
    return Plan(seed, zone, day, tuple(visits))


def _by_hand(chance: Random, start: int, first: int, due: int) -> tuple[tuple[int, Do], ...]:
    do = chance.choice((Do.CANCEL, Do.CALLED, Do.MARK))
    since = first if do is Do.MARK or first > start else start - 25
    return ((chance.randint(since, due - 1), do),)


def _regular(chance: Random, first: int, due: int) -> tuple[tuple[int, Do], ...]:
    if chance.random() < 0.5:
        return ()
    came = chance.randint(first - 20 if first < due - 30 else first, due - 1)
    steps = (Do.CHECK_IN, Do.MEASURE, Do.START, Do.COMPLETE)[: chance.randint(1, 4)]
    return tuple((came + 7 * step, do) for step, do in enumerate(steps))


@dataclass
class Player:
    """One hospital in which a plan is played."""

    runtime: Runtime
    clock: FixedClock
    plan: Plan
    code: str
    policy: dict[str, Any] = field(default_factory=dict)
    hospital: Hospital = field(init=False)
    doctors: list[Doctor] = field(init=False)
    ids: list[UUID] = field(init=False)

    def __post_init__(self) -> None:
        self.hospital = make_hospital(self.runtime, code=self.code, timezone=self.plan.zone.key, **self.policy)
        self.reception = reception_of(self.runtime, self.hospital)
        self.admin = admin_of(self.runtime, self.hospital)
        self.doctors = [
            make_doctor(self.runtime, self.hospital, slot_duration=size, hours=HOURS, pause=None) for size in SIZES
        ]
        patients = [self._patient(number) for number in range(REGULARS + OTHERS)]
        self.ids = [new_id() for _ in self.plan.visits]
        slots, visits = [], []
        for visit, row_id in zip(self.plan.visits, self.ids, strict=True):
            slot, appointment = self._rows(visit, row_id, patients[visit.patient]["id"])
            slots.append(slot)
            visits.append(appointment)
        with self.runtime.database.writing() as session:
            insert_rows(session, Patient, patients)
            insert_rows(session, DoctorSlot, slots)
            insert_rows(session, Appointment, visits)

    @property
    def system(self) -> Actor:
        """The automation."""
        return Actor.system(self.hospital.id)

    def at(self, minute: int) -> None:
        """Move the clock."""
        self.clock.move_to(self.plan.at(minute))

    def do(self, visit: Planned, do: Do) -> None:
        """Let somebody do something about a visit."""
        service, command, actor = self._deed(visit, do)
        self.runtime.transact(actor, service, command)

    def _deed(self, visit: Planned, do: Do) -> tuple[Any, Any, Actor]:
        v, doctor = self.ids[visit.number], actor_of(self.doctors[visit.doctor])
        if do in _OF_VISITS:
            service, command, by_doctor = _OF_VISITS[do]
            return service, command(v), doctor if by_doctor else self.reception
        if do is Do.COMPLETE:
            found = self.runtime.read(_open_consultation, v)
            notes = Edit(found, chief_complaint="Cough", diagnosis=({"text": "Bronchitis"},))
            return consultations.complete, notes, doctor
        if do in {Do.WAIVE, Do.REINSTATE}:
            [penalty] = rows(self.runtime, NoShowPenalty, NoShowPenalty.appointment_id == v)
            return getattr(forgiveness, do.value), Forgive(penalty.id, "Snow"), self.admin
        [log] = rows(self.runtime, NoShowLog, NoShowLog.appointment_id == v)
        return getattr(forgiveness, do.value), Excuse(log.id, "Snow"), self.admin

    def _patient(self, number: int) -> dict[str, Any]:
        return {
            "id": new_id(),
            "hospital_id": self.hospital.id,
            "mrn": f"{self.code}-P{number}",
            "first_name": "Roy",
            "last_name": f"P{number}",
            "phone": f"+4400{number}",
            "email": f"p{number}@example.org" if number % 2 else None,
            "search_text": f"p{number}",
            "created_at": LONG_AGO,
        }

    def _rows(self, visit: Planned, row_id: UUID, patient_id: UUID) -> tuple[dict[str, Any], dict[str, Any]]:
        starts, ends = self.plan.at(visit.start), self.plan.at(visit.start + visit.size)
        booked = self.plan.at(visit.booked)
        common = {
            "hospital_id": self.hospital.id,
            "doctor_id": self.doctors[visit.doctor].id,
            "start_time": starts.time(),
            "end_time": ends.time(),
            "starts_at": starts,
            "ends_at": ends,
        }
        slot = common | {"id": new_id(), "slot_date": self.plan.day}
        appointment = common | {
            "id": row_id,
            "patient_id": patient_id,
            "slot_id": slot["id"],
            "appointment_date": self.plan.day,
            "duration_minutes": visit.size,
            "booked_at": booked,
            "no_show_due_at": no_show_due(starts, booked, visit.size * MINUTE),
            "updated_at": booked,
        }
        return slot, appointment


def _open_consultation(session: Any, appointment_id: UUID) -> UUID:
    found: UUID = session.scalars(select(Consultation.id).where(Consultation.appointment_id == appointment_id)).one()
    return found


_OF_VISITS: dict[Do, tuple[Any, Any, bool]] = {
    Do.CHECK_IN: (attendance.check_in, Attend, False),
    Do.MEASURE: (vitals.record, lambda v: Record(v, Measured(heart_rate=70)), True),
    Do.START: (consultations.start, Start, True),
    Do.CANCEL: (bookings.cancel, lambda v: Cancel(appointment_id=v), False),
    Do.CALLED: (no_shows.mark, lambda v: MarkNoShow(v, NoShowReason.PATIENT_CALLED), False),
    Do.MARK: (no_shows.mark, MarkNoShow, False),
    Do.ARRIVE_LATE: (no_shows.late_arrival, LateArrival, False),
}


def up_minutes(outages: Sequence[tuple[int, int]]) -> set[int]:
    """Return the minutes in which HMS runs, until the evening."""
    return {minute for minute in range(EVENING) if not any(down <= minute < up for down, up in outages)}
