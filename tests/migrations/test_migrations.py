"""The schema's history runs forward and back, with rows in the tables, and ends where the models are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, create_engine, inspect
from sqlalchemy.exc import DBAPIError

from hms import migrations
from hms.models import Base
from tests.support.plain_sql import PlainSql


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


def test_newest_revision_is_what_the_models_say(database: str) -> None:
    with engine_of(database) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert migrations.is_current(database)


def test_checks_have_the_names_that_the_models_give_them(database: str) -> None:
    with engine_of(database) as engine:
        found = {
            str(check["name"])
            for table in Base.metadata.tables
            for check in inspect(engine).get_check_constraints(table)
        }
    expected = {
        str(constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert found == expected


@pytest.mark.parametrize("revision", ["0004", "0003", "0002", "0001", "base"])
def test_schema_goes_back_and_forward_with_rows_in_it(database: str, revision: str) -> None:
    with PlainSql.on(database) as sql:
        slot = sql.slot("09:00", "09:30")
        sql.appointment("09:00", "09:30", slot=slot)
        sql.notification()
    migrations.downgrade(database, revision)
    assert not migrations.is_current(database)
    migrations.upgrade(database)
    assert migrations.is_current(database)
    with PlainSql.on(database) as sql:
        assert sql.scalar("SELECT count(*) FROM appointments") == (1 if revision in {"0004", "0003", "0002"} else 0)
        assert sql.scalar("SELECT count(*) FROM doctor_slots") == (0 if revision == "base" else 1)


def test_guards_are_back_after_going_back_and_forward(database: str) -> None:
    migrations.downgrade(database, "0001")
    migrations.upgrade(database)
    with PlainSql.on(database) as sql:
        sql.appointment("09:00", "09:30")
        with pytest.raises(DBAPIError, match=r"DUPLICATE_BOOKING|ex_appointments_patient_live"):
            sql.appointment("09:00", "09:30", doctor=sql.doctor())
        sql.audit("something.done")
        with pytest.raises(DBAPIError, match="append-only"):
            sql.run("DELETE FROM audit_log")
    migrations.downgrade(database, "base")
    with engine_of(database) as engine:
        assert set(inspect(engine).get_table_names()) == {"alembic_version"}
