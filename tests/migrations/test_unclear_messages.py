"""What revision 0014 does with the messages that it finds."""

from __future__ import annotations

from hms import migrations
from tests.support.plain_sql import PlainSql


def test_messages_of_before_count_as_clear_and_stay_when_it_goes_back(database: str) -> None:
    migrations.downgrade(database, "0013")
    with PlainSql.on(database) as sql:
        sql.message(sql.notification(), "told")
    migrations.upgrade(database)
    with PlainSql.on(database) as sql:
        assert sql.scalar("SELECT count(*) FROM outgoing_messages WHERE unclear = 0 AND NOT in_hand") == 1
        sql.run("UPDATE outgoing_messages SET unclear = 1, in_hand = true")
    migrations.downgrade(database, "0013")
    with PlainSql.on(database) as sql:
        assert sql.scalar("SELECT count(*) FROM outgoing_messages") == 1
    migrations.upgrade(database)
    assert migrations.is_current(database)
