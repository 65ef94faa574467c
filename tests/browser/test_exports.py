"""A patient's history as a file, on a phone and on a desk: asked for, followed while it is written, downloaded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hms.processes.exports import write_due
from tests.browser.conftest import Accessibility, Complaints, Served
from tests.browser.test_patients import assert_fits

SHOTS = os.environ.get("HMS_TEST_SHOTS", "")


def keep(page: Page, name: str) -> None:
    """Fail if the page is wider than it should be; with HMS_TEST_SHOTS set to a folder, keep its picture there."""
    size = page.viewport_size
    assert size is not None
    # A phone's innerWidth grows with what does not fit, so it cannot be what is compared with.
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_from_the_button_to_the_file(
    served: Served, phone: Page, accessibility: Accessibility, complaints: Complaints, size: str
) -> None:
    if size == "desk":
        phone.set_viewport_size({"width": 1280, "height": 800})
    served.let_in(phone, served.clinic.patients["Divya"])
    keep(phone, f"{size}-home")
    assert_fits(phone)
    phone.get_by_role("button", name="Export full history").tap()
    expect(phone.get_by_role("heading", name="Your history", level=1)).to_be_visible()
    expect(phone.get_by_role("heading", name="Waiting for its turn")).to_be_visible()
    expect(phone.get_by_role("progressbar")).to_be_visible()
    assert_fits(phone)
    accessibility.assert_none(phone)
    keep(phone, f"{size}-waiting")

    write_due(served.clinic.runtime)
    expect(phone.get_by_role("heading", name="The file is ready")).to_be_visible()  # without a reload
    assert_fits(phone)
    accessibility.assert_none(phone)
    keep(phone, f"{size}-ready")
    with phone.expect_download() as coming:
        phone.get_by_role("link", name="Download (CSV)").tap()
    assert coming.value.suggested_filename == "history-2026-01-22.csv"
    assert coming.value.path().read_text().startswith("date,doctor,diagnosis,treatment_notes,")

    phone.get_by_role("link", name="Histories as files").tap()
    expect(phone.get_by_text("Ready until")).to_be_visible()
    assert_fits(phone)
    accessibility.assert_none(phone)
    keep(phone, f"{size}-list")
    phone.emulate_media(color_scheme="dark")
    keep(phone, f"{size}-dark")
    assert complaints.said == []
