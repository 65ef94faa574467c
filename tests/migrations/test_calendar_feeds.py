"""What revision 0005 does with the rows that it finds."""

from __future__ import annotations

from hms import migrations
from tests.support.plain_sql import NOW, PlainSql


def test_of_holidays_of_one_date_the_one_that_closes_most_stays(database: str) -> None:
    migrations.downgrade(database, "0004")
    with PlainSql.on(database) as sql:
        for name, day, recurring, active in (
            ("off", "2026-01-26", True, False),
            ("once", "2026-01-26", False, True),
            ("yearly", "2026-01-26", True, True),
            ("alone", "2026-01-27", False, False),
        ):
            values = {"name": name, "date": day, "is_recurring": recurring, "is_active": active}
            rest = {"hospital_id": sql.hospital, "version": 1, "created_at": NOW}
            sql.insert("hospital_holidays", id=sql.new_id(), **values, **rest)
    migrations.upgrade(database)
    with PlainSql.on(database) as sql:
        assert sql.scalar("SELECT count(*) FROM hospital_holidays") == 2
        assert sql.scalar("SELECT name FROM hospital_holidays WHERE date = '2026-01-26'") == "yearly"
    migrations.downgrade(database, "0004")
    migrations.upgrade(database)
    assert migrations.is_current(database)
