"""What revision 0007 does with the patients that it finds."""

from __future__ import annotations

from hms import migrations
from hms.domain.people import phone_tail
from tests.support.plain_sql import PlainSql

PHONES = ("+46 70 123 45 67", "0046701234567", "(030) 12.34/56-7", "1234567", "123456", "+", None)


def test_stored_phone_numbers_are_compared_as_new_ones(database: str) -> None:
    migrations.downgrade(database, "0006")
    with PlainSql.on(database) as sql:
        ids = {sql.patient(): phone for phone in PHONES}
        for patient, phone in ids.items():
            values = {"id": patient, "phone": phone, "email": "ZOE@home.example"}
            sql.run("UPDATE patients SET phone = :phone, email = :email WHERE id = :id", **values)
    migrations.upgrade(database)
    with PlainSql.on(database) as sql:
        for patient, phone in ids.items():
            found = sql.run("SELECT phone_tail, email FROM patients WHERE id = :id", id=patient)
            assert [tuple(row) for row in found] == [(phone_tail(phone), "zoe@home.example")], phone
    migrations.downgrade(database, "0006")
    migrations.upgrade(database)
    assert migrations.is_current(database)
