"""Books of a made-up clinic over many days, and every figure counted from them once more, in plain Python.

Nothing here knows the queries: rows are read as they are, and counted one by one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hms.domain.appointments import Status
from hms.domain.no_shows import NoShowReason
from hms.models import (
    Appointment,
    AppointmentEvent,
    AuditEntry,
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
from tests.support.factories import make_doctor, make_hospital, make_patient

STARTS = (time(1, 30), time(9), time(9, 15), time(9, 30), time(14), time(23, 30))
CAME = (Status.CHECKED_IN, Status.IN_PROGRESS, Status.COMPLETED)
OUTCOMES = (
    *[Status.COMPLETED] * 6,
    *[Status.NO_SHOW] * 3,
    *[Status.CANCELLED] * 2,
    Status.CHECKED_IN,
    Status.CONFIRMED,
)
MINUTES = 15


@dataclass
class Books:
    """One hospital with its doctors, patients and all that happened from ``first`` to ``last``."""

    runtime: Runtime
    hospital: Hospital
    first: date
    last: date
    doctors: list[Doctor] = field(default_factory=list)
    patients: list[Patient] = field(default_factory=list)
    rows: dict[type[Any], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def write(self, chance: Random) -> None:
        """Fill every doctor's days at random and store them, as an import would."""
        day = self.first
        while day <= self.last:
            some = chance.sample(self.patients, len(self.patients))  # nobody is with two doctors at once
            for place, doctor in enumerate(self.doctors):
                self._day(chance, doctor, day, some[place * len(STARTS) :][: len(STARTS)])
            day += timedelta(days=1)
        with self.runtime.database.writing() as session:
            for model in (DoctorSlot, AppointmentEvent, Appointment, NoShowLog, NoShowPenalty, AuditEntry):
                insert_rows(session, model, self.rows[model])

    def _day(self, chance: Random, doctor: Doctor, day: date, patients: list[Patient]) -> None:
        for start, patient in zip(STARTS, patients, strict=True):
            slot_id = self._slot(chance, doctor, day, start)
            if chance.random() < 0.25:
                continue
            status = chance.choice(OUTCOMES)
            released = status is Status.NO_SHOW and chance.random() < 0.4
            holds = status is not Status.CANCELLED and not released
            first = self._visit(chance, doctor, patient, day, start, status=status, holds=holds, slot_id=slot_id)
            if status is Status.NO_SHOW:
                self._mark(chance, first, released=released)
            if not holds and chance.random() < 0.5:
                other = chance.choice([one for one in self.patients if one is not patient])
                taken: dict[str, Any] = {"status": Status.COMPLETED, "holds": True, "slot_id": slot_id}
                self._visit(chance, doctor, other, day, start, **taken, again=first)

    def _slot(self, chance: Random, doctor: Doctor, day: date, start: time) -> UUID | None:
        if chance.random() < 0.15:
            return None
        row = self._times(day, start) | {"id": new_id(), "slot_date": day, "doctor_id": doctor.id}
        row |= {"hospital_id": self.hospital.id, "blocked_manually": chance.random() < 0.2}
        self.rows[DoctorSlot].append(row)
        return row["id"]  # type: ignore[no-any-return]

    def _times(self, day: date, start: time) -> dict[str, Any]:
        begins = datetime.combine(day, start, self.hospital.zone)
        starts_at = datetime.fromtimestamp(begins.timestamp(), self.hospital.zone)
        ends_at = datetime.fromtimestamp(begins.timestamp() + MINUTES * 60, self.hospital.zone)
        return {"starts_at": starts_at, "ends_at": ends_at, "start_time": start, "end_time": ends_at.time()}

    def _visit(
        self,
        chance: Random,
        doctor: Doctor,
        patient: Patient,
        day: date,
        start: time,
        *,
        status: Status,
        holds: bool,
        slot_id: UUID | None,
        again: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        times = self._times(day, start)
        starts_at = times["starts_at"]
        booked = starts_at - timedelta(hours=chance.choice((0, 5, 26, 80, 200, 400, 900)))
        cancelled_at = starts_at + timedelta(minutes=chance.choice((-600, -20, 5, 40)))
        if again is not None:
            since = again["cancelled_at"] or starts_at - timedelta(minutes=30)
            booked = since + timedelta(minutes=chance.choice((-90, 0, 1)))
        row: dict[str, Any] = times | {
            "id": new_id(),
            "hospital_id": self.hospital.id,
            "patient_id": patient.id,
            "doctor_id": doctor.id,
            "slot_id": slot_id,
            "status": status,
            "appointment_date": day,
            "duration_minutes": MINUTES,
            "booked_at": booked,
            "no_show_due_at": times["ends_at"],
            "holds_slot": holds,
            "imported": True,
            "cancelled_at": cancelled_at if status is Status.CANCELLED else None,
            "updated_at": booked,
        }
        if status in CAME and chance.random() < 0.9:
            row |= self._waits(chance, starts_at)
        self.rows[Appointment].append(row)
        event = {"hospital_id": self.hospital.id, "appointment_id": row["id"], "at": booked, "is_import": True}
        if chance.random() < 0.3:
            self.rows[AppointmentEvent].append(event | {"to_status": Status.CONFIRMED, "is_import": False})
        self.rows[AppointmentEvent].append(event | {"to_status": status})
        if chance.random() < 0.5:
            told = {"hospital_id": self.hospital.id, "at": booked, "actor_role": "SYSTEM", "entity_id": row["id"]}
            for action in chance.sample(("appointment.reminded", "appointment.booked"), chance.choice((1, 2))):
                self.rows[AuditEntry].append(told | {"action": action, "entity": "appointment"})
        return row

    @staticmethod
    def _waits(chance: Random, starts_at: datetime) -> dict[str, Any]:
        # Seconds are reckoned in UTC: the hands of the clock may jump meanwhile.
        came = starts_at.timestamp() + chance.randrange(-1800, 1800)
        measured = came + chance.randrange(0, 2400)
        began = measured + chance.randrange(-300, 4000)
        zone = starts_at.tzinfo
        return {
            "checked_in_at": datetime.fromtimestamp(came, zone),
            "vitals_recorded_at": datetime.fromtimestamp(measured, zone) if chance.random() < 0.8 else None,
            "started_at": datetime.fromtimestamp(began, zone) if chance.random() < 0.8 else None,
        }

    def _mark(self, chance: Random, visit: dict[str, Any], *, released: bool) -> None:
        at = visit["starts_at"] - timedelta(minutes=30) if released else visit["ends_at"]
        common = {key: visit[key] for key in ("hospital_id", "patient_id")} | {"appointment_id": visit["id"]}
        log = common | {
            "doctor_id": visit["doctor_id"],
            "reason": chance.choice(tuple(NoShowReason)),
            "slot_time": visit["start_time"],
            "timeout_minutes": MINUTES,
            "triggered_at": at,
            "slot_released": released,
            "slot_released_at": at if released else None,
            "justified": chance.random() < 0.2,
        }
        self.rows[NoShowLog].append(log)
        if chance.random() < 0.9:
            gone = {name: at if chance.random() < 0.2 else None for name in ("waived_at", "justified_at", "voided_at")}
            self.rows[NoShowPenalty].append(common | gone | {"created_at": at})


def make_books(
    runtime: Runtime,
    code: str = "HMS001",
    timezone: str = "Europe/Berlin",
    *,
    first: date,
    last: date,
    seed: int = 5,
    patients: int = 3 * len(STARTS),
) -> Books:
    """Make a hospital with three doctors, and fill its days; at least as many ``patients`` as visits can be a day."""
    hospital = make_hospital(runtime, code, timezone)
    books = Books(runtime, hospital, first, last)
    books.doctors = [make_doctor(runtime, hospital, slot_duration=MINUTES) for _ in range(3)]
    books.patients = [make_patient(runtime, hospital) for _ in range(patients)]
    books.write(Random(seed))
    return books


class Recount:
    """Figures of one hospital from its rows, one by one."""

    def __init__(self, runtime: Runtime, hospital_id: UUID) -> None:
        with runtime.reading() as session:
            self.visits: list[Appointment] = self._all(session, Appointment, hospital_id)
            self.beside: dict[tuple[UUID, date], list[Appointment]] = defaultdict(list)
            for visit in self.visits:
                self.beside[visit.doctor_id, visit.appointment_date].append(visit)
            self.slots: list[DoctorSlot] = self._all(session, DoctorSlot, hospital_id)
            logs: list[NoShowLog] = self._all(session, NoShowLog, hospital_id)
            self.logs = {log.appointment_id: log for log in logs if log.voided_at is None}
            penalties: list[NoShowPenalty] = self._all(session, NoShowPenalty, hospital_id)
            self.penalties = {penalty.appointment_id: penalty for penalty in penalties}
            audit: list[AuditEntry] = self._all(session, AuditEntry, hospital_id)
            self.reminded = {row.entity_id for row in audit if row.action == "appointment.reminded"}
            events: list[AppointmentEvent] = self._all(session, AppointmentEvent, hospital_id)
            self.confirmed = {row.appointment_id for row in events if row.to_status is Status.CONFIRMED}

    @staticmethod
    def _all(session: Any, model: Any, hospital_id: UUID) -> list[Any]:
        return [row for row in session.scalars(select(model)) if row.hospital_id == hospital_id]

    def of(self, first: date, last: date, doctor_id: UUID | None = None) -> list[Appointment]:
        """Return the visits of some days."""
        return [
            visit
            for visit in self.visits
            if first <= visit.appointment_date <= last and doctor_id in {None, visit.doctor_id}
        ]

    @staticmethod
    def counts(visits: list[Appointment]) -> tuple[int, int, int, int, str]:
        """Return visits, attended, missed, cancelled, rate."""
        came = sum(visit.status in CAME for visit in visits)
        missed = sum(visit.status is Status.NO_SHOW for visit in visits)
        gone = sum(visit.status is Status.CANCELLED for visit in visits)
        rate = 100 * missed / (came + missed) if came + missed else 0
        return len(visits), came, missed, gone, f"{rate:.1f}%"

    def times(self, first: date, last: date, doctor_id: UUID | None = None) -> tuple[int, ...]:
        """Return slots and minutes offered, visits and minutes that hold, released, rebooked, minutes lost."""
        visits = self.of(first, last, doctor_id)
        holders = {visit.slot_id for visit in self.visits if visit.holds_slot and visit.slot_id}
        slots = minutes = 0
        for slot in self.slots:
            is_wanted = first <= slot.slot_date <= last and doctor_id in {None, slot.doctor_id}
            if is_wanted and (not slot.is_blocked or slot.id in holders):
                slots += 1
                minutes += int((slot.ends_at - slot.starts_at).total_seconds()) // 60
        held = [visit for visit in visits if visit.holds_slot]
        slotless = [visit for visit in held if visit.slot_id is None]
        released = [(visit, at) for visit in visits if (at := self._released_at(visit)) is not None]
        rebooked = [visit for visit, at in released if any(o.booked_at >= at for o in self._instead(visit))]
        lost = [v for v in visits if v.status is Status.NO_SHOW and (v.holds_slot or not self._instead(v))]
        return (
            slots + len(slotless),
            minutes + sum(visit.duration_minutes for visit in slotless),
            len(held),
            sum(visit.duration_minutes for visit in held),
            len(released),
            len(rebooked),
            sum(visit.duration_minutes for visit in lost),
        )

    def _released_at(self, visit: Appointment) -> datetime | None:
        log = self.logs.get(visit.id)
        if visit.status is Status.NO_SHOW:
            return log.slot_released_at if log and log.slot_released else None
        early = visit.cancelled_at is not None and visit.cancelled_at < visit.ends_at
        return visit.cancelled_at if visit.status is Status.CANCELLED and early else None

    def _instead(self, visit: Appointment) -> list[Appointment]:
        return [
            other
            for other in self.beside[visit.doctor_id, visit.appointment_date]
            if other.id != visit.id
            and other.holds_slot
            and other.starts_at < visit.ends_at
            and visit.starts_at < other.ends_at
        ]

    def struck(self, visits: list[Appointment]) -> tuple[int, ...]:
        """Return penalties, counting, waived, justified and voided ones of some visits."""
        found = [self.penalties[visit.id] for visit in visits if visit.id in self.penalties]
        ended = [(p.waived_at, p.justified_at, p.voided_at) for p in found]
        counting = sum(not any(one) for one in ended)
        return len(found), counting, *(sum(bool(one[place]) for one in ended) for place in range(3))

    @staticmethod
    def waits(visits: list[Appointment], begin: str, end: str) -> list[int]:
        """Return whole minutes from one of a visit's instants to another, in order."""
        found = []
        for visit in visits:
            since, until = getattr(visit, begin), getattr(visit, end)
            if visit.status in CAME and since is not None and until is not None and until >= since:
                found.append(int(until.timestamp()) - int(since.timestamp()))
        return sorted(seconds // 60 for seconds in found)

    @staticmethod
    def leads(visits: list[Appointment]) -> list[tuple[int, bool]]:
        """Return whole days between booking and start, and whether the visit was missed, in order."""
        found = []
        for visit in visits:
            ahead = visit.starts_at.timestamp() - visit.booked_at.timestamp()
            if visit.status in (*CAME, Status.NO_SHOW) and not (visit.imported and ahead == 0):
                found.append((max(0, int(ahead // 86400)), visit.status is Status.NO_SHOW))
        return sorted(found)


def nearest_rank(ordered: list[int], tenths: int) -> int | None:
    """Return the value that so many tenths of a sorted list do not exceed."""
    return ordered[-(-len(ordered) * tenths // 10) - 1] if ordered else None
