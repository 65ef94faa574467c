"""Rows that tests start from, written straight into the tables: one call a noun, sensible defaults.

`hospital = make_hospital(runtime)`, then `doctor = make_doctor(runtime, hospital)`, `patient = make_patient(…)`,
`login = make_user(…)`; `actor_of(…)` gives who acts. Slots and appointments come from the services themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import cache
from itertools import count
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, inspect
from sqlalchemy.orm import Mapper, make_transient_to_detached

from hms.access.actors import Actor
from hms.domain.people import PatientStatus, Role, patient_search_text, phone_tail
from hms.domain.slots import DayOfWeek
from hms.models import Doctor, DoctorSchedule, Hospital, HospitalHoliday, Patient, User
from hms.models.bulk import Lot, insert_lots
from hms.runtime import Runtime

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
WEEKDAYS = tuple(DayOfWeek)[:5]
EVERY_DAY = tuple(DayOfWeek)
_number = count(1)
_waiting: ContextVar[list[Any] | None] = ContextVar("waiting", default=None)


def add(runtime: Runtime, *rows: object) -> None:
    """Write rows past all services; those of one table after another, in the order in which tables first appear."""
    with in_one_go(runtime) as waiting:
        waiting.extend(_filled(row) for row in rows)


@contextmanager
def in_one_go(runtime: Runtime) -> Iterator[list[Any]]:
    """Write what the block adds at its end, all together: many times faster. Until then nothing of it can be read."""
    if (rows := _waiting.get()) is not None:
        yield rows
        return
    rows = []
    token = _waiting.set(rows)
    try:
        yield rows
    finally:
        _waiting.reset(token)
    by_table: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        by_table.setdefault(type(row), []).append({name: getattr(row, name) for name in _defaults(inspect(row).mapper)})
    with runtime.database.writing() as session:
        insert_lots(session, *(Lot(table, found) for table, found in by_table.items()))
    for row in rows:
        make_transient_to_detached(row)


def _filled(row: Any) -> Any:
    """Give a row what writing it would have given it."""
    for name, default in _defaults(inspect(row).mapper).items():
        if name not in vars(row):
            setattr(row, name, default(None) if callable(default) else default)
    return row


@cache
def _defaults(mapper: Mapper[Any]) -> dict[str, Any]:
    columns = ((attribute.key, attribute.columns[0]) for attribute in mapper.column_attrs)
    numbered = cast(Table, mapper.local_table).autoincrement_column
    return {name: getattr(column.default, "arg", None) for name, column in columns if column is not numbered}


def make_hospital(runtime: Runtime, code: str = "HMS001", timezone: str = "Asia/Kolkata", **settings: Any) -> Hospital:
    """Make a hospital; keywords are policy figures."""
    hospital = Hospital(
        code=code, name=f"{code} General", timezone=timezone, settings=settings, created_at=LONG_AGO, phone="+911234"
    )
    add(runtime, hospital)
    return hospital


def make_user(runtime: Runtime, hospital: Hospital, role: Role, **values: Any) -> User:
    """Make a login; its password hash matches nothing."""
    number = next(_number)
    user = User(
        **{
            "hospital_id": hospital.id,
            "email": f"{role.value.lower()}{number}@{hospital.code.lower()}.example",
            "password_hash": "!",
            "role": role,
            "first_name": role.value.title().replace("_", " "),
            "last_name": f"Nr{number}",
            "created_at": LONG_AGO,
        }
        | values
    )
    add(runtime, user)
    return user


def make_doctor(
    runtime: Runtime,
    hospital: Hospital,
    *,
    days: Sequence[DayOfWeek] = EVERY_DAY,
    hours: tuple[time, time] = (time(9), time(17)),
    pause: tuple[time, time] | None = (time(13), time(14)),
    slot_duration: int = 30,
    **values: Any,
) -> Doctor:
    """Make a doctor with a login and a weekly schedule (09:00-17:00 with a break at 13:00, every day)."""
    with in_one_go(runtime):
        return _make_doctor(runtime, hospital, days, hours, pause or (None, None), slot_duration, values)


def _make_doctor(
    runtime: Runtime,
    hospital: Hospital,
    days: Sequence[DayOfWeek],
    hours: tuple[time, time],
    pause: tuple[time | None, time | None],
    slot_duration: int,
    values: dict[str, Any],
) -> Doctor:
    user = make_user(runtime, hospital, Role.DOCTOR, first_name="Anagha", last_name=f"Vijay{next(_number)}")
    doctor = Doctor(
        **{
            "hospital_id": hospital.id,
            "user_id": user.id,
            "specialization": "General medicine",
            "slot_duration": slot_duration,
            "created_at": LONG_AGO,
        }
        | values
    )
    add(runtime, doctor)
    add(
        runtime,
        *(
            DoctorSchedule(
                hospital_id=hospital.id,
                doctor_id=doctor.id,
                day_of_week=day,
                start_time=hours[0],
                end_time=hours[1],
                break_start=pause[0],
                break_end=pause[1],
            )
            for day in days
        ),
    )
    return doctor


def make_patient(runtime: Runtime, hospital: Hospital, *, login: bool = False, **values: Any) -> Patient:
    """Make a patient with mail and phone, with a login of their own when asked."""
    number = next(_number)
    mrn = f"{hospital.code}-{number:012d}"
    user = make_user(runtime, hospital, Role.PATIENT) if login else None
    row: dict[str, Any] = {
        "hospital_id": hospital.id,
        "user_id": user.id if user else None,
        "mrn": mrn,
        "first_name": "Roy",
        "last_name": f"Anindya{number}",
        "date_of_birth": date(1980, 2, 29),
        "phone": f"+91980000{number:04d}",
        "email": f"patient{number}@example.org",
        "status": PatientStatus.ACTIVE,
        "created_at": LONG_AGO,
    } | values
    row["phone_tail"] = phone_tail(row["phone"])
    row["search_text"] = patient_search_text(row["first_name"], row["last_name"], mrn, row["phone"])
    patient = Patient(**row)
    add(runtime, patient)
    return patient


def make_holiday(runtime: Runtime, hospital: Hospital, day: date, *, is_recurring: bool = False) -> HospitalHoliday:
    """Close the hospital on a day."""
    holiday = HospitalHoliday(
        hospital_id=hospital.id, name="Closed", date=day, is_recurring=is_recurring, created_at=LONG_AGO
    )
    add(runtime, holiday)
    return holiday


def actor_of(someone: User | Doctor | Patient) -> Actor:
    """Return who acts when this person is signed in (a patient without login acts for themself all the same)."""
    if isinstance(someone, Doctor):
        return Actor(someone.hospital_id, Role.DOCTOR, user_id=someone.user_id, doctor_id=someone.id)
    if isinstance(someone, Patient):
        return Actor(someone.hospital_id, Role.PATIENT, user_id=someone.user_id, patient_id=someone.id)
    return Actor(someone.hospital_id, someone.role, user_id=someone.id)


def admin_of(runtime: Runtime, hospital: Hospital) -> Actor:
    """Make an admin and return them as actor."""
    return actor_of(make_user(runtime, hospital, Role.HOSPITAL_ADMIN))


def reception_of(runtime: Runtime, hospital: Hospital) -> Actor:
    """Make a receptionist and return them as actor."""
    return actor_of(make_user(runtime, hospital, Role.RECEPTIONIST))


def in_hospital(actor: Actor, hospital_id: UUID) -> Actor:
    """Return the same actor as if of another hospital."""
    return replace(actor, hospital_id=hospital_id)
