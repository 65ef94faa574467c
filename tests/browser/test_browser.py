"""The browser that the other tests here drive is real, and hears what pages complain about."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Accessibility, Complaints

GOOD = """<!doctype html><html lang="en"><title>Queue</title><main><h1>Queue</h1>
<button onclick="this.textContent = 'Here'">Check in</button></main></html>"""


def test_click_changes_the_page(page: Page) -> None:
    page.set_content(GOOD)
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_role("button")).to_have_text("Here")


def test_phone_is_a_phone(phone: Page) -> None:
    phone.set_content("<meta name=viewport content='width=device-width'>")
    assert phone.evaluate("[innerWidth, navigator.maxTouchPoints > 0]") == [390, True]


def test_complaints_are_heard(page: Page, complaints: Complaints) -> None:
    page.set_content("<script>console.error('no such patient'); throw new Error('lost')</script>")
    assert sorted(complaints.said) == ["error: no such patient", "thrown: lost"]
    complaints.said.clear()


def test_barriers_are_found(page: Page, accessibility: Accessibility) -> None:
    page.set_content(GOOD.replace("Check in", ""))
    assert any(fault.startswith("button-name") for fault in accessibility.faults(page))
    page.set_content(GOOD)
    accessibility.assert_none(page)
