"""Printed reports: real PDF files that hold every word as it is, in whatever script."""

from __future__ import annotations

from io import BytesIO
from typing import Any, cast

from pypdf import PageObject, PdfReader

from hms.gateways.printing import PrintedReport, report_pdf


def printed(*rows: tuple[str, str, str, str, str]) -> PrintedReport:
    return PrintedReport(
        hospital="City Clinic",
        title="March 2026",
        subtitle="Dr. Ewa Łęcka, Cardiology",
        totals=(("Visits", "313"), ("Completed", "245")),
        headings=("Date", "Time", "Patient", "Diagnosis", "Treatment"),
        rows=rows,
        footer="As it stood 1 Apr 2026",
    )


def words(pdf: bytes) -> list[str]:
    """Return the text of each page."""
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def test_holds_every_word_as_it_is() -> None:
    hostile = '#read("/etc/passwd") *bold* $x$ \\ [a](b) <script>'
    [page] = words(report_pdf(printed(("1 Mar", "09:00", "Małgorzata Nguyễn", hostile, "Rest\nDrops"))))
    for word in ("City Clinic", "March 2026", "Łęcka", "245", "Diagnosis", "Małgorzata Nguyễn", "Rest", "1 / 1"):
        assert word in page
    assert "".join(hostile.split()) in "".join(page.split())


def test_has_glyphs_for_the_names_of_many() -> None:
    names = ("فاطمة", "रवि", "Ольга", "Αθηνά", "Nguyễn")
    pdf = report_pdf(printed(*(("1 Mar", "09:00", name, "–", "–") for name in names)))
    fonts = {name for page in PdfReader(BytesIO(pdf)).pages for name in fonts_of(page)}
    assert {name.partition("+")[2] for name in fonts} == {
        "NotoSans-Regular",
        "NotoSans-SemiBold",
        "NotoSansArabic-Regular",
    }
    [page] = words(pdf)
    assert all(letter in page for letter in "فरОΑễ")


def fonts_of(page: PageObject) -> list[str]:
    resources = cast(dict[str, Any], page["/Resources"])["/Font"]
    return [str(font.get_object()["/BaseFont"]) for font in resources.values()]


def test_headings_come_again_on_every_page() -> None:
    pages = words(report_pdf(printed(*[("1 Mar", "09:00", f"Patient {n}", "Cold", "Rest") for n in range(120)])))
    assert len(pages) > 1
    assert all("Diagnosis" in page for page in pages)
    assert f"{len(pages)} / {len(pages)}" in pages[-1]


def test_a_month_in_which_nobody_came_is_a_page_too() -> None:
    [page] = words(report_pdf(printed()))
    assert "Visits" in page
