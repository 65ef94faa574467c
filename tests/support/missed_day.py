"""A day on which many patients did not come, the same in every hospital that asks for it, and its rows to compare."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.domain.absences import AbsenceType
from hms.models import (
    Appointment,
    AppointmentEvent,
    AppointmentReview,
    AuditEntry,
    Doctor,
    DoctorAbsence,
    DoctorDay,
    Hospital,
    NoShowLog,
    NoShowPenalty,
    Notification,
    OutgoingMessage,
    Patient,
    User,
)
from hms.runtime import Runtime
from tests.support.factories import LONG_AGO, add, make_doctor, make_hospital, make_patient
from tests.support.visits import make_visit

VISITS_PER_DOCTOR = 20
OLD_DAYS = 4


def make_missed_day(runtime: Runtime, code: str, now: datetime, *, visits: int = 30) -> Hospital:
    """Make a hospital in which ``visits`` appointments are due at ``now``, some of them for a human to decide.

    Patient number n is P<n>; every patient misses some. One doctor was away, one visit is too old, one booked late.
    """
    in_parallel = max(3, visits // VISITS_PER_DOCTOR)
    patients = 4 * in_parallel
    hospital = make_hospital(runtime, code=code, timezone="UTC")
    doctors = [make_doctor(runtime, hospital, slot_duration=15, pause=None) for _ in range(in_parallel)]
    people = [
        make_patient(
            runtime,
            hospital,
            mrn=f"{code}-P{n}",
            first_name="Roy",
            last_name=f"P{n}",
            phone=f"+4400{n}",
            email=f"p{n}@example.org" if n % 5 else None,
        )
        for n in range(patients)
    ]
    add(
        runtime,
        DoctorAbsence(
            hospital_id=hospital.id,
            doctor_id=doctors[-1].id,
            absence_type=AbsenceType.SICK_LEAVE,
            start_date=now.date() - timedelta(days=1),
            end_date=now.date() - timedelta(days=1),
            created_at=LONG_AGO,
        ),
    )
    opening = now.replace(hour=9, minute=0)
    for n in range(visits):
        doctor, patient = doctors[n % in_parallel], people[n % patients]
        make_visit(runtime, hospital, doctor, patient, opening - timedelta(days=1, minutes=-15 * (n // in_parallel)))
    make_visit(runtime, hospital, doctors[0], people[0], opening - timedelta(days=OLD_DAYS))
    make_visit(runtime, hospital, doctors[0], people[1], opening, booked_at=opening + timedelta(minutes=10))
    make_visit(runtime, hospital, doctors[0], people[2], now + timedelta(days=1))
    return hospital


class Rows:
    """A hospital's rows with natural names for identifiers, without instants of their writing."""

    def __init__(self, session: Session, hospital_id: UUID) -> None:
        self._session, self._hospital_id = session, hospital_id
        hospital = session.get_one(Hospital, hospital_id)
        self._names: list[tuple[str, str]] = [(hospital.code, "HOSPITAL")]
        for patient in self._all(Patient):
            self._names.append((str(patient.id), patient.last_name))
        doctors = session.execute(
            select(Doctor, User).join(User, User.id == Doctor.user_id).where(Doctor.hospital_id == hospital_id)
        )
        for number, (doctor, user) in enumerate(sorted(doctors, key=lambda row: int(row[1].last_name[5:]))):  # Vijay9
            self._names.append((str(doctor.id), f"D{number}"))
            self._names.append((f"{user.first_name} {user.last_name}", f"D{number}"))
        for visit in self._all(Appointment):
            self._names.append((str(visit.id), f"visit of {self._name(visit.patient_id)} at {visit.starts_at}"))
        for penalty in self._all(NoShowPenalty):
            self._names.append((str(penalty.id), f"penalty for {self._name(penalty.appointment_id)}"))
        self._names.sort(key=lambda pair: -len(pair[0]))  # Vijay10 before Vijay1

    def dump(self) -> dict[str, list[str]]:
        """Return table → rows as sorted lines."""
        return {
            "appointments": self._lines(
                Appointment, "id", "status", "version", "holds_slot", "under_review", "checked_in_at"
            ),
            "events": self._lines(AppointmentEvent, "appointment_id", "from_status", "to_status", "reason", "actor_id"),
            "logs": self._lines(
                NoShowLog,
                "appointment_id",
                "patient_id",
                "doctor_id",
                "reason",
                "slot_time",
                "timeout_minutes",
                "slot_released",
                "slot_released_at",
                "notification_sent",
                "voided_at",
                "notes",
                "created_by",
            ),
            "penalties": self._lines(NoShowPenalty, "appointment_id", "patient_id", "email_sent", "voided_at"),
            "patients": self._lines(
                Patient, "id", "status", "no_show_count", "blocked_reason", "blocked_by_count", "version"
            ),
            "reviews": self._lines(AppointmentReview, "appointment_id", "reason", "decision"),
            "notifications": self._lines(Notification, "patient_id", "type", "title", "message", "priority"),
            "messages": self._lines(OutgoingMessage, "key", "channel", "status", "address"),
            "audit": self._lines(AuditEntry, "action", "entity", "entity_id", "details", "actor_role"),
            "days": sorted(
                f"{self._name(row.doctor_id)} {row.day} {row.booked}"
                for row in self._session.scalars(
                    select(DoctorDay).join(Doctor).where(Doctor.hospital_id == self._hospital_id)
                )
            ),
        }

    def _all(self, model: type[Any]) -> list[Any]:
        return list(self._session.scalars(select(model).where(model.hospital_id == self._hospital_id)))

    def _lines(self, model: type[Any], *columns: str) -> list[str]:
        rows = [[getattr(row, column) for column in columns] for row in self._all(model) if not _of_a_job(row)]
        return sorted(self._name(json.dumps(row, default=str)) for row in rows)

    def _name(self, text: object) -> str:
        named = str(text)
        for identifier, name in self._names:
            named = named.replace(identifier, name)
        return named


def _of_a_job(row: Any) -> bool:
    # How often the sweep itself died is another matter than what it wrote.
    return isinstance(row, AuditEntry) and row.entity == "job_run"


def dump(runtime: Runtime, hospital: Hospital) -> dict[str, list[str]]:
    """Return all that a sweep may write in a hospital, comparable between hospitals of the same missed day."""
    with runtime.reading() as session:
        return Rows(session, hospital.id).dump()
