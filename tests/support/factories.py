"""Rows that tests start from, written straight into the tables: one call a noun, sensible defaults.

`hospital = make_hospital(runtime)`, then `doctor = make_doctor(runtime, hospital)`, `patient = make_patient(…)`,
`login = make_user(…)`; `actor_of(…)` gives who acts. Slots and appointments come from the services themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import count
from typing import Any
from uuid import UUID

from hms.access.actors import Actor
from hms.domain.people import PatientStatus, Role, patient_search_text, phone_tail
from hms.domain.slots import DayOfWeek
from hms.models import Doctor, DoctorSchedule, Hospital, HospitalHoliday, Patient, User
from hms.runtime import Runtime

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
WEEKDAYS = tuple(DayOfWeek)[:5]
EVERY_DAY = tuple(DayOfWeek)
_number = count(1)


def add(runtime: Runtime, *rows: object) -> None:
    """Write rows past all services."""
    with runtime.database.writing() as session:
        session.add_all(rows)


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
    start, end = pause or (None, None)
    add(
        runtime,
        *(
            DoctorSchedule(
                hospital_id=hospital.id,
                doctor_id=doctor.id,
                day_of_week=day,
                start_time=hours[0],
                end_time=hours[1],
                break_start=start,
                break_end=end,
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
