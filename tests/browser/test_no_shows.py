"""What admins decide about marks, in a real browser: no barriers on any of the pages, and ticks that count."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect

from hms.domain.job_runs import JobName, RunSource
from hms.processes.jobs import run_job
from tests.browser.conftest import Accessibility, Served, assert_fits_a_hand
from tests.support.clinic import TODAY
from tests.support.factories import make_holiday


def test_pages_have_no_barriers_and_ticks_count(served: Served, page: Page, accessibility: Accessibility) -> None:
    clinic = served.clinic
    clinic.clock.advance(timedelta(minutes=55))
    run_job(clinic.runtime, clinic.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    make_holiday(clinic.runtime, clinic.hospital, TODAY)
    clinic.clock.advance(timedelta(hours=8))
    run_job(clinic.runtime, clinic.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    served.let_in(page, clinic.admin)

    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    for path in ("/settings", "/automation", "/no-shows", "/reviews"):
        page.goto(served.url + path)
        accessibility.assert_none(page)
        assert_fits_a_hand(page)
    page.get_by_label("Tick all").check()
    ticks = page.locator('input[name="visit"]')
    expect(page.locator("[data-count]")).to_have_text(f"({ticks.count()})")
    ticks.first.uncheck()
    expect(page.locator("[data-count]")).to_have_text(f"({ticks.count() - 1})")
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="No-shows").click()
    page.get_by_role("link", name="Open").first.click()
    accessibility.assert_none(page)
