"""Calendars: filling many doctors' months, laying them anew, and the first free time among them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import exists, func, make_url, select, text, update

from benchmarks.figures import Figure
from benchmarks.ground import LONG_AGO, ZONE, Ground, ground
from hms.domain.appointments import Status
from hms.domain.slots import DayOfWeek
from hms.models import Appointment, Doctor, DoctorSchedule, DoctorSlot, Hospital, new_id
from hms.models.bulk import insert_rows, refresh_statistics
from hms.processes.slot_horizon import DOCTORS_AT_ONCE
from hms.queries import free_times
from hms.queries.free_times import FreeTimeWish
from hms.services import slots

DOCTORS = 1_000
DAYS = 30
DAYS_AHEAD = 7
"""Enough to look for a free time in: what lies behind the first one is never read."""
ROWS_A_STATEMENT = 1_000
SHARE_WANTED = 40
FIRST_FREE_MS = 20
ROUNDS = 30
SPECIALTIES = 20
"""Of the doctors, every so-manieth shares a specialty; the other question is asked over all of them."""


def measure_generation(engine: str, _seconds: float) -> Iterator[Figure]:
    """Measure filling the months of all doctors, beside the same rows by plain statements, and laying them anew."""
    with ground(engine, doctors=DOCTORS, patients=0) as laid:
        began = time.monotonic()
        _fill(laid)
        rate = _count(laid) / (time.monotonic() - began)
        plain = _plain_rate(laid)
        what = f"{laid.engine}: slots of {DOCTORS:,} doctors x {DAYS} days"
        yield Figure(what, rate, "slots/s", note=f"{_count(laid):,} slots")
        yield Figure("  reference: the same rows, 1,000 a statement", plain, "slots/s")
        yield Figure("  share of the reference", 100 * rate / plain, "%", SHARE_WANTED)
        began = time.monotonic()
        again = laid.runtime.transact(laid.actor, slots.fill_horizon, laid.doctors[:DOCTORS_AT_ONCE])
        note = f"{again} slots came"
        yield Figure(f"  filling {DOCTORS_AT_ONCE} doctors again", 1000 * (time.monotonic() - began), "ms", note=note)
        yield _regenerated(laid)


def measure_first_free(engine: str, _seconds: float) -> Iterator[Figure]:
    """Measure the first free time of a specialty over all doctors, whose first days are booked out."""
    with ground(engine, doctors=DOCTORS, patients=DOCTORS) as laid:
        with laid.runtime.database.writing() as session:
            session.execute(update(Hospital).values(settings={"horizon_days": DAYS_AHEAD}))
        _fill(laid)
        _name_specialties(laid)
        for booked_out in (0, 1):
            _book_out(laid, booked_out)
            what = f"{laid.engine}: first free time, {booked_out} days booked out"
            yield Figure(what, _first_free(laid, "Clinic 1"), "ms", FIRST_FREE_MS, at_most=True, note="a specialty")
            yield Figure("  among all doctors", _first_free(laid, None), "ms")


def _fill(laid: Ground) -> None:
    for first in range(0, DOCTORS, DOCTORS_AT_ONCE):
        laid.runtime.transact(laid.actor, slots.fill_horizon, laid.doctors[first : first + DOCTORS_AT_ONCE])


def _count(laid: Ground) -> int:
    with laid.runtime.reading() as session:
        return session.scalar(select(func.count()).select_from(DoctorSlot)) or 0


def _regenerated(laid: Ground) -> Figure:
    """Lay one doctor's month anew after one of seven days has changed."""
    doctor = laid.doctors[0]
    longer = update(DoctorSchedule).where(DoctorSchedule.doctor_id == doctor)
    with laid.runtime.database.writing() as session:
        session.execute(longer.where(DoctorSchedule.day_of_week == DayOfWeek.MONDAY).values(end_time=clock(18)))
    began = time.monotonic()
    done = laid.runtime.transact(laid.actor, slots.regenerate, doctor)
    took = 1000 * (time.monotonic() - began)
    note = f"{done.kept} slots kept, {done.created} came, {done.removed} went"
    return Figure("  laying a doctor's month anew", took, "ms", note=note)


def _plain_rate(laid: Ground) -> float:
    """Write the same rows once more by the driver alone, 1,000 a statement, each committed."""
    with laid.runtime.database.writing() as session:
        session.execute(text("CREATE TABLE bench_rows AS SELECT * FROM doctor_slots"))
        session.execute(text("DELETE FROM doctor_slots"))
    address = make_url(laid.url)
    if laid.engine == "SQLite":
        file = str(address.database)
        with closing(sqlite3.connect(file)) as reader, closing(sqlite3.connect(file)) as writer:
            writer.execute("PRAGMA synchronous=FULL")
            return _rewrite(reader, writer, "?")
    plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as reading, psycopg.connect(plain) as writing:
        return _rewrite(reading, writing, "%s")


def _rewrite(reading: Any, writing: Any, mark: str) -> float:
    source = reading.cursor("bench") if mark == "%s" else reading.cursor()
    source.execute("SELECT * FROM bench_rows")
    count, took = 0, 0.0
    cursor = writing.cursor()
    while rows := source.fetchmany(ROWS_A_STATEMENT):
        values = [value for row in rows for value in row]
        one = f"({', '.join([mark] * len(rows[0]))})"
        began = time.monotonic()
        cursor.execute(f"INSERT INTO doctor_slots VALUES {', '.join([one] * len(rows))}", values)  # noqa: S608
        writing.commit()
        took += time.monotonic() - began
        count += len(rows)
    return count / took


def _name_specialties(laid: Ground) -> None:
    with laid.runtime.database.writing() as session:
        for number in range(SPECIALTIES):
            chosen = laid.doctors[number::SPECIALTIES]
            named = update(Doctor).where(Doctor.id.in_(chosen)).values(specialization=f"Clinic {number}")
            session.execute(named)
        if laid.engine == "PostgreSQL":
            session.execute(text("ANALYZE"))


def _book_out(laid: Ground, days: int) -> None:
    """Let every slot of the first days be held: each doctor's by one patient of their own."""
    last = datetime.now(ZONE).date() + timedelta(days=days - 1)  # noqa: TID251 -- the house runs on the real time
    patients = dict(zip(laid.doctors, laid.patients, strict=True))
    s = DoctorSlot
    columns = (s.id, s.doctor_id, s.slot_date, s.start_time, s.end_time, s.starts_at, s.ends_at)
    with laid.runtime.database.writing() as session:
        free = ~exists().where(Appointment.slot_id == s.id)
        found = session.execute(select(*columns).where(s.slot_date <= last, free)).all()
        insert_rows(session, Appointment, [_visit(laid, patients[row.doctor_id], row) for row in found])
        refresh_statistics(session, Appointment)


def _visit(laid: Ground, patient_id: UUID, slot: Any) -> dict[str, object]:
    return {
        "id": new_id(),
        "hospital_id": laid.hospital_id,
        "patient_id": patient_id,
        "doctor_id": slot.doctor_id,
        "slot_id": slot.id,
        "status": Status.SCHEDULED,
        "appointment_date": slot.slot_date,
        "start_time": slot.start_time,
        "end_time": slot.end_time,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "duration_minutes": 15,
        "booked_at": LONG_AGO,
        "no_show_due_at": slot.ends_at,
        "updated_at": LONG_AGO,
    }


def _first_free(laid: Ground, specialization: str | None) -> float:
    """Return the median milliseconds of the query, the way to the database and back included."""
    now = datetime.now(UTC)  # noqa: TID251 -- the house runs on the real time
    today = now.astimezone(ZONE).date()
    wish = FreeTimeWish(now + timedelta(minutes=5), today, today + timedelta(days=DAYS), specialization)
    costs = []
    with laid.runtime.reading() as session:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            if not free_times.first_free(session, laid.actor, wish):
                raise RuntimeError("There is no free time.")
            costs.append(1000 * (time.perf_counter() - began))
    return median(costs)
