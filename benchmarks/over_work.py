"""Work in sets: an import, and the no-show check beside one UPDATE of the same rows."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.ground import ZONE, Ground, ground
from hms.processes.imports import ImportOptions, import_file

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
    who = [f"P{patient}", "Asha", f"Menon {patient}", "female", f"+9190{patient:08d}", f"p{patient}@example.org"]
    return [f"A{number}", *who, f"d{doctor}@bench.example", day.isoformat(), start, "15", booked, outcome]
