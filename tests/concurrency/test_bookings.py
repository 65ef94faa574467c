"""200 clients in four processes want what only one, or only some, can have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import time
from itertools import cycle, islice
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select

from hms.domain.errors import Code
from hms.domain.people import Sex
from hms.domain.slots import instant_of
from hms.models import Appointment, AppointmentEvent, Base, DoctorDay, DoctorSlot, OutgoingMessage, Patient, new_id
from hms.runtime import Runtime
from hms.services import slots
from tests.support.booker import BOOKED, Bookers, Client
from tests.support.calendars import FRIDAY, NINE, Clinic
from tests.support.factories import LONG_AGO, add, make_doctor
from tests.support.fixtures import NOW

CLIENTS = 200


@pytest.fixture(scope="module")
def bookers() -> Iterator[Bookers]:
    with Bookers() as waiting:
        yield waiting


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


def patients(clinic: Clinic) -> list[UUID]:
    ids = [new_id() for _ in range(CLIENTS)]
    rows = [
        {
            "id": patient_id,
            "hospital_id": clinic.hospital.id,
            "mrn": f"M{number}",
            "first_name": "Roy",
            "last_name": f"Nr{number}",
            "sex": Sex.UNKNOWN,
            "created_at": LONG_AGO,
        }
        for number, patient_id in enumerate(ids)
    ]
    with clinic.runtime.database.writing() as session:
        session.execute(insert(Patient), rows)
    return ids


def raced(bookers: Bookers, clinic: Clinic, url: str, wishes: list[tuple[UUID, UUID, time]]) -> Counter[str]:
    clients = [Client(clinic.reception, patient, doctor, FRIDAY, start) for patient, doctor, start in wishes]
    return Counter(bookers.race(url, NOW, clients))


def count(clinic: Clinic, model: type[Base]) -> int:
    with clinic.runtime.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_one_slot_is_booked_once(bookers: Bookers, clinic: Clinic, database: str) -> None:
    outcomes = raced(bookers, clinic, database, [(patient, clinic.doctor.id, NINE) for patient in patients(clinic)])
    assert outcomes == {BOOKED: 1, Code.SLOT_TAKEN: CLIENTS - 1}
    assert count(clinic, Appointment) == count(clinic, AppointmentEvent) == 1
    assert count(clinic, OutgoingMessage) == 1
    assert count(clinic, DoctorSlot) == 14  # nobody had looked at the day: they all generated it at once


def test_patient_gets_one_of_many_overlapping_times(
    bookers: Bookers, clinic: Clinic, database: str, runtime: Runtime
) -> None:
    doctors = [make_doctor(runtime, clinic.hospital, slot_duration=60) for _ in range(8)]
    wishes = [(clinic.patient.id, doctor.id, NINE) for doctor in islice(cycle(doctors), CLIENTS)]
    assert raced(bookers, clinic, database, wishes) == {BOOKED: 1, Code.DUPLICATE_BOOKING: CLIENTS - 1}
    assert count(clinic, Appointment) == 1


def test_full_day_takes_as_many_as_it_may(bookers: Bookers, runtime: Runtime, database: str) -> None:
    clinic = Clinic(runtime, slot_duration=5, pause=None, hours=(time(8), time(18)), max_patients_per_day=7)
    starts = [time(8 + minute // 60, minute % 60) for minute in range(0, 600, 5)]
    wishes = [
        (patient, clinic.doctor.id, start) for patient, start in zip(patients(clinic), cycle(starts), strict=False)
    ]
    outcomes = raced(bookers, clinic, database, wishes)
    assert outcomes[BOOKED] == 7
    assert set(outcomes) <= {BOOKED, Code.DOCTOR_FULLY_BOOKED, Code.SLOT_TAKEN}
    with runtime.reading() as session:
        assert session.scalars(select(DoctorDay.booked)).all() == [7]


def test_doctor_sees_nobody_in_two_overlapping_slots(
    bookers: Bookers, clinic: Clinic, database: str, runtime: Runtime
) -> None:
    """Slots of two grids that overlap cannot come about; were they there all the same, one would be booked."""
    runtime.transact(clinic.reception, slots.ensure_day, clinic.doctor.id, FRIDAY)
    zone = clinic.hospital.zone
    start, end = time(9, 15), time(9, 45)
    add(
        runtime,
        DoctorSlot(
            hospital_id=clinic.hospital.id,
            doctor_id=clinic.doctor.id,
            slot_date=FRIDAY,
            start_time=start,
            end_time=end,
            starts_at=instant_of(FRIDAY, start, zone),
            ends_at=instant_of(FRIDAY, end, zone),
        ),
    )
    starts = cycle([NINE, start])
    wishes = [(patient, clinic.doctor.id, next(starts)) for patient in patients(clinic)]
    assert raced(bookers, clinic, database, wishes) == {BOOKED: 1, Code.SLOT_TAKEN: CLIENTS - 1}
    assert count(clinic, Appointment) == 1
