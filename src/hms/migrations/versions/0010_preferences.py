"""How people want to be told, where they cannot be reached, and phone numbers as the world writes them."""

import uuid
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from hms.clock import SystemClock
from hms.phones import country_of, e164

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CHANNELS = ("in_app", "email", "sms")
WAITING = "status IN ('PENDING', 'SENDING')"
UNREADABLE = "This number cannot be read. Write it with its country code, such as +44 20 7946 0000."
AT_ONCE = 1000
TAIL = 9


def upgrade() -> None:
    """Go forward."""
    op.create_table("opt_outs", *_of_person("opt_outs"), sa.Column("created_at", sa.DateTime(True), nullable=False))
    op.create_table(
        "wrong_addresses",
        *_of_person("wrong_addresses"),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("since", sa.DateTime(True), nullable=False),
    )
    op.create_index("ix_wrong_addresses_hospital_id", "wrong_addresses", ["hospital_id", "since", "id"])
    _waiting(["channel", "rank", "hospital_id", "next_attempt_at", "id"])
    _phones()


def downgrade() -> None:
    """Go back. Numbers stay as they are written now."""
    _waiting(["rank", "next_attempt_at", "id"])
    op.drop_table("wrong_addresses")
    op.drop_table("opt_outs")


def _of_person(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hospital_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("channel", _channel(), nullable=False),
        sa.CheckConstraint("(patient_id IS NULL) <> (user_id IS NULL)", name="person"),
        sa.ForeignKeyConstraint(["hospital_id"], ["hospitals.id"], name=f"fk_{table}_hospital_id"),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=f"fk_{table}_patient_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{table}_user_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("patient_id", "channel", name=f"uq_{table}_patient_id_channel"),
        sa.UniqueConstraint("user_id", "channel", name=f"uq_{table}_user_id_channel"),
    ]


def _channel() -> sa.Enum:
    return sa.Enum(*CHANNELS, name="channel", native_enum=False, length=24, create_constraint=True)


def _waiting(columns: list[str]) -> None:
    """Lay the index of what waits anew: claims ask hospital by hospital, so that none waits for another."""
    op.drop_index("ix_outgoing_messages_waiting", "outgoing_messages")
    op.create_index(
        "ix_outgoing_messages_waiting",
        "outgoing_messages",
        columns,
        sqlite_where=sa.text(WAITING),
        postgresql_where=sa.text(WAITING),
    )


def _phones() -> None:
    """Write all numbers as the world does; one that cannot be read stays, and goes onto the list of wrong addresses."""
    link = op.get_bind()
    table = sa.table("hospitals", sa.column("id", sa.Uuid()), sa.column("timezone"), sa.column("locale"))
    hospitals = link.execute(sa.select(table.c.id, table.c.timezone, table.c.locale))
    country = {row.id: country_of(row.timezone, row.locale) for row in hospitals}
    now = SystemClock().now()
    for person in ("patient", "user"):
        for rows in _numbers(link, f"{person}s"):
            written = [(row, e164(row.phone, country[row.hospital_id])) for row in rows]
            _write(link, person, [(row, new) for row, new in written if new and new != row.phone])
            _list(link, person, [row for row, new in written if not new], now)


def _numbers(link: sa.Connection, table: str) -> Iterator[list[sa.Row[Any]]]:
    people = _people(table)
    after = None
    while True:
        some = sa.select(people).where(people.c.phone.is_not(None), people.c.phone != "").order_by(people.c.id)
        rows = link.execute((some if after is None else some.where(people.c.id > after)).limit(AT_ONCE)).all()
        if not rows:
            return
        yield list(rows)
        after = rows[-1].id


def _people(table: str) -> sa.TableClause:
    words = ("phone", "search_text", "phone_tail") if table == "patients" else ("phone",)
    columns = [*(sa.column(name, sa.Uuid()) for name in ("id", "hospital_id")), *(sa.column(name) for name in words)]
    return sa.table(table, *columns)


def _write(link: sa.Connection, person: str, changed: list[tuple[sa.Row[Any], str]]) -> None:
    people = _people(f"{person}s")
    for row, phone in changed:
        values = {"phone": phone}
        if person == "patient":
            searched = row.search_text.removesuffix(_digits(row.phone)) + _digits(phone)
            values |= {"search_text": searched, "phone_tail": _digits(phone)[-TAIL:]}
        link.execute(people.update().where(people.c.id == row.id).values(values))


def _list(link: sa.Connection, person: str, unreadable: list[sa.Row[Any]], now: object) -> None:
    own = f"{person}_id"
    wrong = sa.table(
        "wrong_addresses",
        *(sa.column(name, sa.Uuid()) for name in ("id", "hospital_id", own)),
        *(sa.column(name, sa.String()) for name in ("channel", "address", "reason")),
        sa.column("since", sa.DateTime(True)),
    )
    rows = [
        {
            "id": uuid.uuid4(),
            "hospital_id": row.hospital_id,
            own: row.id,
            "channel": "sms",
            "address": row.phone,
            "reason": UNREADABLE,
            "since": now,
        }
        for row in unreadable
    ]
    if rows:
        link.execute(wrong.insert(), rows)


def _digits(phone: str) -> str:
    return "".join(c for c in phone if c.isdigit())
