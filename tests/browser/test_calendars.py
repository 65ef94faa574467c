"""The calendars in a real browser: a week by keys and by hand, previews before saving, a desk booking, no barriers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from hms.domain.slots import DayOfWeek, WeeklyBlock
from hms.models import Doctor, User
from hms.queries import schedules
from tests.browser.conftest import Accessibility, Complaints, Served, overflow_of
from tests.support.factories import actor_of

WITHIN_MS = 3_000


def week_of(served: Served) -> list[WeeklyBlock]:
    """Return the first doctor's week as it is stored."""
    clinic = served.clinic
    rows = clinic.runtime.read(schedules.week, actor_of(clinic.admin), clinic.doctors[0].id)
    return [row.block for row in rows]


def open_page(served: Served, page: Page, who: str, path: str) -> None:
    """Sign in and open a page, until it listens."""
    clinic = served.clinic
    people: dict[str, User | Doctor] = {
        "admin": clinic.admin,
        "reception": clinic.reception,
        "doctor": clinic.doctors[0],
    }
    served.let_in(page, people[who])
    page.goto(f"{served.url}{path}")
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")


def test_week_is_edited_by_keys_pictured_reviewed_and_saved(served: Served, page: Page) -> None:
    open_page(served, page, "doctor", "/calendar/week")
    before = week_of(served)
    assert before[0].day_of_week is DayOfWeek.MONDAY
    total = int(page.locator(".week-total strong").inner_text())
    end = page.locator("#end-0")
    end.focus()
    end.press("Control+a")
    page.keyboard.type("0700")
    page.keyboard.press("Tab")
    expect(page.locator("#row-0 .wrong")).to_contain_text("must be after the start")
    expect(end).to_have_value("07:00")
    end.fill(f"{before[0].end.hour - 1:02d}:{before[0].end.minute:02d}")
    expect(page.locator("#row-0 .wrong")).to_have_count(0)
    expect(page.locator(".week-total strong")).to_have_text(str(total - 2))
    expect(end).to_be_focused()
    page.wait_for_load_state("networkidle")
    bar = page.locator("#bar-1")
    bar.focus()
    expect(bar).to_be_focused()
    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator("#end-1")).to_have_value(f"{before[1].end.hour - 1:02d}:45")
    expect(bar).to_be_focused()
    assert week_of(served) == before
    page.locator("#review").click()
    expect(page.locator("#sheet")).to_contain_text("slots a week")
    page.locator("#sheet").get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("The weekly hours are saved")
    assert week_of(served)[0].end.hour == before[0].end.hour - 1


def test_block_is_dragged_and_a_new_one_drawn(served: Served, page: Page) -> None:
    open_page(served, page, "doctor", "/calendar/week")
    before = week_of(served)[0]
    hour = page.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('.week-gutter span:nth-child(2)')).height)"
    )
    box = page.locator("#bar-0").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 30, box["y"] + 30 + hour / 2, steps=4)
    page.mouse.up()
    moved = f"{before.start.hour:02d}:30"
    expect(page.locator("#start-0")).to_have_value(moved)
    expect(page.locator("#bar-0 .bar-words").first).to_have_text(moved)
    sunday = page.locator('[data-day="SUNDAY"]')
    rows = page.locator("#day-SUNDAY .hours-row")
    count = rows.count()
    for row in range(count):
        rows.nth(count - 1 - row).get_by_role("button").click()
    expect(rows).to_have_count(0)
    box = sunday.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + hour)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + hour * 3, steps=4)
    page.mouse.up()
    expect(rows).to_have_count(1)
    expect(sunday.locator(".week-slot")).to_have_count(4)
    assert week_of(served)[0] == before  # nothing is saved by drawing


def test_absence_shows_who_is_affected_before_it_is_saved(served: Served, page: Page, complaints: Complaints) -> None:
    open_page(served, page, "doctor", "/calendar/absences")
    page.get_by_label("First day").fill("2026-01-01")
    page.get_by_role("button", name="Show who is affected").click()
    expect(page.locator("#first-wrong")).to_contain_text("cannot start in the past")
    page.get_by_label("Emergency").check()
    expect(page.locator(".emergency-note")).to_be_visible()
    page.get_by_label("First day").fill("2026-01-22")
    page.get_by_role("button", name="Show who is affected").click()
    sheet = page.locator("#sheet")
    expect(sheet).to_contain_text("cancelled at once")
    expect(sheet).to_contain_text("Divya Rao")
    sheet.get_by_role("button", name="Cancel 2 visits and save").click()
    expect(page.locator("#toasts")).to_contain_text("2 visits are cancelled")
    assert all("422" in said for said in complaints.said)
    complaints.said.clear()


def test_desk_books_a_free_time_and_sees_others_changes(served: Served, page: Page) -> None:
    open_page(served, page, "reception", "/calendar")
    page.locator("a.free-entry", has_text="15:30").first.click()
    page.locator("#sheet").get_by_label("Patient", exact=True).fill("grace")
    page.locator("#found").get_by_text("Grace Rao").click()
    page.get_by_role("button", name="Book 15:30").click()
    expect(page.locator("#toasts")).to_contain_text("Grace Rao is booked at 15:30")
    expect(page.locator("#sheet")).to_be_hidden()
    expect(page.locator(".visit-entry", has_text="Grace Rao")).to_have_count(2)
    served.clinic.check_in("Divya")
    expect(page.locator(".visit-entry.is-CHECKED_IN", has_text="Divya")).to_be_visible(timeout=WITHIN_MS)
    page.locator(".visit-entry", has_text="Divya").click()
    page.locator("#sheet").get_by_role("button", name="Undo check-in").click()
    expect(page.locator(".visit-entry.is-CHECKED_IN", has_text="Divya")).to_have_count(0)
    expect(page.locator(".day-grid")).to_be_visible()


@pytest.mark.parametrize("device", ["desk", "phone"])
def test_calendars_have_no_barriers(
    served: Served, accessibility: Accessibility, request: pytest.FixtureRequest, device: str
) -> None:
    page: Page = request.getfixturevalue("page" if device == "desk" else "phone")
    page.emulate_media(color_scheme="dark" if device == "phone" else "light", reduced_motion="reduce")
    for path in ("", "/month", "/week", "/slots", "/absences", "/holidays"):
        open_page(served, page, "admin", f"/calendar{path}")
        accessibility.assert_none(page)
        assert overflow_of(page) <= 0, path
    served.let_in(page, served.clinic.doctors[0])
    page.goto(f"{served.url}/my/calendar")
    page.get_by_role("button", name="Make my address").click()
    expect(page.locator("#address")).to_be_visible()
    accessibility.assert_none(page)
