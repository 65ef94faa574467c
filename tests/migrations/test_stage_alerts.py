"""What revision 0008 does with the rows that it finds."""

from __future__ import annotations

from hms import migrations
from tests.support.plain_sql import PlainSql


def test_who_waits_at_that_moment_is_looked_at_by_the_next_check(database: str) -> None:
    migrations.downgrade(database, "0007")
    with PlainSql.on(database) as sql:
        here, gone, booked = (sql.appointment(f"{hour}:00", f"{hour}:30") for hour in ("09", "10", "11"))
        for visit in (here, gone):
            came = "UPDATE appointments SET status = 'CHECKED_IN', checked_in_at = starts_at WHERE id = :id"
            sql.run(came, id=visit)
        sql.run("UPDATE appointments SET status = 'CANCELLED', holds_slot = false WHERE id = :id", id=gone)
    migrations.upgrade(database)
    with PlainSql.on(database) as sql:
        due = "SELECT count(*) FROM appointments WHERE alert_due_at = starts_at AND id = :id"
        assert [sql.scalar(due, id=visit) for visit in (here, gone, booked)] == [1, 0, 0]
