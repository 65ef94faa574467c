"""Patients' pages from right to left, on a phone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from hms.models import Patient
from tests.browser.conftest import Accessibility, Served
from tests.browser.test_patients import assert_fits
from tests.support.clinic import TODAY


def test_a_phone_in_arabic(served: Served, phone: Page, accessibility: Accessibility) -> None:
    clinic = served.clinic
    with clinic.runtime.database.writing() as session:
        session.get_one(Patient, clinic.patients["Divya"].id).language = "ar"
    served.let_in(phone, clinic.patients["Divya"])
    heading = phone.get_by_role("heading", name="مواعيدي")
    expect(heading).to_be_visible()
    box = heading.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] > 300  # it begins at the right
    times = f"/book/{clinic.doctors[0].id}"
    for path in ("/", "/book", times, f"{times}/{TODAY}/14:00", "/notifications", "/my/exports", "/my/no-shows"):
        phone.goto(served.url + path)
        assert phone.locator("html").get_attribute("dir") == "rtl"
        assert_fits(phone)
    accessibility.assert_none(phone)
