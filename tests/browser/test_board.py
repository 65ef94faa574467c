"""Reception's board in a real browser: by mouse, by keys, by others' changes, without a connection."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from hms.domain.appointments import Status
from hms.models import Appointment
from tests.browser.conftest import Accessibility, Complaints, Served

WITHIN_MS = 3_000
"""How soon others' changes must show (rules: open pages follow changes within 3 s)."""


@pytest.fixture
def board(served: Served, page: Page) -> Page:
    """Give the board of the small clinic, open at its reception."""
    served.let_in(page, served.clinic.reception)
    expect(page.get_by_role("heading", level=1)).to_contain_text("22 January")
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")
    return page


def row(page: Page, name: str) -> Locator:
    return page.locator("[data-visit]", has=page.get_by_text(name))


def status(served: Served, name: str) -> Status:
    with served.clinic.runtime.reading() as session:
        found = session.get(Appointment, served.clinic.visits[name])
        assert found is not None
        return found.status


def test_one_click_checks_in_and_undo_takes_it_back(served: Served, board: Page) -> None:
    row(board, "Chidi Okafor").get_by_role("button", name="Check in").click()
    expect(row(board, "Chidi Okafor")).to_contain_text("Here")
    expect(board.locator("#figure-here")).to_contain_text("2")
    assert status(served, "Chidi") is Status.CHECKED_IN
    board.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(row(board, "Chidi Okafor")).to_contain_text("late")
    assert status(served, "Chidi") is Status.SCHEDULED


def test_typed_name_and_enter_check_in(served: Served, board: Page) -> None:
    board.keyboard.press("/")
    expect(board.locator("#q")).to_be_focused()
    board.keyboard.type("chidi")
    board.keyboard.press("Enter")
    expect(board.locator("#toasts")).to_contain_text("Chidi Okafor is here")
    assert status(served, "Chidi") is Status.CHECKED_IN
    expect(board.locator("#q")).to_be_focused()
    expect(board.locator("#q")).to_have_value("")
    expect(board.locator("[data-visit]")).to_have_count(8)
    board.keyboard.type("rao")
    expect(board.locator("[data-visit]")).to_have_count(2)
    expect(board).to_have_url(re.compile(r"q=rao"))
    board.keyboard.press("Enter")
    expect(board.locator("#toasts")).to_contain_text("2 people")


def test_keys_walk_the_list_check_in_and_ask_before_a_mark(served: Served, board: Page) -> None:
    board.keyboard.press("?")
    expect(board.locator("#help")).to_be_visible()
    board.keyboard.press("Escape")
    board.locator("#figure-late").click()
    expect(board.locator("[data-visit]")).to_have_count(1)
    board.keyboard.press("ArrowDown")
    expect(row(board, "Chidi Okafor")).to_be_focused()
    board.keyboard.press("n")
    sheet = board.locator("#sheet")
    expect(sheet).to_contain_text("missed visit number 1 of 3")
    board.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    assert status(served, "Chidi") is Status.SCHEDULED
    row(board, "Chidi Okafor").focus()
    board.keyboard.press("n")
    sheet.get_by_role("button", name="Mark as missed").click()
    expect(board.locator("#toasts")).to_contain_text("marked as missed")
    expect(sheet).to_be_hidden()
    assert status(served, "Chidi") is Status.NO_SHOW
    board.go_back()  # the filter was in the address
    expect(board.locator("[data-visit]")).to_have_count(8)
    expect(board.locator("body")).to_have_attribute("data-ready", "yes")
    row(board, "Divya Rao").focus()
    board.keyboard.press("c")
    expect(row(board, "Divya Rao")).to_contain_text("Here")


def test_others_changes_show_within_three_seconds_and_disturb_nothing(served: Served, board: Page) -> None:
    row(board, "Hiro Tanaka").focus()
    board.evaluate("document.querySelector('#list').scrollTop = 37")
    scrolled = board.evaluate("document.querySelector('#list').scrollTop")
    expect(row(board, "Grace Rao")).to_contain_text("Scheduled")
    served.clinic.check_in("Grace")
    expect(row(board, "Grace Rao")).to_contain_text("Here", timeout=WITHIN_MS)
    expect(row(board, "Hiro Tanaka")).to_be_focused()
    assert board.evaluate("document.querySelector('#list').scrollTop") == scrolled
    row(board, "Asha Menon").get_by_role("link", name="Asha Menon").click()
    expect(board.locator("#sheet")).to_contain_text("What happened")
    served.clinic.check_in("Divya")
    expect(board.locator("#figure-here")).to_contain_text("3", timeout=WITHIN_MS)
    expect(board.locator("#sheet")).to_be_visible()
    expect(board.locator("#news")).to_contain_text("3 Here")


def test_typing_is_not_overtaken_by_others_changes(served: Served, board: Page) -> None:
    board.locator("#q").press_sequentially("tan")
    expect(board.locator("[data-visit]")).to_have_count(1)
    served.clinic.check_in("Hiro")
    expect(row(board, "Hiro Tanaka")).to_contain_text("Here", timeout=WITHIN_MS)
    expect(board.locator("#q")).to_have_value("tan")
    expect(board.locator("#q")).to_be_focused()


def test_stale_click_says_what_happened_meanwhile(served: Served, board: Page, complaints: Complaints) -> None:
    board.route("**/board/live*", lambda route: route.fulfill(status=304))
    served.clinic.check_in("Chidi")
    row(board, "Chidi Okafor").get_by_role("button", name="Check in").click()
    expect(board.locator("#toasts .bad")).to_be_visible()
    expect(row(board, "Chidi Okafor")).to_contain_text("Here")
    assert all("409" in said for said in complaints.said)
    complaints.said.clear()


def test_lost_connection_says_so_and_comes_back(board: Page, complaints: Complaints) -> None:
    expect(board.locator("#connection")).to_be_hidden()
    board.context.set_offline(True)
    expect(board.locator("#connection")).to_be_visible(timeout=6_000)
    expect(board.locator("#connection")).to_contain_text("No connection")
    row(board, "Chidi Okafor").get_by_role("button", name="Check in").click()
    expect(board.locator("#toasts")).to_contain_text("may not be done")
    board.context.set_offline(False)
    expect(board.locator("#connection")).to_be_hidden(timeout=6_000)
    complaints.said.clear()  # the browser's own words about the connection


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_has_no_barriers(board: Page, accessibility: Accessibility, scheme: str) -> None:
    board.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    accessibility.assert_none(board)
    row(board, "Chidi Okafor").get_by_role("link", name="Missed").click()
    expect(board.locator("#sheet")).to_be_visible()
    accessibility.assert_none(board)
    board.keyboard.press("Escape")
    board.get_by_role("link", name="By doctor").click()
    expect(board.locator("tr.group").first).to_contain_text("Dr.")
    row(board, "Asha Menon").get_by_role("link", name="Asha Menon").click()
    expect(board.locator("#sheet")).to_be_visible()
    accessibility.assert_none(board)
