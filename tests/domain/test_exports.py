"""The lines of an exported history, its pieces, and what its task says."""

import csv
import io
from datetime import UTC, date, datetime, time, timedelta

import pytest

from hms.domain.exports import (
    COLUMNS,
    PART_BYTES,
    ExportStatus,
    VisitLine,
    heading,
    is_over,
    parts_of,
    progress,
    retry_delay,
)

NOW = datetime(2026, 1, 22, 9, tzinfo=UTC)


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_columns_in_their_order() -> None:
    assert heading() == "date,doctor,diagnosis,treatment_notes,status,specialization,time\r\n"
    line = VisitLine(date(2026, 1, 22), time(9, 5), "Dr. A B", "Cardiology", "COMPLETED", "Flu, mild", 'Rest\n"much"')
    assert cells(heading() + line.written()) == [
        list(COLUMNS),
        ["2026-01-22", "Dr. A B", "Flu, mild", 'Rest\n"much"', "COMPLETED", "Cardiology", "09:05"],
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1", '=HYPERLINK("x")'])
def test_no_cell_is_a_formula(text: str) -> None:
    line = VisitLine(date(2026, 1, 22), time(9), text, text, text, text, text)
    assert all(cell == f"'{text}" for cell in cells(line.written())[0][1:6])


@pytest.mark.parametrize("text", ["", "a", "ü" * PART_BYTES, "x" * PART_BYTES, "x" * (2 * PART_BYTES + 1)])
def test_pieces_are_bounded_and_lose_nothing(text: str) -> None:
    pieces = parts_of(text)
    assert all(0 < len(piece) <= PART_BYTES for piece in pieces)
    assert b"".join(pieces).decode() == text


@pytest.mark.parametrize(
    ("status", "done", "total", "expected"),
    [
        (ExportStatus.PENDING, 0, 0, 0),
        (ExportStatus.RUNNING, 1, 3, 33),
        (ExportStatus.RUNNING, 3, 3, 99),  # the last part is still to be kept
        (ExportStatus.RUNNING, 5, 3, 99),
        (ExportStatus.DONE, 0, 0, 100),
        (ExportStatus.EXPIRED, 3, 3, 100),
        (ExportStatus.FAILED, 1, 2, 50),
    ],
)
def test_progress(status: ExportStatus, done: int, total: int, expected: int) -> None:
    assert progress(status, done, total) == expected


def test_a_file_is_over_at_its_very_instant() -> None:
    assert not is_over(ExportStatus.DONE, NOW + timedelta(microseconds=1), NOW)
    assert is_over(ExportStatus.DONE, NOW, NOW)
    assert is_over(ExportStatus.EXPIRED, NOW + timedelta(days=1), NOW)
    assert not is_over(ExportStatus.RUNNING, None, NOW)


def test_pauses_grow_and_end() -> None:
    assert [retry_delay(tries).total_seconds() for tries in (0, 1, 2, 3, 4, 9)] == [5, 5, 20, 80, 300, 300]
