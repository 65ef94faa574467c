"""The dashboard in a real browser: charts drawn in every light, meanings by hover and keyboard, no barriers."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect

from hms.domain.job_runs import JobName, RunSource
from hms.processes.jobs import run_job
from tests.browser.conftest import Accessibility, Served, assert_fits_a_hand

DRAWN = "canvas => canvas.toDataURL()"
BLANK = """canvas => {
    const { width, height } = canvas;
    return Object.assign(document.createElement("canvas"), { width, height }).toDataURL();
}"""
IS_ANOTHER = "before => document.querySelector('canvas[data-chart]').toDataURL() !== before"


def test_charts_are_drawn_and_words_explained(served: Served, page: Page, accessibility: Accessibility) -> None:
    clinic = served.clinic
    clinic.clock.advance(timedelta(hours=9))
    run_job(clinic.runtime, clinic.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    served.let_in(page, clinic.admin)
    page.get_by_role("link", name="Dashboard").click()
    canvases = page.locator("canvas[data-chart]")
    assert canvases.count() >= 3
    for number in range(canvases.count()):
        assert canvases.nth(number).evaluate(DRAWN) != canvases.nth(number).evaluate(BLANK)
    accessibility.assert_none(page)
    light = canvases.first.evaluate(DRAWN)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.wait_for_function(IS_ANOTHER, arg=light)
    dark = canvases.first.evaluate(DRAWN)
    page.emulate_media(media="print", color_scheme="dark", reduced_motion="reduce")
    page.wait_for_function(IS_ANOTHER, arg=dark)  # dark ink on paper
    assert canvases.first.evaluate(DRAWN) != canvases.first.evaluate(BLANK)
    expect(page.get_by_role("button", name="Show", exact=True)).to_be_hidden()
    page.emulate_media(media="screen", color_scheme="dark", reduced_motion="reduce")
    accessibility.assert_none(page)

    word = page.get_by_role("button", name="Utilisation").first
    meaning = page.locator(".tile .term-meaning", has_text="Booked time among the time offered.")
    expect(meaning).to_be_hidden()
    word.hover()
    expect(meaning).to_be_visible()
    page.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    page.mouse.move(0, 0)
    word.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    expect(word).to_be_focused()
    expect(meaning).to_be_visible()
    page.locator("summary", has_text="Numbers: Visits and no-shows").click()
    expect(page.get_by_role("table").first).to_be_visible()
    assert_fits_a_hand(page)
