"""The no-show check over many due visits, beside one plain UPDATE of them and the same inserts in sets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, event, func, select
from sqlalchemy.orm import Session

from benchmarks.figures import Figure
from benchmarks.ground import ZONE, Ground, ground
from benchmarks.history import store
from hms.cli.running import collect_rarely
from hms.clock import Clocks, FixedClock
from hms.domain.appointments import Status
from hms.domain.job_runs import JobName, RunSource
from hms.models import (
    Appointment,
    AppointmentEvent,
    AuditEntry,
    NoShowLog,
    NoShowPenalty,
    Notification,
    OutgoingMessage,
    new_id,
)
from hms.models.base import Base
from hms.models.bulk import insert_rows
from hms.processes.jobs import run_job
from hms.queries.no_shows import due_keys, is_due

MISSED = 10_000
STORED = 5_000_000
TIMES_PLAIN = 4.0
ROWS_A_STATEMENT = 1000
STARTS = [(hour, minute) for hour in (9, 10, 11, 12, 14, 15, 16) for minute in (0, 15, 30, 45)]
WRITTEN: tuple[type[Base], ...] = (
    AppointmentEvent,
    NoShowLog,
    NoShowPenalty,
    Notification,
    OutgoingMessage,
    AuditEntry,
)
"""What a mark writes, parents first."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table as its driver has them."""

    table: str
    columns: list[str]
    values: list[tuple[Any, ...]]

    def statements(self, mark: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Yield INSERT statements of many rows, each with its values in one line."""
        one = f"({', '.join([mark] * len(self.columns))})"
        for first in range(0, len(self.values), ROWS_A_STATEMENT):
            part = self.values[first : first + ROWS_A_STATEMENT]
            into = f"INSERT INTO {self.table} ({', '.join(self.columns)}) VALUES {', '.join([one] * len(part))}"  # noqa: S608
            yield into, tuple(value for row in part for value in row)


def measure_sweep(engine: str, _seconds: float) -> Iterator[Figure]:
    """Measure the check with as many visits due, its longest transaction, and the check with nothing due."""
    yield from _beside_plain_sql(engine, 0)


def measure_sweep_among(engine: str, _seconds: float) -> Iterator[Figure]:
    """Measure the same among millions of finished visits; to store them twice takes most of the time."""
    yield from _beside_plain_sql(engine, STORED)


def _beside_plain_sql(engine: str, stored: int) -> Iterator[Figure]:
    collect_rarely()  # as whatever process runs the check does
    with _missed_visits(engine, stored) as (laid, visits):
        with _transactions() as lasted:
            began = time.monotonic()
            outcome = run_job(laid.runtime, laid.hospital_id, JobName.NO_SHOW_CHECK, RunSource.MANUAL)
            took = time.monotonic() - began
        if outcome.items != MISSED:
            raise RuntimeError(f"The check handled {outcome.items} of {MISSED}: {outcome.error}")
        among = f", among {stored:,} stored" if stored else ""
        yield Figure(f"{laid.engine}: no-shows marked, with all that follows{among}", MISSED / took, "visits/s")
        told = f"{len(lasted)} of them; half within {1000 * sorted(lasted)[len(lasted) // 2]:.0f} ms"
        yield Figure("  its longest transaction", 1000 * max(lasted), "ms", 200, at_most=True, note=told)
        yield Figure("  the question when nothing is due", _nothing_due(laid), "ms", 5, at_most=True)
        names = [laid.hospital_id, *laid.doctors, *laid.patients, *visits]
        rows = [_rows(laid, model) for model in WRITTEN]
    with _missed_visits(engine, stored) as (laid, visits):
        others = [laid.hospital_id, *laid.doctors, *laid.patients, *visits]
        again = {
            form(old): form(new) for old, new in zip(names, others, strict=True) for form in (lambda one: one, _hex)
        }
        plain = _plain(laid, [_renamed(lot, again) for lot in rows])
        told = f"{sum(len(lot.values) for lot in rows):,} rows in statements of {ROWS_A_STATEMENT:,}"
        yield Figure("  reference: a plain UPDATE and the same inserts", MISSED / plain, "visits/s", note=told)
        yield Figure("  the check's time, in times of the reference", took / plain, "×", TIMES_PLAIN, at_most=True)


@contextmanager
def _transactions() -> Iterator[list[float]]:
    """Note how long each writing transaction of the block lasts, until its commit has returned; in seconds."""
    lasted: list[float] = []
    sessions: dict[Session, float] = {}

    def begins(session: Session, _transaction: object, _connection: object) -> None:
        sessions[session] = time.monotonic()

    def ends(session: Session) -> None:
        lasted.append(time.monotonic() - sessions.pop(session))

    heard: tuple[tuple[str, Callable[..., None]], ...] = (("after_begin", begins), ("after_commit", ends))
    for name, hear in heard:
        event.listen(Session, name, hear)
    try:
        yield lasted
    finally:
        for name, hear in heard:
            event.remove(Session, name, hear)


@contextmanager
def _missed_visits(engine: str, stored: int) -> Iterator[tuple[Ground, list[UUID]]]:
    """Lay a ground with so many finished visits, and an evening on which others are due; give the ids of these."""
    with ground(engine, doctors=MISSED // len(STARTS) + 1, patients=MISSED) as laid:
        if stored:
            store(laid, 0, stored - 1)
        yield laid, _evening_of_missed(laid)


def _evening_of_missed(laid: Ground) -> list[UUID]:
    day = datetime.now(ZONE).date()  # noqa: TID251 -- any day will do
    evening = datetime(day.year, day.month, day.day, 20, tzinfo=ZONE)
    laid.runtime.clocks = Clocks(hospital=FixedClock(evening), machine=laid.runtime.clocks.machine)
    rows = []
    for number, patient_id in enumerate(laid.patients):
        hour, minute = STARTS[number % len(STARTS)]
        starts = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)
        rows.append(_open_visit(laid, patient_id, laid.doctors[number // len(STARTS)], starts))
    with laid.runtime.database.writing() as session:
        insert_rows(session, Appointment, rows)
        if session.scalar(select(func.count(Appointment.id)).where(*is_due(evening))) != MISSED:
            raise RuntimeError("The open visits are not all there.")
    return [row["id"] for row in rows]


def _open_visit(laid: Ground, patient_id: UUID, doctor_id: UUID, starts: datetime) -> dict[str, Any]:
    booked, ends = (starts - timedelta(days=3)).astimezone(UTC), starts + timedelta(minutes=15)
    return {
        "id": new_id(),
        "hospital_id": laid.hospital_id,
        "patient_id": patient_id,
        "doctor_id": doctor_id,
        "status": Status.SCHEDULED,
        "appointment_date": starts.date(),
        "start_time": starts.time(),
        "end_time": ends.time(),
        "starts_at": starts,
        "ends_at": ends,
        "duration_minutes": 15,
        "booked_at": booked,
        "no_show_due_at": ends,
        "updated_at": booked,
    }


def _nothing_due(laid: Ground) -> float:
    costs = []
    with laid.runtime.reading() as session:
        for _ in range(20):
            began = time.perf_counter()
            if due_keys(session, laid.hospital_id, laid.runtime.clocks.hospital.now(), 100):
                raise RuntimeError("Something is still due.")
            costs.append(1000 * (time.perf_counter() - began))
    return sorted(costs)[len(costs) // 2]


def _rows(laid: Ground, model: type[Base]) -> Rows:
    """Return the rows as the driver alone gives and takes them; numbers are dealt by the database."""
    columns = [column.name for column in _table(model).c if column.name != "seq"]
    with laid.runtime.database.asking() as connection:
        # SQLite has JSON as text anyway; PostgreSQL's would come as objects, and not go back as such.
        asked = [f"CAST({name} AS TEXT)" if name in {"metadata", "details"} else name for name in columns]
        found = connection.exec_driver_sql(f"SELECT {', '.join(asked)} FROM {_table(model).name}")  # noqa: S608
        return Rows(_table(model).name, columns, [tuple(row) for row in found])


def _renamed(rows: Rows, names: dict[Any, Any]) -> Rows:
    return Rows(rows.table, rows.columns, [tuple(names.get(value, value) for value in row) for row in rows.values])


def _hex(identifier: UUID) -> str:
    return identifier.hex  # as SQLite has it


def _plain(laid: Ground, everything: list[Rows]) -> float:
    """Write it all in one transaction, without a check or a lock; return the seconds."""
    mark = "?" if laid.engine == "SQLite" else "%s"
    statements = [statement for rows in everything for statement in rows.statements(mark)]
    began = time.monotonic()
    with laid.runtime.database.writer.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE appointments SET status = 'NO_SHOW', version = version + 1"
            " WHERE status IN ('SCHEDULED', 'CONFIRMED') AND NOT under_review"
        )
        connection.exec_driver_sql("UPDATE patients SET no_show_count = no_show_count + 1")
        for statement, values in statements:
            connection.exec_driver_sql(statement, values)
    return time.monotonic() - began


def _table(model: type[Base]) -> Table:
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model.__name__} is no table.")
    return table
