"""Years of finished visits, written straight into the table: what a hospital has stored when it asks for a day."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, time, timedelta

import psycopg
from sqlalchemy import make_url

from benchmarks.ground import ZONE, Ground, bookable

A_DAY = 28
"""Visits of a doctor's day, as many as it has slots."""

COLUMNS = """id, hospital_id, patient_id, doctor_id, status, appointment_date, start_time, end_time, starts_at, ends_at,
 duration_minutes, booked_at, no_show_due_at, holds_slot, under_review, imported, type, calendar_sequence, version,
 updated_at"""
POSTGRESQL = f"""
INSERT INTO appointments ({COLUMNS})
SELECT gen_random_uuid(), h.id, p.id, d.id, CASE WHEN n.n % 5 = 0 THEN 'NO_SHOW' ELSE 'COMPLETED' END,
 s.at::date, s.at::time, (s.at + interval '15 minutes')::time, s.at AT TIME ZONE h.timezone,
 (s.at + interval '15 minutes') AT TIME ZONE h.timezone, 15, (s.at - interval '7 days') AT TIME ZONE h.timezone,
 (s.at + interval '15 minutes') AT TIME ZONE h.timezone, true, false, true, 'CONSULTATION', 0, 3,
 s.at AT TIME ZONE h.timezone
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n(n)
JOIN bench_doctors d ON d.n = (n.n / %(a_day)s) %% (SELECT count(*) FROM bench_doctors)
JOIN bench_patients p ON p.n = (n.n * 7919) %% (SELECT count(*) FROM bench_patients)
CROSS JOIN hospitals h
CROSS JOIN LATERAL (SELECT %(today)s::timestamp
 - interval '1 day' * (1 + n.n / (%(a_day)s * (SELECT count(*) FROM bench_doctors)))
 + interval '9 hours' + interval '15 minutes' * (n.n %% %(a_day)s) AS at) AS s
"""  # noqa: S608 -- our own columns
SQLITE = f"""
INSERT INTO appointments ({COLUMNS})
WITH RECURSIVE n(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM n WHERE n < :last),
s(n, at) AS (SELECT n, datetime(:today, '-' || (1 + n / (:a_day * :doctors)) || ' days', '+9 hours',
 '+' || (15 * (n % :a_day)) || ' minutes') FROM n)
SELECT lower(hex(randomblob(16))), h.id, p.id, d.id, CASE WHEN s.n % 5 = 0 THEN 'NO_SHOW' ELSE 'COMPLETED' END,
 date(s.at), time(s.at) || '.000000', time(s.at, '+15 minutes') || '.000000',
 datetime(s.at, :utc) || '.000000', datetime(s.at, :utc, '+15 minutes') || '.000000', 15,
 datetime(s.at, :utc, '-7 days') || '.000000', datetime(s.at, :utc, '+15 minutes') || '.000000', 1, 0, 1,
 'CONSULTATION', 0, 3, datetime(s.at, :utc) || '.000000'
FROM s JOIN bench_doctors d ON d.n = (s.n / :a_day) % :doctors
JOIN bench_patients p ON p.n = (s.n * 7919) % :patients
CROSS JOIN hospitals h
"""  # noqa: S608 -- our own columns
NUMBERED = (
    "CREATE TABLE bench_doctors AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM doctors",
    "CREATE TABLE bench_patients AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM patients",
    "CREATE UNIQUE INDEX bench_doctors_n ON bench_doctors (n)",
    "CREATE UNIQUE INDEX bench_patients_n ON bench_patients (n)",
)
FORGET = ("DROP TABLE bench_doctors", "DROP TABLE bench_patients")


def store(ground: Ground, first: int, last: int) -> None:
    """Add the finished visits with numbers ``first`` to ``last``, each of its own time of some doctor's past day.

    Triggers and foreign keys are out of force meanwhile: what they look after is not measured, and takes minutes.
    """
    if ground.engine == "SQLite":
        _sqlite(ground, first, last)
    else:
        _postgresql(ground, first, last)


def as_superuser(ground: Ground) -> str:
    """Return the address for who may keep triggers and keys out of force; in our own cluster it is called postgres."""
    address = make_url(ground.url).set(drivername="postgresql", username="postgres")
    return address.render_as_string(hide_password=False)


def _today() -> date:
    return bookable(1)[0] - timedelta(days=1)


def _postgresql(ground: Ground, first: int, last: int) -> None:
    with psycopg.connect(as_superuser(ground), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        for statement in NUMBERED:
            connection.execute(statement)
        values = {"first": first, "last": last, "a_day": A_DAY, "today": _today()}
        connection.execute(POSTGRESQL.replace("n.n % 5", "n.n %% 5"), values)
        for statement in FORGET:
            connection.execute(statement)
        connection.execute("VACUUM ANALYZE")


def _sqlite(ground: Ground, first: int, last: int) -> None:
    path = make_url(ground.url).database or ""
    zone = datetime.combine(_today(), time(12), ZONE).strftime("%z")
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("PRAGMA cache_size=-200000")
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        connection.execute("BEGIN IMMEDIATE")
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in NUMBERED:
            connection.execute(statement)
        values = {"first": first, "last": last, "a_day": A_DAY, "today": _today().isoformat()}
        counts = {"doctors": len(ground.doctors), "patients": len(ground.patients), "utc": f"-{zone[1:3]}:{zone[3:]}"}
        connection.execute(SQLITE, values | counts)
        for statement in FORGET:
            connection.execute(statement)
        for _, guard in guards:
            connection.execute(guard)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
    finally:
        connection.close()
