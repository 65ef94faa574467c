"""The databases that tests share are as good as fresh: empty, with all their guards, and nobody else's leavings."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import DBAPIError

from hms import migrations
from hms.clock import Clocks, FixedClock
from hms.domain.appointments import Status
from hms.models import Base
from hms.runtime import Runtime
from tests.support.clinic import open_clinic
from tests.support.factories import make_hospital
from tests.support.fixtures import NOW
from tests.support.missed_day import dump
from tests.support.plain_sql import PlainSql
from tests.support.swept import Swept, app_on, plain_settings, runtime_on


@pytest.fixture(params=["sqlite", "postgresql"])
def swept(request: pytest.FixtureRequest) -> Swept:
    found: Swept = request.getfixturevalue(f"swept_{request.param}")
    return found


def rows_of(url: str) -> dict[str, int]:
    """Count the rows of every table that has some."""
    engine = create_engine(url)
    with engine.connect() as connection:
        tables = Base.metadata.sorted_tables
        counts = {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    engine.dispose()
    return {name: rows for name, rows in counts.items() if rows}


def test_fresh_database_is_migrated_and_empty(fresh_database: str) -> None:
    assert migrations.is_current(fresh_database)
    assert rows_of(fresh_database) == {}


def test_sweep_leaves_nothing_behind(swept: Swept) -> None:
    with PlainSql.on(swept.empty()) as sql:
        for hour in range(9, 12):
            visit = sql.appointment(f"{hour:02}:00", f"{hour:02}:30")
            sql.event(visit, Status.CHECKED_IN)
        sql.audit("thing.changed")
        sql.run("UPDATE alembic_version SET version_num = 'none'")
    assert {"appointments", "appointment_events", "audit_log", "doctor_days"} <= rows_of(swept.url).keys()
    assert rows_of(swept.empty()) == {}
    assert migrations.is_current(swept.url)


def test_numbers_begin_anew_and_guards_are_awake(swept: Swept) -> None:
    for _ in range(2):
        with PlainSql.on(swept.empty()) as sql:
            sql.audit("thing.changed")
            assert sql.scalar("SELECT seq FROM audit_log") == 1
            for change in ("DELETE FROM audit_log", "UPDATE audit_log SET action = 'x'"):
                with pytest.raises(DBAPIError, match="append-only"):
                    sql.run(change)


def test_shared_schema_cannot_be_changed_on_postgresql(postgresql_database: str) -> None:
    with PlainSql.on(postgresql_database) as sql:
        with sql.together():
            sql.run("CREATE TEMPORARY TABLE passing (id integer)")
            sql.run("DROP TABLE passing")
        for change in (
            "ALTER TABLE audit_log DISABLE TRIGGER USER",
            "CREATE TABLE more (id integer)",
            "DROP TABLE users CASCADE",
        ):
            with pytest.raises(DBAPIError, match="fresh_database"):
                sql.run(change)


def test_shared_schema_is_brought_back_on_sqlite(swept_sqlite: Swept) -> None:
    with PlainSql.on(swept_sqlite.empty()) as sql:
        sql.run("DROP TRIGGER tr_audit_log_no_delete")
    with PlainSql.on(swept_sqlite.empty()) as sql:
        assert sql.scalar("SELECT count(*) FROM sqlite_master WHERE name = 'tr_audit_log_no_delete'") == 1


def test_session_left_open_does_not_reach_the_next_test(swept: Swept) -> None:
    swept.empty()
    forgotten = swept.database.reader.connect()
    assert forgotten.scalar(text("SELECT count(*) FROM hospitals")) == 0
    assert rows_of(swept.empty()) == {}
    assert swept.database.reader.pool.checkedout() == 0  # type: ignore[attr-defined]
    forgotten.invalidate()
    forgotten.close()


def test_kept_application_has_a_new_door_for_each_test(runtime: Runtime) -> None:
    make_hospital(runtime)
    app = app_on(runtime)
    door = app.extensions["hms.door"]
    assert app_on(runtime) is app
    assert app.extensions["hms.door"] is not door


def test_planner_forgets_what_an_earlier_test_had_measured(swept_postgresql: Swept) -> None:
    measured = (
        "SELECT count(*) FROM pg_class WHERE reltuples >= 0 AND relkind = 'r' AND relname IN ('users', 'hospitals')"
    )
    known = "SELECT count(*) FROM pg_stats WHERE schemaname = 'public'"
    with PlainSql.on(swept_postgresql.empty()) as sql:
        sql.run("ANALYZE users")
        assert sql.scalar(measured) == 1
        assert sql.scalar(known) > 0
    with PlainSql.on(swept_postgresql.empty()) as sql:
        assert (sql.scalar(measured), sql.scalar(known)) == (0, 0)


def test_a_remembered_state_comes_back_with_what_was_told_of_it(swept_sqlite: Swept) -> None:
    with PlainSql.on(swept_sqlite.empty()) as sql:
        visit = sql.appointment("09:00", "09:30")
    told = {"visit": visit}
    swept_sqlite.remember("one visit", told)
    before = rows_of(swept_sqlite.url)
    assert rows_of(swept_sqlite.empty()) == {}
    assert swept_sqlite.recall("another") is None
    recalled = swept_sqlite.recall("one visit")
    assert recalled == told
    assert recalled is not told
    assert rows_of(swept_sqlite.url) == before != {}


def test_a_clinic_that_is_recalled_stands_as_one_that_was_opened(swept_sqlite: Swept, tmp_path: Path) -> None:
    def stands() -> list[object]:
        clock = FixedClock(NOW)
        runtime = runtime_on(plain_settings(swept_sqlite.empty(), tmp_path), Clocks(clock, FixedClock(NOW)))
        assert runtime is not None
        clinic = open_clinic(runtime, clock, locale="ta")  # nobody else opens one of this language
        assert "Chidi" in clinic.client(clinic.reception).get("/board").text
        known = (clinic.patients["Divya"].user_id, clinic.doctors[1].id, clinic.hospital.id, clinic.visits)
        return [clock.now(), known, rows_of(swept_sqlite.url), dump(runtime, clinic.hospital)]

    assert stands() == stands()
