"""Set what people print as PDF, in whatever script names are written."""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typst import Fonts

LAYOUTS = Path(__file__).parent / "prints"
FONTS = Path(__file__).parent / "fonts"


@dataclass(frozen=True, slots=True)
class PrintedReport:
    """A report in words: a title, figures with their names, and rows of five cells under as many headings."""

    hospital: str
    title: str
    subtitle: str
    totals: tuple[tuple[str, str], ...]
    headings: tuple[str, str, str, str, str]
    rows: tuple[tuple[str, str, str, str, str], ...]
    footer: str
    language: str = "en"


def report_pdf(printed: PrintedReport) -> bytes:
    """Set a report as an A4 PDF. Its words are data: nothing in them is taken for markup."""
    import typst  # noqa: PLC0415 -- heavy, and only who prints needs it

    return typst.compile(
        LAYOUTS / "report.typ",
        root=LAYOUTS,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"printed": json.dumps(asdict(printed))},
    )


@cache
def _fonts() -> "Fonts":
    import typst  # noqa: PLC0415 -- heavy, and only who prints needs it

    # The same page on every machine, whatever is installed there.
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
