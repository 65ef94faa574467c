"""What the engines say, and keep to themselves, when the database refuses something."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hms.runtime import Runtime


def test_an_errors_text_carries_no_parameters(runtime: Runtime) -> None:
    with pytest.raises(DBAPIError) as refused, runtime.database.writing() as session:
        session.execute(text("SELECT * FROM nowhere WHERE name = :name"), {"name": "Roy Anindya"})
    assert "nowhere" in str(refused.value)
    assert "Anindya" not in str(refused.value)
