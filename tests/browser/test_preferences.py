"""How one wants to be told, the link that declines, and the list of wrong addresses, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from hms.access.links import OptOutLink
from hms.domain.messages import Channel
from hms.models import WrongAddress
from tests.browser.conftest import Accessibility, Served, assert_fits_a_hand
from tests.support.factories import add


def test_a_patient_chooses_on_a_phone(served: Served, phone: Page, accessibility: Accessibility) -> None:
    served.let_in(phone, served.clinic.patients["Divya"])
    phone.get_by_role("link", name="News").click()
    phone.get_by_role("link", name="How we reach you").click()
    phone.get_by_label("Text messages", exact=True).uncheck()
    phone.get_by_role("combobox").select_option("हिन्दी")
    accessibility.assert_none(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_role("status")).to_contain_text("सहेज लिया गया")
    expect(phone.get_by_label("SMS", exact=True)).not_to_be_checked()
    expect(phone.get_by_role("combobox")).to_have_value("hi")


def test_the_link_in_a_mail_declines_and_takes_back(served: Served, phone: Page, accessibility: Accessibility) -> None:
    clinic = served.clinic
    token = clinic.door.links.opt_out_token(OptOutLink(clinic.patients["Divya"].id, True, Channel.EMAIL))
    phone.goto(f"{served.url}/o/{token}")
    accessibility.assert_none(phone)
    phone.get_by_role("button", name="Stop emails").click()
    expect(phone.get_by_role("heading", name="Done: no more emails for Divya")).to_be_visible()
    phone.get_by_role("button", name="Undo").click()
    expect(phone.get_by_role("heading", name="Divya gets emails again")).to_be_visible()


def test_the_desk_mends_an_address(served: Served, page: Page, accessibility: Accessibility) -> None:
    clinic, asha = served.clinic, served.clinic.patients["Asha"]
    wrong = {"hospital_id": clinic.hospital.id, "patient_id": asha.id, "channel": Channel.EMAIL, "address": asha.email}
    add(clinic.runtime, WrongAddress(**wrong, reason="550 5.1.1 No such user", since=clinic.clock.now()))
    served.let_in(page, clinic.reception)
    page.goto(f"{served.url}/wrong-addresses")
    accessibility.assert_none(page)
    assert_fits_a_hand(page)
    page.get_by_label("Email address of Asha Menon", exact=True).fill("asha.menon@home.example")
    page.get_by_role("button", name="Save the email address of Asha Menon").click()
    expect(page.get_by_text("Everybody can be reached")).to_be_visible()
