"""Workers and beats, each on a database of its own: they may outlive a test that fails."""

from __future__ import annotations

import pytest


@pytest.fixture
def database(fresh_database: str) -> str:
    """Give each worker a database of its own."""
    return fresh_database
