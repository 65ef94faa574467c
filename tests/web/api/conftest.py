"""One hospital behind its application."""

from __future__ import annotations

import pytest

from hms.runtime import Runtime
from tests.support.callers import HttpHouse


@pytest.fixture
def house(runtime: Runtime) -> HttpHouse:
    return HttpHouse(runtime)
