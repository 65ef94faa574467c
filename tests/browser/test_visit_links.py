"""What links in messages open, on a phone: confirm, move and cancel without signing in; signing up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hms.models import Appointment
from tests.browser.conftest import Accessibility, Complaints, Served
from tests.browser.test_patients import assert_fits
from tests.support.mailed import Mailbox
from tests.support.visits import reload

SHOTS = os.environ.get("HMS_TEST_SHOTS", "")


@pytest.fixture
def mailbox(served: Served) -> Mailbox:
    return Mailbox(served.clinic.runtime)


def look(page: Page, accessibility: Accessibility, name: str, heading: str) -> None:
    """Hold a page to the house's look; with HMS_TEST_SHOTS set to a folder, keep its picture there."""
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    page.wait_for_load_state()
    assert_fits(page)
    accessibility.assert_none(page)
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def test_confirm_move_and_cancel_by_the_link(
    served: Served, phone: Page, mailbox: Mailbox, accessibility: Accessibility, complaints: Complaints
) -> None:
    token = mailbox.token(served.clinic.patients["Divya"].email or "", "Appointment Booked")
    phone.goto(f"{served.url}/v/{token}")
    look(phone, accessibility, "visit", "Will you come?")
    phone.get_by_role("button", name="I will come").tap()
    look(phone, accessibility, "confirmed", "Thank you, we expect you")

    phone.get_by_role("link", name="Choose another time").tap()
    look(phone, accessibility, "times", "Choose another time")
    phone.get_by_role("link", name="15:30", exact=True).tap()
    look(phone, accessibility, "move", "Is this right?")
    phone.get_by_role("button", name="Move the visit").tap()
    expect(phone.get_by_role("heading", name="Your visit is moved")).to_be_visible()

    phone.get_by_role("link", name="Cancel the visit").tap()
    look(phone, accessibility, "cancel", "Cancel this visit?")
    phone.get_by_role("button", name="Yes, cancel it").tap()
    look(phone, accessibility, "cancelled", "This visit is cancelled")
    assert reload(served.clinic.runtime, Appointment, served.clinic.visits["Divya"]).status == "CANCELLED"

    phone.goto(f"{served.url}/v/{token}")
    look(phone, accessibility, "gone", "This link has ended")
    complaints.said[:] = [line for line in complaints.said if "410" not in line]


def test_the_same_from_right_to_left(
    served: Served, phone: Page, mailbox: Mailbox, accessibility: Accessibility
) -> None:
    divya = served.clinic.patients["Divya"]
    token = mailbox.token(divya.email or "", "Appointment Booked")
    with served.clinic.runtime.database.writing() as session:
        session.merge(divya).language = "ar"
    phone.goto(f"{served.url}/v/{token}")
    look(phone, accessibility, "visit-ar", "هل ستحضر؟")
    assert phone.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "rtl"
    phone.get_by_role("link", name="اختيار وقت آخر").tap()
    look(phone, accessibility, "times-ar", "اختيار وقت آخر")
    phone.get_by_role("link", name="3:30 م", exact=True).tap()
    look(phone, accessibility, "move-ar", "هل هذا صحيح؟")
    phone.get_by_role("button", name="تغيير الموعد").tap()
    expect(phone.get_by_role("heading", name="تم تغيير موعدك")).to_be_visible()


def test_sign_up_and_forget_the_password(
    served: Served, phone: Page, mailbox: Mailbox, accessibility: Accessibility
) -> None:
    mailbox.fetch()
    phone.goto(f"{served.url}/sign-in")
    phone.get_by_role("link", name="Sign up").tap()
    look(phone, accessibility, "sign-up", "Sign up")
    for label, text in (
        ("Hospital code", "hms001"),
        ("First name", "Zoë"),
        ("Last name", "Ångström"),
        ("Date of birth", "1990-02-28"),
        ("Email address", "zoe@home.example"),
        ("Password", "correct horse battery"),
    ):
        phone.get_by_label(label, exact=True).fill(text)
    phone.get_by_role("button", name="Sign up").tap()
    look(phone, accessibility, "sent", "Look into your mailbox")
    token = mailbox.token("zoe@home.example", "Confirm Your Email Address")
    phone.goto(f"{served.url}/verify/{token}")
    look(phone, accessibility, "verify", "Confirm your address")
    phone.get_by_label("Password").fill("correct horse battery")
    phone.get_by_role("button", name="Confirm and sign in").tap()
    expect(phone.get_by_role("heading", name="My visits")).to_be_visible()

    phone.context.clear_cookies()
    phone.goto(f"{served.url}/sign-in")
    phone.get_by_role("link", name="Forgotten your password?").tap()
    look(phone, accessibility, "forgot", "Forgotten your password?")
    phone.get_by_label("Email address").fill("zoe@home.example")
    phone.get_by_role("button", name="Send the link").tap()
    expect(phone.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    phone.goto(f"{served.url}/reset/{mailbox.token('zoe@home.example', 'Choose a New Password')}")
    look(phone, accessibility, "reset", "Choose a new password")
    phone.get_by_label("New password").fill("another long password")
    phone.get_by_role("button", name="Change the password").tap()
    expect(phone.get_by_text("Your password is changed")).to_be_visible()
