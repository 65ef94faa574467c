"""Plain SQL on a fresh database, once on each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.plain_sql import PlainSql


@pytest.fixture
def sql(database: str) -> Iterator[PlainSql]:
    with PlainSql.on(database) as opened:
        yield opened
