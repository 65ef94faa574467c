"""Marks as a file for spreadsheets, however many there are."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from hms.access.actors import Actor
from hms.domain.spreadsheets import line
from hms.queries import no_shows as queries
from hms.queries.no_shows import LogFilter, LogRow
from hms.runtime import Runtime

COLUMNS = ("date", "time", "doctor", "mrn", "patient", "reason", "marked_at", "slot_released", "justified", "notes")
LINES_AT_ONCE = 500


def lines(runtime: Runtime, actor: Actor, wanted: LogFilter, zone: ZoneInfo) -> Iterator[str]:
    """Give the file in parts, newest mark first; read in parts too, so that it is never held whole.

    Dates and times are of ``zone``. Raises FORBIDDEN, before the first line, for an actor who may not see marks.
    """
    rows = runtime.read(queries.logs, actor, wanted, None, LINES_AT_ONCE)
    return _from(runtime, actor, wanted, zone, rows)


def _from(runtime: Runtime, actor: Actor, wanted: LogFilter, zone: ZoneInfo, rows: list[LogRow]) -> Iterator[str]:
    yield line(COLUMNS)
    while rows:
        yield "".join(line(_cells(row, zone)) for row in rows)
        if len(rows) < LINES_AT_ONCE:
            return
        rows = runtime.read(queries.logs, actor, wanted, (rows[-1].triggered_at, rows[-1].id), LINES_AT_ONCE)


def _cells(row: LogRow, zone: ZoneInfo) -> list[object]:
    return [
        row.date,
        f"{row.slot_time:%H:%M}",
        f"{row.doctor_first_name} {row.doctor_last_name}",
        row.mrn,
        f"{row.patient_first_name} {row.patient_last_name}",
        row.reason.value,
        f"{row.triggered_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "yes" if row.slot_released else "no",
        "yes" if row.justified else "no",
        row.notes or "",
    ]
