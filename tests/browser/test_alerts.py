"""Patients who wait, in a real browser: the panel appears by itself, is heard by readers, and is answered by key."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect

from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import Role
from hms.processes.jobs import run_job
from tests.browser.conftest import Accessibility, Served, assert_fits_a_hand
from tests.support.factories import make_user

WITHIN_MS = 3_000


def test_appears_by_itself_and_is_taken_up_by_key(served: Served, page: Page, accessibility: Accessibility) -> None:
    clinic = served.clinic
    served.let_in(page, make_user(clinic.runtime, clinic.hospital, Role.NURSE))
    panel = page.get_by_role("region", name="Alerts")
    expect(panel).to_be_hidden()
    clinic.check_in("Divya")
    clinic.clock.advance(timedelta(minutes=55))
    run_job(clinic.runtime, clinic.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    expect(panel).to_contain_text("Divya Rao", timeout=WITHIN_MS)
    expect(page.locator("#alert-news")).not_to_be_empty()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        accessibility.assert_none(page)
    waiting = panel.locator("[data-take]")
    before = waiting.count()
    page.keyboard.press("a")
    expect(waiting).to_have_count(before - 1)
    expect(panel).to_contain_text("sees to it")
    panel.get_by_role("button", name="Sound is off").click()
    expect(panel.get_by_role("button", name="Sound is on")).to_have_attribute("aria-pressed", "true")
    page.set_viewport_size({"width": 390, "height": 844})
    assert_fits_a_hand(page)
