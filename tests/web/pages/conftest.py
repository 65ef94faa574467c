"""The clinic whose pages are asked for."""

from __future__ import annotations

import pytest

from hms.clock import FixedClock
from hms.runtime import Runtime
from tests.support.clinic import Clinic, open_clinic


@pytest.fixture
def database(sqlite_database: str) -> str:
    """Give SQLite alone: what pages add does not depend on the engine; their queries are tested on both."""
    return sqlite_database


@pytest.fixture
def clinic(runtime: Runtime, clock: FixedClock) -> Clinic:
    """Give a small clinic at 10:40."""
    return open_clinic(runtime, clock)
