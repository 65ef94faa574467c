"""A patient's pages on a phone, and signing in."""

from __future__ import annotations

from datetime import time

import pytest
from playwright.sync_api import Page, expect

from hms.access.passwords import hash_password
from hms.domain.people import Role
from tests.browser.conftest import Accessibility, Complaints, Served, overflow_of
from tests.support.clinic import TODAY
from tests.support.factories import actor_of, make_patient, make_user

SMALLEST_TARGET = 44

SMALL_TARGETS = """() => [...document.querySelectorAll('main a, main button, main input, nav a')]
  .filter(e => e.checkVisibility() && !e.closest('p, .skip'))
  .filter(e => { const box = e.getBoundingClientRect(); return Math.min(box.width, box.height) < %d; })
  .map(e => e.outerHTML.slice(0, 120))"""


def assert_fits(page: Page) -> None:
    """Fail if a target is too small for a thumb, the text too small, or the page wider than the screen."""
    page.wait_for_load_state()  # a page can be read before its styles are there
    assert page.evaluate(SMALL_TARGETS % SMALLEST_TARGET) == []
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 17
    assert overflow_of(page) <= 0


@pytest.fixture
def home(served: Served, phone: Page) -> Page:
    """Give a phone on which a patient is signed in."""
    served.let_in(phone, served.clinic.patients["Divya"])
    expect(phone.get_by_role("heading", name="My visits")).to_be_visible()
    return phone


def test_books_in_four_taps(home: Page) -> None:
    assert_fits(home)
    home.get_by_role("link", name="Book a visit").tap()
    home.get_by_role("link", name="11:00").tap()
    home.get_by_role("link", name="14:00").tap()
    home.get_by_role("button", name="Book this visit").tap()
    expect(home.locator("#toasts")).to_contain_text("Thursday 22 January at 14:00")
    expect(home.get_by_role("heading", name="After that")).to_be_visible()
    assert_fits(home)


def test_taken_time_comes_back_with_others(served: Served, home: Page, complaints: Complaints) -> None:
    doctor = served.clinic.doctors[1]
    home.goto(f"{served.url}/book/{doctor.id}")
    home.get_by_role("link", name="14:00").tap()
    home.get_by_label("What is it about?").fill("Palpitations")
    served.clinic.book(actor_of(make_patient(served.clinic.runtime, served.clinic.hospital)), doctor, TODAY, time(14))
    home.get_by_role("button", name="Book this visit").tap()
    expect(home.get_by_role("alert")).to_be_visible()
    expect(home.get_by_role("link", name="14:00")).to_have_count(0)
    home.get_by_role("link", name="14:30").tap()
    expect(home.get_by_label("What is it about?")).to_have_value("Palpitations")
    assert all("409" in said for said in complaints.said)
    complaints.said.clear()


def test_cancels_after_being_asked(home: Page) -> None:
    home.get_by_role("link", name="Cancel").tap()
    expect(home.get_by_role("heading", name="Cancel this visit?")).to_be_visible()
    home.get_by_role("button", name="Yes, cancel it").tap()
    expect(home.locator("#toasts")).to_contain_text("Cancelled: ")
    expect(home.get_by_text("You have no visit ahead.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_has_no_barriers(served: Served, home: Page, accessibility: Accessibility, scheme: str) -> None:
    home.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    doctor, visit = served.clinic.doctors[1].id, served.clinic.visits["Divya"]
    day = TODAY.isoformat()
    for path in (
        "/",
        "/book",
        f"/book/{doctor}",
        f"/book/{doctor}/{day}/14:00",
        f"/book/{doctor}?move={visit}",
        f"/book/{doctor}/{day}/14:00?move={visit}",
        "/notifications",
        f"/my/visits/{visit}/cancel",
    ):
        home.goto(served.url + path)
        accessibility.assert_none(home)
        assert_fits(home)


def test_signs_in_with_errors_beside_the_field(
    served: Served, page: Page, accessibility: Accessibility, complaints: Complaints
) -> None:
    hospital = served.clinic.hospital
    make_user(
        served.clinic.runtime,
        hospital,
        Role.RECEPTIONIST,
        email="front@hms001.example",
        password_hash=hash_password("correct horse battery"),
    )
    page.goto(f"{served.url}/board?state=late")
    accessibility.assert_none(page)
    page.get_by_label("Email address").fill("front@hms001.example")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("do not match")).to_be_visible()
    expect(page.get_by_label("Email address")).to_have_value("front@hms001.example")
    expect(page.get_by_label("Password")).to_be_focused()
    accessibility.assert_none(page)
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Enter")
    expect(page.locator("[data-visit]")).to_have_count(1)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    complaints.said = [said for said in complaints.said if "401" not in said]


def test_staff_pages_have_no_barriers(
    served: Served, page: Page, accessibility: Accessibility, complaints: Complaints
) -> None:
    served.let_in(page, served.clinic.admin)
    for path in (
        "/messages",
        "/notifications",
        "/waiting-room",
        "/nothing-here",
        f"/visits/{served.clinic.visits['Grace']}",
    ):
        page.goto(served.url + path)
        accessibility.assert_none(page)
    complaints.said = [said for said in complaints.said if "404" not in said]
