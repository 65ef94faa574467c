"""A CSV file of a clinic's old books, line by line."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hms.domain.errors import Code, DomainError
from hms.domain.imports import KNOWN_COLUMNS, PATIENT_COLUMNS, VISIT_COLUMNS

DELIMITERS = ",;\t"
HEADER_LINE = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One line's cells by column, or ``problem``: why they cannot be told apart."""

    number: int
    cells: dict[str, str]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class CsvFile:
    """An open file whose header was read. ``unknown`` columns are left alone."""

    lines: Iterator[Line]
    unknown: tuple[str, ...]


@contextmanager
def opened(path: Path) -> Iterator[CsvFile]:
    """Open a file and read its header; raise VALIDATION when it lacks columns that every file needs.

    UTF-8, with or without a byte order mark; commas, semicolons or tabs between the columns.
    """
    # Bytes that are no UTF-8 become characters that the row's own check refuses, so one bad line stops nothing.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        first = file.readline()
        delimiter = max(DELIMITERS, key=first.count)
        columns = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
        _check_header(columns)
        reader = csv.reader(file, delimiter=delimiter)
        yield CsvFile(_lines(reader, columns), tuple(name for name in columns if name not in KNOWN_COLUMNS))


def count_lines(path: Path) -> int:
    """Return about how many lines follow the header, for a progress bar; cells with line breaks count double."""
    with path.open("rb") as file:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    return max(lines - HEADER_LINE, 0)


def _lines(reader: Any, columns: list[str]) -> Iterator[Line]:
    while True:
        number = HEADER_LINE + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(number, {}, f"this is no CSV: {error}")
            continue
        if not cells:
            continue
        if len(cells) != len(columns):
            yield Line(number, {}, f"has {len(cells)} columns, the header has {len(columns)}")
            continue
        yield Line(number, dict(zip(columns, cells, strict=True)))


def _check_header(columns: list[str]) -> None:
    missing = [name for name in PATIENT_COLUMNS if name not in columns]
    given = [name for name in VISIT_COLUMNS if name in columns]
    if given:
        missing += [name for name in VISIT_COLUMNS if name not in columns]
    if missing:
        raise DomainError(Code.VALIDATION, f"The file's first line lacks the columns: {', '.join(missing)}.")
    twice = {name for name in columns if columns.count(name) > 1 and name in KNOWN_COLUMNS}
    if twice:
        raise DomainError(Code.VALIDATION, f"The file's first line has columns twice: {', '.join(sorted(twice))}.")
