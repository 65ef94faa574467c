"""One hospital with a doctor, a patient and a receptionist, and short words for what tests of its calendar do."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from hms.access.actors import Actor
from hms.domain.absences import AbsenceType
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.models import Base, Doctor, DoctorAbsence, Hospital, Patient
from hms.runtime import Runtime
from hms.services import bookings
from hms.services.bookings import Book
from tests.support.factories import LONG_AGO, actor_of, make_doctor, make_hospital, make_patient, reception_of

TODAY, FRIDAY = date(2026, 1, 22), date(2026, 1, 23)
NINE = time(9)


class Clinic:
    """One hospital with a doctor, a patient and a receptionist, and short words for what tests do."""

    def __init__(self, runtime: Runtime, **doctor: Any) -> None:
        self.runtime = runtime
        self.hospital: Hospital = make_hospital(runtime)
        self.doctor: Doctor = make_doctor(runtime, self.hospital, **doctor)
        self.patient: Patient = make_patient(runtime, self.hospital, login=True)
        self.reception: Actor = reception_of(runtime, self.hospital)

    def book(self, actor: Actor | None = None, day: date = FRIDAY, start: time = NINE, **values: Any) -> UUID:
        actor = actor or actor_of(self.patient)
        if actor.role is not Role.PATIENT:
            values.setdefault("patient_id", self.patient.id)
        values.setdefault("doctor_id", self.doctor.id)
        return self.runtime.transact(actor, bookings.book, Book(day=day, start=start, **values)).id

    def accepts(self, actor: Actor | None = None, day: date = FRIDAY, start: time = NINE, **values: Any) -> bool:
        return self.book(actor, day, start, **values).version == 7

    def refused(self, actor: Actor | None = None, day: date = FRIDAY, start: time = NINE, **values: Any) -> Code:
        with pytest.raises(DomainError) as caught:
            self.book(actor, day, start, **values)
        return caught.value.code

    def absence(self, **values: Any) -> DoctorAbsence:
        return DoctorAbsence(
            **{
                "hospital_id": self.hospital.id,
                "doctor_id": self.doctor.id,
                "absence_type": AbsenceType.TRAINING,
                "start_date": FRIDAY,
                "end_date": FRIDAY,
                "created_at": LONG_AGO,
            }
            | values
        )

    def another(self, **values: Any) -> Actor:
        return actor_of(make_patient(self.runtime, self.hospital, **values))

    def rows(self, model: type[Base]) -> list[Any]:
        """Return all rows in the order of their keys, which rise with time."""
        with self.runtime.reading() as session:
            return list(session.scalars(select(model).order_by(*model.__table__.primary_key)))

    def change(self, row: Any, **values: Any) -> None:
        with self.runtime.database.writing() as session:
            fresh = session.get_one(type(row), row.id)
            for name, value in values.items():
                setattr(fresh, name, value)
