"""The rows of a booking by plain SQL, without a check or a thought: what the database alone could do."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from benchmarks.figures import Figure
from benchmarks.ground import Ground
from tools.services import POSTGRES

SCRIPT = Path(__file__).with_name("booking.sql")
FREE = """
CREATE TABLE bench_todo AS
SELECT s.*, 15 AS minutes, p.id AS patient_id
FROM (SELECT s.*, row_number() OVER (ORDER BY s.start_time, s.slot_date, s.doctor_id) AS n FROM doctor_slots s
      WHERE NOT EXISTS (SELECT 1 FROM appointments a WHERE a.slot_id = s.id AND a.holds_slot)) s
JOIN (SELECT p.id, row_number() OVER (ORDER BY p.id) AS n FROM patients p
      WHERE NOT EXISTS (SELECT 1 FROM appointments a WHERE a.patient_id = p.id)) p ON p.n = s.n
"""
"""Free slots, each with a patient of its own: the guard against overlaps would refuse one patient's."""


def plain_bookings(ground: Ground, seconds: float) -> Figure:
    """Write the same rows for the slots that are left, as fast as the database takes them."""
    what = "  reference: the same rows by plain SQL"
    if ground.engine == "SQLite":
        return Figure(what, _sqlite(ground, seconds), "bookings/s", note="one connection, one commit each")
    return Figure(what, _postgresql(ground, seconds), "bookings/s", note="pgbench, 4 connections, prepared")


def _postgresql(ground: Ground, seconds: float) -> float:
    address = make_url(ground.url).set(drivername="postgresql")
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(FREE)
        connection.execute("CREATE UNIQUE INDEX ON bench_todo (n)")
        connection.execute("CREATE SEQUENCE bench_number")
        connection.execute("ANALYZE")
        row = connection.execute("SELECT count(*) FROM bench_todo").fetchone()
    most = int(row[0]) if row else 0
    # A share of the slots for each client; whatever runs out first, time or slots, ends it.
    transactions = min(most // 4, int(seconds * 1500))
    how = ["--no-vacuum", "--client=4", "--jobs=1", "--protocol=prepared", f"--transactions={transactions}"]
    where = [f"--host={address.host}", f"--port={address.port}", f"--username={address.username}"]
    done = subprocess.run(
        [_pgbench(), *how, f"--file={SCRIPT}", *where, str(address.database)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if found is None:
        raise RuntimeError(f"pgbench said no rate: {done.stdout}")
    return float(found[1])


def _pgbench() -> str:
    beside = Path(POSTGRES.require()) / "pgbench"
    return str(beside) if beside.exists() else shutil.which("pgbench") or "pgbench"


def _sqlite(ground: Ground, seconds: float) -> float:
    statements = [part.strip() for part in _sqlite_script().split(";") if part.strip()]
    path = str(make_url(ground.url).database)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(FREE)
    numbers = [row[0] for row in connection.execute("SELECT n FROM bench_todo")]
    connection.execute("CREATE UNIQUE INDEX bench_todo_n ON bench_todo (n)")
    began = time.monotonic()
    count = 0
    for number in numbers:
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement, {"n": number})
        connection.execute("COMMIT")
        count += 1
        if time.monotonic() - began > seconds:
            break
    rate = count / (time.monotonic() - began)
    connection.close()
    return rate


def _sqlite_script() -> str:
    lines = [line for line in SCRIPT.read_text().splitlines() if not line.startswith(("--", "\\", "BEGIN", "COMMIT"))]
    text = "\n".join(lines).replace("SELECT nextval('bench_number') AS n \\gset", "")
    for postgresql, sqlite in (
        ("gen_random_uuid()", "lower(hex(randomblob(16)))"),
        ("md5(n::text)::uuid", "printf('%032x', n)"),
        ("n::text", "n"),
        ("::json", ""),
        ("true", "1"),
        ("false", "0"),
        ("now()", "'2026-01-01 00:00:00.000000'"),
    ):
        text = text.replace(postgresql, sqlite)
    return text
