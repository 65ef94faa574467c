"""What revision 0013 does with the figures that are kept already."""

from __future__ import annotations

from hms import migrations
from hms.models import FigureDay
from tests.support.plain_sql import PlainSql

COUNTED = [column.name for column in FigureDay.__table__.columns if not column.primary_key]


def test_days_kept_before_wait_to_be_counted_again(database: str) -> None:
    migrations.downgrade(database, "0012")
    with PlainSql.on(database) as sql:
        sql.appointment("09:00", "09:30")
        sql.run("INSERT INTO figure_progress (hospital_id, through) SELECT id, '2026-01-23' FROM hospitals")
        for day in ("2026-01-22", "2026-01-23"):
            numbers = ", ".join("1" for _ in COUNTED)
            columns = ", ".join(COUNTED)
            sql.run(
                f"INSERT INTO figure_hospital_days (hospital_id, day, {columns}) "
                f"SELECT id, '{day}', {numbers} FROM hospitals"
            )
        sql.run("DELETE FROM figure_marks")
    migrations.upgrade(database)
    with PlainSql.on(database) as sql:
        assert sql.scalar("SELECT count(DISTINCT day) FROM figure_marks") == 2
        assert sql.scalar("SELECT count(*) FROM figure_patients") == 0
    migrations.downgrade(database, "0012")
    with PlainSql.on(database) as sql:
        assert sql.scalar("SELECT count(*) FROM figure_hospital_days") == 2
    migrations.upgrade(database)
    assert migrations.is_current(database)
