"""Lines of CSV files that people open in spreadsheets."""

import csv
import io
from collections.abc import Iterable

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell begins with that a spreadsheet would compute, or that hides such a beginning."""


def neutral(cell: object) -> str:
    """Return a cell as text that no spreadsheet takes for a formula: an apostrophe goes before what looks like one."""
    text = str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULAS) else text


def line(cells: Iterable[object]) -> str:
    """Write one line of neutral cells, quoted where needed, with its end."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow([neutral(cell) for cell in cells])
    return buffer.getvalue()
