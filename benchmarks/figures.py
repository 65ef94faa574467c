"""What was measured, and how it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. ``wanted``: the bound it must keep; ``at_most``: a smaller value is better."""

    what: str
    value: float
    unit: str
    wanted: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def verdict(self) -> str:
        """Whether the bound is kept, empty for a reference."""
        if self.wanted is None:
            return ""
        kept = self.value <= self.wanted if self.at_most else self.value >= self.wanted
        return "ok" if kept else "MISSED"


def table(figures: Sequence[Figure]) -> str:
    """Lay figures out in columns."""
    lines = [("what", "measured", "unit", "wanted", "", "note")]
    for figure in figures:
        wanted = f"{'≤' if figure.at_most else '≥'} {figure.wanted:,.0f}" if figure.wanted is not None else ""
        shown = f"{figure.value:,.2f}" if figure.value < 100 else f"{figure.value:,.0f}"
        lines.append((figure.what, shown, figure.unit, wanted, figure.verdict, figure.note))
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    right = {1, 3}
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
