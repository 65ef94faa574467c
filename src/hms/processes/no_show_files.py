"""Marks as a file, however many there are: for spreadsheets (CSV), and for those who compute with them (Parquet).

Both are read and sent in parts, each part by a statement of its own behind the last row of the one before. So memory
stays as it is, and a reader on a slow line holds no transaction open meanwhile.
"""

import io
from collections.abc import Iterator
from datetime import time
from importlib.util import find_spec
from typing import Any
from zoneinfo import ZoneInfo

from hms.access.actors import Actor
from hms.domain.errors import Code, DomainError
from hms.domain.spreadsheets import line
from hms.queries import no_shows as queries
from hms.queries.no_shows import LogFilter, LogRow
from hms.runtime import Runtime

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
COLUMNS = ("date", "time", "doctor", "mrn", "patient", "reason", "marked_at", "slot_released", "justified", "notes")
LINES_AT_ONCE = 1000
ROWS_IN_GROUP = 10_000
"""Rows that a Parquet file keeps together; a program that reads it needs memory for so many at least."""


def lines(runtime: Runtime, actor: Actor, wanted: LogFilter, zone: ZoneInfo) -> Iterator[str]:
    """Give the CSV file in parts, newest mark first.

    Dates and times are of ``zone``. Raises FORBIDDEN, before the first line, for an actor who may not see marks.
    """
    return _lines(_parts(runtime, actor, wanted), zone)


def parquet(runtime: Runtime, actor: Actor, wanted: LogFilter, zone: ZoneInfo) -> Iterator[bytes]:
    """Give the Parquet file in parts, newest mark first: the same columns, with types, and nothing neutralised.

    Dates and times are of ``zone``, ``marked_at`` an instant. Raises, before the first byte, FORBIDDEN as `lines`, and
    NOT_CONFIGURED where the library that writes such files is not installed.
    """
    if not has_parquet():
        raise DomainError(
            Code.NOT_CONFIGURED,
            "Parquet files cannot be written here: the package pyarrow is missing. Take the CSV file, or ask whoever "
            "runs HMS to install hms[parquet].",
        )
    return _parquet(_parts(runtime, actor, wanted), zone)


def has_parquet() -> bool:
    """Tell whether the library is installed, without loading it."""
    return find_spec("pyarrow") is not None


def _parts(runtime: Runtime, actor: Actor, wanted: LogFilter) -> Iterator[list[LogRow]]:
    first = runtime.read(queries.logs, actor, wanted, None, LINES_AT_ONCE)
    return _on_from(first, runtime, actor, wanted)


def _on_from(rows: list[LogRow], runtime: Runtime, actor: Actor, wanted: LogFilter) -> Iterator[list[LogRow]]:
    while rows:
        yield rows
        if len(rows) < LINES_AT_ONCE:
            return
        rows = runtime.read(queries.logs, actor, wanted, (rows[-1].triggered_at, rows[-1].id), LINES_AT_ONCE)


def _lines(parts: Iterator[list[LogRow]], zone: ZoneInfo) -> Iterator[str]:
    yield line(COLUMNS)
    for rows in parts:
        yield "".join(line(_cells(row, zone)) for row in rows)


def _cells(row: LogRow, zone: ZoneInfo) -> list[object]:
    return [
        row.date,
        f"{row.slot_time:%H:%M}",
        _doctor(row),
        row.mrn,
        _patient(row),
        row.reason.value,
        f"{row.triggered_at.astimezone(zone):%Y-%m-%d %H:%M}",
        "yes" if row.slot_released else "no",
        "yes" if row.justified else "no",
        row.notes or "",
    ]


def _doctor(row: LogRow) -> str:
    return f"{row.doctor_first_name} {row.doctor_last_name}"


def _patient(row: LogRow) -> str:
    return f"{row.patient_first_name} {row.patient_last_name}"


class _Shelf(io.RawIOBase):
    """What the writer puts down, until somebody takes it away."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._place = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any, /) -> int:
        self._pieces.append(bytes(piece))
        self._place += len(self._pieces[-1])
        return len(self._pieces[-1])

    def tell(self) -> int:
        return self._place

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _parquet(parts: Iterator[list[LogRow]], zone: ZoneInfo) -> Iterator[bytes]:
    # 170 MB on disk and 40 MB in memory: whoever never asks for such a file pays nothing.
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow.parquet import ParquetWriter  # noqa: PLC0415

    text, boolean = pa.string(), pa.bool_()
    marked_at = pa.timestamp("us", tz=zone.key)
    types = (pa.date32(), pa.time32("s"), text, text, text, text, marked_at, boolean, boolean, text)
    schema = pa.schema(list(zip(COLUMNS, types, strict=True)))
    shelf = _Shelf()
    with ParquetWriter(shelf, schema, compression="zstd") as writer:
        for group in _groups(parts):
            columns = list(zip(*group, strict=True))
            arrays = [pa.array(cells, kind) for cells, kind in zip(columns, types, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield shelf.take()
    yield shelf.take()


def _groups(parts: Iterator[list[LogRow]]) -> Iterator[list[tuple[Any, ...]]]:
    group: list[tuple[Any, ...]] = []
    for rows in parts:
        group += map(_values, rows)
        if len(group) >= ROWS_IN_GROUP:
            yield group
            group = []
    if group:
        yield group


def _values(row: LogRow) -> tuple[Any, ...]:
    start: time = row.slot_time
    told = (row.date, start, _doctor(row), row.mrn, _patient(row), row.reason.value)
    return (*told, row.triggered_at, row.slot_released, row.justified, row.notes)
