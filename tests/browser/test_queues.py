"""The nurse's queue in a real browser, by keys alone, with the vitals form."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from hms.domain.people import Role
from hms.models import Appointment
from tests.browser.conftest import Accessibility, Complaints, Served, assert_fits_a_hand
from tests.support.factories import make_user

SOON_MS = 10_000
"""The board's tests hold the pages to their three seconds; here it is enough that it comes."""


def test_nurse_records_vitals_by_keys(
    served: Served, page: Page, accessibility: Accessibility, complaints: Complaints
) -> None:
    clinic = served.clinic
    served.let_in(page, make_user(clinic.runtime, clinic.hospital, Role.NURSE))
    waiting = page.locator("#s-vitals")
    expect(waiting).to_contain_text("Fatima Khan")
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    clinic.check_in("Divya")
    expect(waiting).to_contain_text("Divya Rao", timeout=SOON_MS)
    expect(page.locator("#news")).to_contain_text("Waiting for vitals 2", timeout=SOON_MS)
    accessibility.assert_none(page)
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Record vitals, Fatima Khan")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Blood pressure, upper")).to_be_focused()
    page.keyboard.type("195")
    expect(page.locator("#systolic-says")).to_contain_text("Unusually high")
    page.keyboard.press("Tab")
    page.keyboard.type("95")
    page.keyboard.press("Tab")
    page.keyboard.type("900")
    page.keyboard.press("Tab")
    expect(page.locator("#heartRate-says")).to_contain_text("Must be from 20 to 300")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        accessibility.assert_none(page)
    assert_fits_a_hand(page)
    page.keyboard.press("Enter")  # the server refuses just the same, and all that was typed is still there
    expect(page.locator("#sheet .wrong")).to_contain_text("20 to 300")
    expect(page.get_by_label("Blood pressure, upper")).to_have_value("195")
    expect(page.get_by_label("Heart rate")).to_be_focused()  # what is wrong is where one goes on
    page.get_by_label("Heart rate").fill("90")
    page.keyboard.press("Enter")
    expect(page.locator("#sheet")).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("Fatima Khan's vitals are recorded")
    expect(page.locator("#s-ready")).to_contain_text("Fatima Khan")
    with clinic.runtime.reading() as session:
        visit = session.get(Appointment, clinic.visits["Fatima"])
        assert visit is not None
        assert visit.vitals_recorded_at is not None
    complaints.said = [said for said in complaints.said if "422" not in said]
