"""What revision 0010 does with the phone numbers that it finds."""

from __future__ import annotations

from hms import migrations
from hms.domain.people import patient_search_text, phone_tail
from tests.support.plain_sql import PlainSql

PHONES = {
    "+46 70 123 45 67": "+46701234567",
    "098450-12345": "+919845012345",
    "0046701234567": "+46701234567",
    "+919845012345": "+919845012345",
    "12345": None,
    "+": None,
    "": "",
    None: None,
}
"""What a hospital in India had written down, and what becomes of it; None: it stays, and is listed."""


def test_stored_numbers_are_written_anew_and_what_cannot_be_read_is_listed(database: str) -> None:
    migrations.downgrade(database, "0009")
    with PlainSql.on(database) as sql:
        sql.run("UPDATE hospitals SET timezone = 'Asia/Kolkata'")
        ids = {sql.patient(): phone for phone in PHONES}
        for patient, phone in ids.items():
            values = {"tail": phone_tail(phone), "text": patient_search_text("Zoë", "B", "M1", phone)}
            sql.run(
                "UPDATE patients SET phone = :phone, phone_tail = :tail, search_text = :text WHERE id = :id",
                id=patient,
                phone=phone,
                **values,
            )
        sql.run("UPDATE users SET phone = '98450 12345'")
    migrations.upgrade(database)
    with PlainSql.on(database) as sql:
        assert sql.scalar("SELECT count(*) FROM users WHERE phone <> '+919845012345'") == 0
        for patient, before in ids.items():
            after = PHONES[before] if PHONES[before] is not None else before
            found = sql.run("SELECT phone, phone_tail, search_text FROM patients WHERE id = :id", id=patient)
            expected = (after, phone_tail(after), patient_search_text("Zoë", "B", "M1", after))
            assert [tuple(row) for row in found] == [expected], before
        listed = {str(row[0]) for row in sql.run("SELECT address FROM wrong_addresses WHERE channel = 'sms'")}
        assert listed == {"12345", "+"}
    migrations.downgrade(database, "0009")
    migrations.upgrade(database)
    assert migrations.is_current(database)
