"""Marks by the thousand, copied from one straight in the database, and a process that exports them and weighs itself.

`python -m tests.support.many_marks URL HOSPITAL csv|parquet FEW` tells, as JSON, how much memory it had at its most
after a file of the newest FEW marks and after that of all, in KiB, and how long both files were.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import make_url, update

from hms.access.actors import Actor
from hms.domain.appointments import Status
from hms.domain.no_shows import NoShowReason
from hms.models import Appointment, Hospital, NoShowLog
from hms.processes import no_show_files
from hms.queries import no_shows
from hms.queries.no_shows import LogFilter
from hms.runtime import Runtime, build
from hms.settings import Settings
from tests.support.factories import add, make_doctor, make_hospital, make_patient
from tests.support.visits import make_visit

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Asia/Kolkata")
NEWEST = timedelta(days=400)
NEW_ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}
NUMBERS = {
    "sqlite": "(WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {}) SELECT n FROM n) AS n",
    "postgresql": "generate_series(1, {}) AS n(n)",
}
EARLIER = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', o.triggered_at, '-' || n.n || ' seconds')",
    "postgresql": "o.triggered_at - n.n * interval '1 second'",
}


def make_marks(runtime: Runtime, number: int) -> Hospital:
    """Make a hospital in which so many visits were missed, marked a second apart; nothing checks them."""
    hospital = make_hospital(runtime)
    doctor, patient = make_doctor(runtime, hospital), make_patient(runtime, hospital)
    now = runtime.clocks.hospital.now()
    visit_id = make_visit(runtime, hospital, doctor, patient, now - NEWEST)
    with runtime.database.writing() as session:
        missed = update(Appointment).where(Appointment.id == visit_id)
        session.execute(missed.values(status=Status.NO_SHOW, slot_id=None))
    mark = NoShowLog(
        hospital_id=hospital.id,
        appointment_id=visit_id,
        patient_id=patient.id,
        doctor_id=doctor.id,
        reason=NoShowReason.AUTO_TIMEOUT,
        slot_time=time(9),
        timeout_minutes=30,
        triggered_at=now,
        notes="Was called twice, and did not answer.",
    )
    add(runtime, mark)
    engine, url = runtime.database.dialect, runtime.settings.effective_database_url
    numbers, new_id = NUMBERS[engine].format(number - 1), NEW_ID[engine]
    visits = _copied(Appointment, {"id": new_id}, f"appointments AS o CROSS JOIN {numbers}")
    marks = _copied(
        NoShowLog,
        {"id": new_id, "appointment_id": "n.id", "triggered_at": EARLIER[engine]},
        "no_show_logs AS o CROSS JOIN "
        "(SELECT id, row_number() OVER () AS n FROM appointments WHERE id NOT IN "
        "(SELECT appointment_id FROM no_show_logs)) AS n",
    )
    (_on_sqlite if engine == "sqlite" else _on_postgresql)(url, [visits, marks])
    return hospital


def weigh(url: str, hospital: Hospital, kind: str, few: int) -> Any:
    """Export few marks, then all, in a process of its own, and return what it tells."""
    command = [sys.executable, "-m", "tests.support.many_marks", url, str(hospital.id), kind, str(few)]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(told.stdout.splitlines()[-1])


def main(url: str, hospital: str, kind: str, few: str) -> None:
    """Export and tell."""
    runtime = build(Settings(_env_file=None, database_url=url))
    actor = Actor.system(UUID(hospital))
    write = no_show_files.lines if kind == "csv" else no_show_files.parquet
    newest = runtime.read(no_shows.logs, actor, LogFilter(), None, 1)[0].triggered_at
    told: dict[str, int] = {}
    for name, wanted in {"few": LogFilter(since=newest - timedelta(seconds=int(few) - 1)), "all": LogFilter()}.items():
        told[f"{name}_length"] = sum(len(piece) for piece in write(runtime, actor, wanted, ZONE))
        told[f"{name}_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    runtime.close()
    sys.stdout.write(json.dumps(told) + "\n")


def _copied(model: type[Any], new: dict[str, str], origin: str) -> str:
    names = [column.name for column in model.__table__.columns]
    values = ", ".join(new.get(name, f"o.{name}") for name in names)
    return f"INSERT INTO {model.__tablename__} ({', '.join(names)}) SELECT {values} FROM {origin}"


def _on_sqlite(url: str, statements: list[str]) -> None:
    connection = sqlite3.connect(make_url(url).database or "", isolation_level=None)
    try:
        guards = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        connection.execute("BEGIN IMMEDIATE")
        for (name,) in guards:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        connection.execute("COMMIT")
    finally:
        connection.close()


def _on_postgresql(url: str, statements: list[str]) -> None:
    # Only a superuser may keep triggers and keys out of force; in the tests' cluster it is called postgres.
    address = make_url(url).set(drivername="postgresql", username="postgres")
    with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)
        connection.execute("VACUUM ANALYZE no_show_logs, appointments")


if __name__ == "__main__":
    main(*sys.argv[1:])
