"""Migrations change the schema, so each test has a database of its own."""

from __future__ import annotations

import pytest


@pytest.fixture
def database(fresh_database: str) -> str:
    """Give each test a database whose schema it may change."""
    return fresh_database
