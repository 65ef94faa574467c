"""What a spreadsheet would compute is made harmless; everything else stays as it is."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from hms.domain.spreadsheets import line, neutral


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "  @"])
def test_what_looks_like_a_formula_begins_with_an_apostrophe(start: str) -> None:
    cell = f"{start}SUM(A1:A9)"
    assert neutral(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Asha Rao", "a=b", "3", "2026-01-22", "’=1"])
def test_other_cells_stay(cell: str) -> None:
    assert neutral(cell) == cell


def test_a_line_reads_back() -> None:
    cells = ["=1+1", 'Müller, "Bo"', date(2026, 1, 22), 7, "two\nlines", ""]
    text = line(cells)
    assert text.endswith("\r\n")
    [read] = csv.reader(io.StringIO(text, newline=""))
    assert read == ["'=1+1", 'Müller, "Bo"', "2026-01-22", "7", "two\nlines", ""]
