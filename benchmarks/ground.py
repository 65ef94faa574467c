"""What measurements stand on: throw-away databases on this machine, with a hospital of doctors and patients in them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from hms import migrations
from hms.access.actors import Actor
from hms.access.passwords import hash_password
from hms.domain.people import PatientStatus, Role
from hms.domain.slots import DayOfWeek
from hms.models import Doctor, DoctorSchedule, Hospital, Patient, User, new_id
from hms.models.bulk import insert_rows
from hms.runtime import Runtime, build
from hms.services import slots
from hms.settings import Settings
from hms.transaction import Work
from tests.support import postgres

ZONE = ZoneInfo("Asia/Kolkata")
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
EMAIL = "reception@bench.example"
PASSWORD = "measured-once"  # noqa: S105 -- of a database that lives for a minute
DURABLE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "autovacuum": "on",
    "shared_buffers": "128MB",
}
"""The tests' cluster forgets all safety to be quick; what is measured here is as safe as production."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One hospital on one database, open to this process."""

    runtime: Runtime
    folder: Path
    hospital_id: UUID
    doctors: tuple[UUID, ...]
    patients: tuple[UUID, ...]

    @property
    def engine(self) -> str:
        """The database's name, as people write it."""
        return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[self.runtime.database.dialect]

    @property
    def url(self) -> str:
        """The database's address."""
        return self.runtime.settings.effective_database_url

    @property
    def actor(self) -> Actor:
        """The system, acting in the hospital."""
        return Actor.system(self.hospital_id)


@contextmanager
def database(engine: str) -> Iterator[tuple[str, Path]]:
    """Give the address of a migrated, empty database and a folder; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="hms-bench-") as name:
        folder = Path(name)
        if engine == "sqlite":
            url = f"sqlite:///{folder / 'hms.db'}"
            migrations.upgrade(url)
            yield url, folder
            return
        postgres.SETTINGS.update(DURABLE)
        with postgres.run_postgres() as server:
            database_name = server.create()
            url = server.url(database_name)
            migrations.upgrade(url)
            try:
                yield url, folder
            finally:
                server.drop(database_name)


@contextmanager
def ground(engine: str, *, doctors: int, patients: int, days: int = 0) -> Iterator[Ground]:
    """Give a hospital whose doctors work every day 09:00-17:00 in slots of 15 minutes, ``days`` of them generated."""
    with database(engine) as (url, folder):
        runtime = build(Settings(_env_file=None, database_url=url, data_dir=folder / "var"))
        hospital_id = new_id()
        ids = tuple(new_id() for _ in range(doctors))
        people = tuple(new_id() for _ in range(patients))
        laid = Ground(runtime, folder, hospital_id, ids, people)
        runtime.transact(laid.actor, _people, laid)
        for doctor_id in ids if days else ():
            runtime.transact(laid.actor, slots.generate, slots.Generate(doctor_id, days))
        try:
            yield laid
        finally:
            runtime.close()


def bookable(days: int) -> list[date]:
    """Return the days from tomorrow on, in the hospital's zone."""
    today = datetime.now(ZONE).date()  # noqa: TID251 -- the servers measured here run on the real time
    return [today + timedelta(days=number) for number in range(1, days + 1)]


def _people(work: Work, laid: Ground) -> None:
    session = work.session
    hospital = {"id": laid.hospital_id}
    common = {"hospital_id": laid.hospital_id, "created_at": LONG_AGO}
    names = {"code": "BENCH1", "name": "Bench", "timezone": ZONE.key, "created_at": LONG_AGO}
    insert_rows(session, Hospital, [hospital | names])
    desk = {"email": EMAIL, "password_hash": hash_password(PASSWORD), "role": Role.RECEPTIONIST}
    logins = [common | desk | {"id": new_id(), "first_name": "Desk", "last_name": "One"}]
    rows, week = [], []
    for number, doctor_id in enumerate(laid.doctors):
        user_id = new_id()
        login = {"email": f"d{number}@bench.example", "password_hash": "!", "role": Role.DOCTOR}
        logins.append(common | login | {"id": user_id, "first_name": "Doctor", "last_name": f"Nr{number}"})
        figures = {"specialization": "Clinic", "slot_duration": 15, "max_patients_per_day": 500}
        rows.append(common | figures | {"id": doctor_id, "user_id": user_id})
        hours = {"start_time": time(9), "break_start": time(13), "break_end": time(14), "end_time": time(17)}
        week += [
            {"hospital_id": laid.hospital_id, "doctor_id": doctor_id, "day_of_week": day} | hours for day in DayOfWeek
        ]
    insert_rows(session, User, logins)
    insert_rows(session, Doctor, rows)
    insert_rows(session, DoctorSchedule, week)
    insert_rows(
        session,
        Patient,
        [
            common
            | {
                "id": patient_id,
                "mrn": f"BENCH1-{number:012d}",
                "first_name": "Patient",
                "last_name": f"Nr{number}",
                "phone": f"+9100{number:08d}",
                "email": f"p{number}@example.org",
                "status": PatientStatus.ACTIVE,
                "search_text": f"patient nr{number}",
            }
            for number, patient_id in enumerate(laid.patients)
        ],
    )
