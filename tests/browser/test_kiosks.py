"""The kiosk on a tablet and on a phone, by touch and by a card reader."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from hms.models import Hospital
from tests.browser.conftest import Accessibility, Complaints, Served
from tests.browser.test_patients import assert_fits


@pytest.fixture
def kiosk(served: Served) -> str:
    """Give the address of a kiosk that is switched on."""
    with served.clinic.runtime.database.writing() as session:
        session.get_one(Hospital, served.clinic.hospital.id).settings = {"kiosk_check_in": True}
    return f"{served.url}/kiosk/HMS001"


def test_checks_in_by_touch_and_forgets(
    served: Served, kiosk: str, phone: Page, accessibility: Accessibility, complaints: Complaints
) -> None:
    phone.clock.install()
    phone.goto(kiosk)
    assert_fits(phone)
    accessibility.assert_none(phone)
    expect(phone.get_by_label("Patient number")).to_be_focused()
    phone.get_by_label("Patient number").fill(served.clinic.patients["Divya"].mrn)
    phone.get_by_role("button", name="I am here").tap()
    expect(phone.get_by_text("Enter the day, month and year")).to_be_visible()
    assert_fits(phone)
    accessibility.assert_none(phone)

    # As a card reader does: the number, then Enter; the birth date goes on from field to field.
    phone.get_by_label("Patient number").press("Enter")
    expect(phone.get_by_label("Day")).to_be_focused()
    phone.keyboard.type("29021980")
    phone.get_by_role("button", name="I am here").tap()
    expect(phone.get_by_role("heading", name="You are checked in")).to_be_visible()
    assert_fits(phone)
    accessibility.assert_none(phone)
    phone.clock.fast_forward(20_000)
    expect(phone.get_by_label("Patient number")).to_have_value("")
    complaints.said[:] = [line for line in complaints.said if "422" not in line]  # of the half-filled form


def test_makes_room_for_the_next_patient(kiosk: str, page: Page) -> None:
    page.clock.install()
    page.goto(kiosk)
    page.get_by_label("Patient number").fill("HMS001-MKEV")
    page.clock.fast_forward(89_000)
    page.get_by_label("Day").fill("2")
    page.clock.fast_forward(89_000)
    expect(page.get_by_label("Patient number")).to_have_value("HMS001-MKEV")
    page.clock.fast_forward(1_000)
    expect(page.get_by_label("Patient number")).to_have_value("")
