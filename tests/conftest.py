"""What holds for every test: sockets closed, long ones first, browser tests last, fixtures from tests/support."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.support.sockets import close_sockets

pytest_plugins = ["tests.support.fixtures"]

REPLAY = Path(__file__).parent / "replay"
BROWSER = Path(__file__).parent / "browser"
SETTINGS = ("HMS_", "CRON_API_KEY", "MAIL_", "SMS_URL")
KEPT = ("HMS_TEST_", "HMS_REPLAY_")
SELDOM = (50_000, 20, 50)


def pytest_configure() -> None:
    """Forget the settings of whoever runs the tests, close the sockets, and log errors plainly.

    Unless told otherwise, structlog draws each traceback with all its variables: seconds for one error.
    """
    gc.disable()
    for name in [name for name in os.environ if name.startswith(SETTINGS) and not name.startswith(KEPT)]:
        del os.environ[name]
    close_sockets()
    # A test never fails because the machine is busy.
    settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("house")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put browser tests last, since Playwright leaves an event loop running in the main thread.

    The replay of real days takes longest, so it comes first: the other workers do the rest meanwhile.
    """
    items.sort(key=lambda item: item.path.is_relative_to(BROWSER) - item.path.is_relative_to(REPLAY))


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and never among what was imported: a tenth of all tests' time went there."""
    gc.freeze()
    gc.set_threshold(*SELDOM)
    gc.enable()


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """Take back how a test set logging up: commands do so in this process, and each sets only a part of it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)
