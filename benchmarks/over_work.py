"""Work in sets: an import, and the no-show check beside one UPDATE of the same rows."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select, text

from benchmarks.figures import Figure
from benchmarks.ground import ZONE, Ground, ground
from hms.clock import Clocks, FixedClock
from hms.domain.appointments import Status
from hms.domain.job_runs import JobName, RunSource
from hms.models import Appointment, new_id
from hms.models.bulk import insert_rows
from hms.processes.imports import ImportOptions, import_file
from hms.processes.jobs import run_job

ROWS = 20_000
FUTURE_ROWS = 2_000
ROWS_WANTED = 3000
MISSED = 5_000
COLUMNS = (
    "appointment_ref patient_ref first_name last_name sex phone email doctor_email"
    " date start_time minutes booked_at outcome"
)
STARTS = [(hour, minute) for hour in (9, 10, 11, 12, 14, 15, 16) for minute in (0, 15, 30, 45)]


def measure_import(engine: str, _seconds: float) -> Iterator[Figure]:
    """Measure the import of a file of history, and of one of future visits, which are booked one by one."""
    with ground(engine, doctors=30, patients=0, days=30) as laid:
        history = _write(laid.folder / "history.csv", _history(laid))
        yield _import(laid, history, f"{laid.engine}: import of history", ROWS_WANTED)
        again = _import(laid, history, "  the same file again", None)
        yield again
        ahead = _write(laid.folder / "ahead.csv", _ahead())
        yield _import(laid, ahead, "  future visits, by all checks", None)


def measure_sweep(engine: str, _seconds: float) -> Iterator[Figure]:
    """Measure the no-show check over many due visits, and the bare UPDATE of their state."""
    with ground(engine, doctors=MISSED // len(STARTS) + 1, patients=MISSED) as laid:
        day = datetime.now(ZONE).date()  # noqa: TID251 -- any day will do
        evening = datetime(day.year, day.month, day.day, 20, tzinfo=ZONE)
        laid.runtime.clocks = Clocks(hospital=FixedClock(evening), machine=laid.runtime.clocks.machine)
        _add_missed(laid, day)
        began = time.monotonic()
        outcome = run_job(laid.runtime, laid.hospital_id, JobName.NO_SHOW_CHECK, RunSource.MANUAL)
        took = time.monotonic() - began
        if outcome.items != MISSED:
            raise RuntimeError(f"The check handled {outcome.items} of {MISSED}: {outcome.error}")
        yield Figure(f"{laid.engine}: no-shows marked, with all that follows", MISSED / took, "visits/s")
    with ground(engine, doctors=MISSED // len(STARTS) + 1, patients=MISSED) as laid:
        _add_missed(laid, day)
        began = time.monotonic()
        with laid.runtime.database.writing() as session:
            session.execute(text("UPDATE appointments SET status = 'NO_SHOW', version = version + 1"))
        yield Figure("  reference: one plain UPDATE of their state", MISSED / (time.monotonic() - began), "visits/s")


def _import(laid: Ground, file: Path, what: str, wanted: float | None) -> Figure:
    began = time.monotonic()
    report = import_file(laid.runtime, laid.actor, file, ImportOptions())
    took = time.monotonic() - began
    if report.bad:
        raise RuntimeError(f"{what}: {len(report.bad)} bad rows, such as {report.bad[0]}")
    return Figure(what, report.lines / took, "rows/s", wanted, note=f"{report.lines:,} rows")


def _write(path: Path, rows: Iterator[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS.split())
        writer.writerows(rows)
    return path


def _history(laid: Ground) -> Iterator[list[str]]:
    """Yield past visits: a fifth missed, every patient three times."""
    last = datetime.now(ZONE).date() - timedelta(days=1)  # noqa: TID251 -- as for the product itself
    for number in range(ROWS):
        hour, minute = STARTS[number % len(STARTS)]
        turn = number // len(STARTS)
        day = last - timedelta(days=turn // len(laid.doctors))
        outcome = "no_show" if number % 5 == 0 else "attended"
        yield _cells(number, number // 3, turn % len(laid.doctors), day, f"{hour:02}:{minute:02}", outcome)


def _ahead() -> Iterator[list[str]]:
    first = datetime.now(ZONE).date() + timedelta(days=1)  # noqa: TID251
    for number in range(FUTURE_ROWS):
        hour, minute = STARTS[number % len(STARTS)]
        turn = number // len(STARTS)
        yield _cells(
            ROWS + number, ROWS + number, turn % 30, first + timedelta(days=turn // 30), f"{hour:02}:{minute:02}", ""
        )


def _cells(number: int, patient: int, doctor: int, day: date, start: str, outcome: str) -> list[str]:
    booked = f"{day - timedelta(days=7)}T10:00" if outcome else ""
    who = [f"P{patient}", "Asha", f"Menon {patient}", "female", f"+9100{patient:08d}", f"p{patient}@example.org"]
    return [f"A{number}", *who, f"d{doctor}@bench.example", day.isoformat(), start, "15", booked, outcome]


def _add_missed(laid: Ground, day: date) -> None:
    rows = []
    for number, patient_id in enumerate(laid.patients):
        hour, minute = STARTS[number % len(STARTS)]
        starts = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)
        ends = starts + timedelta(minutes=15)
        rows.append(_open_visit(laid, patient_id, laid.doctors[number // len(STARTS)], starts, ends))
    with laid.runtime.database.writing() as session:
        insert_rows(session, Appointment, rows)
        if session.scalar(select(func.count()).select_from(Appointment)) != MISSED:
            raise RuntimeError("The open visits are not all there.")


def _open_visit(laid: Ground, patient_id: UUID, doctor_id: UUID, starts: datetime, ends: datetime) -> dict[str, object]:
    booked = (starts - timedelta(days=3)).astimezone(UTC)
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
