"""A real browser: Chromium, headless, driven by Playwright; whatever a page complains about fails its test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from hms.clock import FixedClock
from hms.models import Doctor, Patient, User
from hms.runtime import Runtime
from hms.web.identity import COOKIE
from tests.support.clinic import Clinic, open_clinic, serve

ROOT = Path(__file__).parents[2]
AXE = ROOT / "assets" / "node_modules" / "axe-core" / "axe.min.js"
# A browser in a closed network: it must not look for updates or its maker's services.
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE_MS = 10_000
AXE_DONE = "axe is done"
RUN_AXE = f"""async options => {{
    const found = await axe.run(document, options);
    console.info("{AXE_DONE}");
    return found;
}}"""
# What WCAG 2.2 AA asks, as axe names it.
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Complaints:
    """What pages said on their console as errors, and what they threw."""

    said: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """Keep what a page complains about from now on."""
        page.on("pageerror", lambda error: self.said.append(f"thrown: {error}"))
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append(f"{message.type}: {message.text}")


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Give the session's browser."""
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, *sandbox])
        yield started
        started.close()


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Give what the test's pages complain about; fails the test if anything is left at its end.

    A test that expects a complaint takes it out of `complaints.said`.
    """
    kept = Complaints()
    yield kept
    assert kept.said == []


@contextmanager
def open_context(browser: Browser, complaints: Complaints, **options: Any) -> Iterator[BrowserContext]:
    """Open a window of its own, with its own cookies, whose complaints are kept."""
    context = browser.new_context(locale="en-GB", **options)
    context.set_default_timeout(PATIENCE_MS)
    context.on("page", complaints.listen)
    try:
        yield context
    finally:
        context.close()


@pytest.fixture
def page(browser: Browser, complaints: Complaints) -> Iterator[Page]:
    """Give an empty page on a desk's screen."""
    with open_context(browser, complaints, viewport={"width": 1280, "height": 800}) as context:
        yield context.new_page()


@pytest.fixture
def phone(browser: Browser, complaints: Complaints) -> Iterator[Page]:
    """Give an empty page on a phone with a touch screen."""
    viewport = {"width": 390, "height": 844}
    with open_context(browser, complaints, viewport=viewport, has_touch=True, is_mobile=True) as context:
        yield context.new_page()


class Accessibility:
    """Asks axe-core what keeps people from using a page."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints

    def faults(self, page: Page, *, but: tuple[str, ...] = ()) -> list[str]:
        """Return what axe finds wrong on a page as it stands, leaving out the rules named in `but`."""
        page.wait_for_load_state()  # a page can be read before its styles are there
        page.evaluate(AXE.read_text(encoding="utf-8"))
        options = {"runOnly": STANDARDS, "preload": False, "rules": {rule: {"enabled": False} for rule in but}}
        with page.expect_console_message(lambda message: message.text == AXE_DONE):
            found = page.evaluate(RUN_AXE, options)
        # axe tries styles of its own on the page, which our content security policy forbids.
        said = self._complaints.said
        said[:] = [line for line in said if "Applying inline style" not in line]
        return [
            f"{violation['id']}: {violation['help']}: {node['target']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def assert_none(self, page: Page, *, but: tuple[str, ...] = ()) -> None:
        """Fail if axe finds anything wrong on a page as it stands."""
        assert self.faults(page, but=but) == []


@pytest.fixture
def accessibility(complaints: Complaints) -> Accessibility:
    """Give what checks a page by axe-core: `accessibility.assert_none(page)`."""
    return Accessibility(complaints)


def assert_fits_a_hand(page: Page) -> None:
    """Fail if a page is wider than a phone; the screen is a desk's again afterwards."""
    page.wait_for_load_state()
    desk = page.viewport_size
    assert desk is not None
    page.set_viewport_size({"width": 390, "height": 844})
    assert overflow_of(page) == 0
    page.set_viewport_size(desk)


def overflow_of(page: Page) -> int:
    """Return by how many pixels a page is wider than its screen; a phone zooms out then, and says that all is well."""
    assert page.viewport_size is not None
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width - page.viewport_size["width"]


@dataclass(frozen=True)
class Served:
    """A clinic that is served on a real port."""

    clinic: Clinic
    url: str

    def let_in(self, page: Page, who: User | Doctor | Patient) -> None:
        """Sign somebody in, past the sign-in page, and open the start page."""
        page.context.add_cookies([{"name": COOKIE, "value": self.clinic.cookie(who), "url": self.url}])
        page.goto(self.url)


@pytest.fixture
def database(sqlite_database: str) -> str:
    """Give SQLite alone: a browser can't tell the engines apart."""
    return sqlite_database


@pytest.fixture
def served(runtime: Runtime, clock: FixedClock) -> Iterator[Served]:
    """Give the small clinic at 10:40, served by the real server on a free port."""
    clinic = open_clinic(runtime, clock)
    with serve(clinic.app) as url:
        yield Served(clinic, url)
