"""What people are told, as admins see it; and the mails themselves, on a desk and on a phone, in five languages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hms.languages import LANGUAGES, is_rtl
from tests.browser.conftest import Accessibility, Served, assert_fits_a_hand

SHOTS = os.environ.get("HMS_TEST_SHOTS", "")


def keep(page: Page, name: str) -> None:
    """With HMS_TEST_SHOTS set to a folder, keep the page's picture there."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def test_an_admin_looks_and_sends_one_home(served: Served, page: Page, accessibility: Accessibility) -> None:
    served.let_in(page, served.clinic.admin)
    page.goto(f"{served.url}/messages/samples")
    page.get_by_label("When").select_option("reminder")
    page.get_by_label("Language").select_option("ar")
    page.get_by_role("button", name="Show").click()
    expect(page.frame_locator("iframe").get_by_role("heading", name="تذكير بالموعد")).to_be_visible()
    expect(page.get_by_text("parts, which count as so many messages")).to_be_visible()
    accessibility.assert_none(page)
    assert_fits_a_hand(page)
    keep(page, "samples")
    page.emulate_media(color_scheme="dark")
    page.reload()  # colours that are still changing have too little contrast
    accessibility.assert_none(page)
    keep(page, "samples-dark")
    page.get_by_role("button", name="Send a test to me").click()
    expect(page.get_by_text("It is on its way to your mailbox")).to_be_visible()


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_mails_read_well_in_every_language(served: Served, page: Page, size: str) -> None:
    if size == "phone":
        page.set_viewport_size({"width": 390, "height": 844})
    served.let_in(page, served.clinic.admin)
    for language in LANGUAGES:
        for sample in ("reminder", "month"):
            page.goto(f"{served.url}/messages/samples/{sample}/{language}")
            width = page.evaluate("innerWidth")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (sample, language)
            side = page.locator("h1").evaluate("h => getComputedStyle(h).direction")
            assert side == ("rtl" if is_rtl(language) else "ltr")
            keep(page, f"mail-{size}-{sample}-{language}")
            page.emulate_media(color_scheme="dark")
            keep(page, f"mail-{size}-{sample}-{language}-dark")
            page.emulate_media(color_scheme="light")
