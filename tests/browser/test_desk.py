"""Reception's desk in a real browser: type a name, arrows, Enter, book; register somebody new as a walk-in."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from hms.domain.appointments import Status
from hms.models import Appointment, Patient
from tests.browser.conftest import Accessibility, Complaints, Served, assert_fits_a_hand


def test_reception_finds_registers_and_books_by_keys(
    served: Served, page: Page, accessibility: Accessibility, complaints: Complaints
) -> None:
    clinic = served.clinic
    served.let_in(page, clinic.reception)
    page.goto(f"{served.url}/patients")
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    page.keyboard.type("rao")
    expect(page.locator("[data-person]")).to_have_count(2)
    expect(page).to_have_url(f"{served.url}/patients?q=rao")
    expect(page.locator("#people-count")).to_have_text("2 patients found")
    accessibility.assert_none(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Grace Rao")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("grace")
    expect(page.locator("[data-person]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Grace Rao")

    # Another time for the same patient, by keys; one's own time is refused beside the field.
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    page.get_by_label("Doctor").select_option(value=str(clinic.doctors[0].id))
    expect(page.locator("#times")).to_contain_text("Thursday 22 January")
    page.locator("#times").get_by_role("link", name="11:30").click()
    sheet = page.locator("#sheet")
    expect(sheet.get_by_label("Reason for the visit")).to_be_focused()
    page.keyboard.press("Enter")
    expect(sheet.get_by_role("alert")).to_be_visible()  # Grace sees the other doctor then
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        accessibility.assert_none(page)
    assert_fits_a_hand(page)
    page.keyboard.press("Escape")
    expect(page.locator("#times").get_by_role("link", name="11:30")).to_be_focused()
    accessibility.assert_none(page)

    # Somebody who is not known yet walks in.
    page.goto(f"{served.url}/patients?q=Ana Silva")
    page.get_by_role("link", name="Register a new patient").first.click()
    expect(page.get_by_label("Last name")).to_have_value("Silva")
    accessibility.assert_none(page)
    page.get_by_role("button", name="Register").dblclick()
    expect(page.locator("#toasts")).to_contain_text("The patient is registered")
    page.get_by_role("link", name="Walk-in, now").click()
    page.locator("#times [data-person]").first.click()
    expect(sheet.get_by_label("The patient is here")).to_be_checked()
    sheet.get_by_role("button", name="Book").click()
    expect(page.locator("#toasts")).to_contain_text("Checked in for")
    with clinic.runtime.reading() as session:
        assert session.query(Patient).filter_by(last_name="Silva").count() == 1
        newest = session.query(Appointment).order_by(Appointment.id.desc()).first()
    assert newest is not None
    assert newest.status is Status.CHECKED_IN
    complaints.said = [said for said in complaints.said if "422" not in said]
