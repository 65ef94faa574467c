"""Write past all code: plain SQL on a small hospital (a doctor, a patient), to meet the schema's last guards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from hms.domain.appointments import LIVE, Status
from hms.domain.errors import Code
from hms.models.engines import Database, open_database
from hms.models.guards import violated

DAY = "2026-01-23"
NOW = f"{DAY} 00:00:00.000000"
_number = count(1)


def refusal(error: DBAPIError) -> Code | None:
    """Return what the house calls this refusal."""
    return violated(error)


class PlainSql:
    """One hospital in a fresh database. Times of day are UTC; values travel as text that both engines read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: Connection | None = None
        self.is_sqlite = database.dialect == "sqlite"
        self.hospital = self.another_hospital()
        self.first_doctor, self.first_patient = self.doctor(), self.patient()

    @classmethod
    @contextmanager
    def on(cls, url: str) -> Iterator[PlainSql]:
        """Open a fresh database until the end of the block."""
        database = open_database(url, sqlite_synchronous="OFF")
        try:
            yield cls(database)
        finally:
            database.dispose()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Run the block's statements in one transaction; otherwise each is its own."""
        with self._database.writer.begin() as connection:
            self._open = connection
            try:
                yield
            finally:
                self._open = None

    def run(self, statement: str, **values: Any) -> Any:
        """Run a statement with ``:name`` parameters."""
        if not self.is_sqlite:
            statement = re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement)
        if self._open is not None:
            return self._open.exec_driver_sql(statement, values)
        with self._database.writer.begin() as connection:
            result = connection.exec_driver_sql(statement, values)
            return result.all() if result.returns_rows else None

    def scalar(self, statement: str, **values: Any) -> Any:
        """Run a query for one value."""
        return self.run(statement, **values)[0][0]

    def insert(self, table: str, **values: Any) -> str:
        """Insert a row; ``id`` is made up unless given, and returned."""
        columns = ", ".join(values)
        self.run(f"INSERT INTO {table} ({columns}) VALUES ({', '.join(f':{name}' for name in values)})", **values)
        return str(values.get("id"))

    def write_over(self, table: str, columns: str, **changes: Any) -> None:
        """Insert a table's rows once more with some columns changed: what is there must give way.

        SQLite's own way to do so deletes the old row without asking the triggers of deletions.
        """
        names = f"{columns}, {', '.join(changes)}"
        rows = f"SELECT {columns}, {', '.join(f':{name}' for name in changes)} FROM {table}"
        if self.is_sqlite:
            self.run(f"INSERT OR REPLACE INTO {table} ({names}) {rows}", **changes)
            return
        key = columns.partition(",")[0]
        new = ", ".join(f"{name} = excluded.{name}" for name in changes)
        self.run(f"INSERT INTO {table} ({names}) {rows} ON CONFLICT ({key}) DO UPDATE SET {new}", **changes)

    @staticmethod
    def new_id() -> str:
        """Make an identifier as both engines read it."""
        return uuid4().hex

    @staticmethod
    def at(wall: str, day: str = DAY) -> str:
        """Write an instant."""
        return f"{day} {wall}:00.000000"

    def another_hospital(self) -> str:
        """Insert a hospital."""
        values = {"code": f"H{next(_number)}", "name": "General", "timezone": "UTC", "locale": "en", "address": ""}
        rest = {"phone": "", "email": "", "settings": "{}", "version": 1, "created_at": NOW}
        return self.insert("hospitals", id=self.new_id(), **values, **rest)

    def _user(self) -> str:
        values = {"email": f"u{next(_number)}@example.org", "password_hash": "!", "role": "DOCTOR", "language": "en"}
        rest = {"first_name": "A", "last_name": "B", "is_active": True, "version": 1, "created_at": NOW}
        return self.insert("users", id=self.new_id(), hospital_id=self.hospital, **values, **rest)

    def doctor(self) -> str:
        """Insert a doctor with a login."""
        values = {"specialization": "Eyes", "slot_duration": 30, "max_patients_per_day": 30, "is_available": True}
        rest = {"user_id": self._user(), "hospital_id": self.hospital, "version": 1, "created_at": NOW}
        return self.insert("doctors", id=self.new_id(), **values, **rest)

    def patient(self) -> str:
        """Insert a patient."""
        values = {"mrn": f"M{next(_number)}", "first_name": "A", "last_name": "B", "sex": "UNKNOWN", "language": "en"}
        state = {"status": "ACTIVE", "no_show_count": 0, "blocked_by_count": False, "search_text": ""}
        rest = {"hospital_id": self.hospital, "version": 1, "created_at": NOW}
        return self.insert("patients", id=self.new_id(), **values, **state, **rest)

    def slot(self, starts: str, ends: str, day: str = DAY) -> str:
        """Insert a slot of the first doctor."""
        return self.insert(
            "doctor_slots",
            id=self.new_id(),
            hospital_id=self.hospital,
            doctor_id=self.first_doctor,
            blocked_manually=False,
            slot_date=day,
            **self._span(starts, ends, day),
        )

    def appointment(
        self, starts: str, ends: str, day: str = DAY, status: Status = Status.SCHEDULED, **values: Any
    ) -> str:
        """Insert an appointment of the first doctor; each has a patient of its own unless one is named."""
        names = {"doctor": "doctor_id", "patient": "patient_id", "slot": "slot_id", "hospital": "hospital_id"}
        given = {names.get(name, name): value for name, value in values.items()}
        row: dict[str, Any] = {
            "id": self.new_id(),
            "hospital_id": self.hospital,
            "patient_id": self.first_patient,
            "doctor_id": self.first_doctor,
            "status": status.value,
            "appointment_date": day,
            **self._span(starts, ends, day),
            "duration_minutes": 30,
            "booked_at": NOW,
            "no_show_due_at": self.at(ends, day),
            "holds_slot": status in LIVE or status in {Status.COMPLETED, Status.NO_SHOW},
            "under_review": False,
            "imported": False,
            "type": "CONSULTATION",
            "calendar_sequence": 0,
            "version": 1,
            "updated_at": NOW,
        }
        return self.insert("appointments", **row | given)

    def move(self, appointment: str, day: str, starts: str, ends: str) -> None:
        """Reschedule an appointment."""
        span = self._span(starts, ends, day)
        changes = ", ".join(f"{name} = :{name}" for name in span)
        self.run(
            f"UPDATE appointments SET appointment_date = :day, {changes} WHERE id = :id",
            id=appointment,
            day=day,
            **span,
        )

    def booked(self, day: str = DAY) -> int:
        """Read the first doctor's counter of a day."""
        found = self.run(
            "SELECT booked FROM doctor_days WHERE doctor_id = :id AND day = :day", id=self.first_doctor, day=day
        )
        return int(found[0][0]) if found else 0

    def event(self, appointment: str, status: Status, *, is_import: bool = False) -> None:
        """Insert a change of state."""
        values = {"at": NOW, "to_status": status.value, "is_import": is_import}
        self.insert("appointment_events", hospital_id=self.hospital, appointment_id=appointment, **values)

    def audit(self, action: str) -> None:
        """Insert an audit row."""
        values = {"at": NOW, "actor_role": "SYSTEM", "action": action, "entity": "thing", "details": "{}"}
        self.insert("audit_log", hospital_id=self.hospital, entity_id=self.new_id(), **values)

    def job_run(self, job: str, status: str, scheduled_for: str | None = None) -> None:
        """Insert a run row."""
        values = {"job_name": job, "status": status, "scheduled_for": scheduled_for, "started_at": NOW}
        rest = {"heartbeat_at": NOW, "items_processed": 0, "metadata": "{}"}
        self.insert("cron_job_runs", id=self.new_id(), hospital_id=self.hospital, **values, **rest)

    def notification(self) -> str:
        """Insert a notification to the first patient."""
        values = {"type": "X", "title": "X", "message": "X", "priority": "NORMAL", "metadata": "{}", "created_at": NOW}
        who = {"hospital_id": self.hospital, "patient_id": self.first_patient}
        return self.insert("notifications", id=self.new_id(), **who, **values)

    def message(self, notification: str, key: str) -> None:
        """Insert an outgoing message."""
        values = {"key": key, "channel": "email", "status": "PENDING", "rank": 1, "attempts": 0, "queued_at": NOW}
        rest = {"next_attempt_at": NOW, "created_at": NOW, "notification_id": notification}
        self.insert("outgoing_messages", id=self.new_id(), hospital_id=self.hospital, **values, **rest)

    def penalty(self, appointment: str) -> None:
        """Insert a penalty of the first patient."""
        values = {"patient_id": self.first_patient, "email_sent": True, "created_at": NOW}
        whose = {"hospital_id": self.hospital, "appointment_id": appointment}
        self.insert("patient_no_show_penalties", id=self.new_id(), **whose, **values)

    def no_show_log(self, appointment: str) -> None:
        """Insert a no-show log."""
        people = {"patient_id": self.first_patient, "doctor_id": self.first_doctor, "hospital_id": self.hospital}
        values = {"reason": "AUTO_TIMEOUT", "slot_time": "09:00:00.000000", "timeout_minutes": 30, "triggered_at": NOW}
        flags = {"slot_released": False, "notification_sent": True, "justified": False}
        self.insert("no_show_logs", id=self.new_id(), appointment_id=appointment, **people, **values, **flags)

    def _span(self, starts: str, ends: str, day: str) -> dict[str, str]:
        return {
            "start_time": f"{starts}:00.000000",
            "end_time": f"{ends}:00.000000",
            "starts_at": self.at(starts, day),
            "ends_at": self.at(ends, day),
        }
