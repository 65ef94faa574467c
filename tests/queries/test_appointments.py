from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.queries import appointments
from hms.queries.appointments import AppointmentRow, Cursor, DoctorBrief, Filters, PatientBrief
from hms.runtime import Runtime
from hms.services import bookings
from hms.services.bookings import Cancel
from tests.support.calendars import FRIDAY, NINE, TODAY, Clinic
from tests.support.factories import actor_of, make_doctor, make_hospital, make_patient, reception_of


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


def listed(clinic: Clinic, actor: Actor | None = None, **filters: object) -> list[UUID]:
    found = clinic.runtime.read(appointments.listing, actor or clinic.reception, Filters(**filters))  # type: ignore[arg-type]
    return [row.id for row in found]


def test_one_appointment_with_doctor_and_patient(clinic: Clinic, runtime: Runtime) -> None:
    booked = clinic.book()
    row = runtime.read(appointments.one, actor_of(clinic.patient), booked)
    patient, doctor = clinic.patient, clinic.doctor
    starts_at, ends_at = datetime(2026, 1, 23, 3, 30, tzinfo=UTC), datetime(2026, 1, 23, 4, tzinfo=UTC)
    assert row.doctor == DoctorBrief(doctor.id, "Anagha", row.doctor.last_name, "General medicine")
    assert row.patient == PatientBrief(patient.id, patient.mrn, patient.first_name, patient.last_name)
    assert row == AppointmentRow(
        booked,
        Status.SCHEDULED,
        FRIDAY,
        NINE,
        time(9, 30),
        starts_at,
        ends_at,
        None,
        None,
        ends_at,
        row.doctor,
        row.patient,
        row.slot_id,
        1,
    )
    assert row.slot_id is not None


def test_strangers_see_nothing(clinic: Clinic, runtime: Runtime) -> None:
    booked = clinic.book()
    elsewhere = reception_of(runtime, make_hospital(runtime, "HMS002"))
    for actor in (clinic.another(), elsewhere):
        assert listed(clinic, actor) == []
        for query in (appointments.one, appointments.events):
            with pytest.raises(DomainError) as caught:
                runtime.read(query, actor, booked)
            assert caught.value.code is Code.NOT_FOUND


def test_listing_filters(clinic: Clinic, runtime: Runtime) -> None:
    other_doctor = make_doctor(runtime, clinic.hospital)
    muller = make_patient(runtime, clinic.hospital, first_name="Jörg", last_name="Müller", phone="+49 151 2345")
    first = clinic.book(day=TODAY)
    second = clinic.book(day=FRIDAY, doctor_id=other_doctor.id)
    third = clinic.book(clinic.reception, day=FRIDAY, patient_id=muller.id)
    runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=second))
    assert listed(clinic) == [first, *sorted([second, third])]
    assert listed(clinic, first=FRIDAY) == sorted([second, third])
    assert listed(clinic, last=TODAY) == [first]
    assert listed(clinic, doctor_id=other_doctor.id) == [second]
    assert listed(clinic, patient_id=muller.id) == [third]
    assert listed(clinic, statuses=[Status.CANCELLED]) == [second]
    assert listed(clinic, statuses=[Status.SCHEDULED, Status.CONFIRMED]) == [first, third]
    for search in ("muller", "MÜLLER jör", "2345", muller.mrn[-5:]):
        assert listed(clinic, search=search) == [third]
    assert listed(clinic, search="%") == []
    assert listed(clinic, actor_of(muller)) == [third]
    assert listed(clinic, actor_of(muller), patient_id=clinic.patient.id) == []


def test_listing_is_paged_by_key(clinic: Clinic, runtime: Runtime) -> None:
    other = make_doctor(runtime, clinic.hospital)
    booked = {clinic.book(day=TODAY + timedelta(days=offset)) for offset in range(4)}
    booked.add(clinic.book(clinic.another(), day=TODAY, doctor_id=other.id))
    seen: list[AppointmentRow] = []
    cursor: Cursor | None = None
    while page := runtime.read(appointments.listing, clinic.reception, Filters(), cursor, 2):
        assert len(page) <= 2
        seen += page
        cursor = Cursor.after(page[-1])
    assert len(seen) == 5
    assert {row.id for row in seen} == booked
    assert [row.date for row in seen] == [TODAY, TODAY, FRIDAY, date(2026, 1, 24), date(2026, 1, 25)]


def test_events_tell_who_did_what(clinic: Clinic, runtime: Runtime) -> None:
    booked = clinic.book()
    runtime.transact(Actor.system(clinic.hospital.id), bookings.cancel, Cancel(appointment_id=booked, reason="Flood"))
    events = runtime.read(appointments.events, clinic.reception, booked)
    assert [(e.from_status, e.to_status, e.reason) for e in events] == [
        (None, Status.SCHEDULED, None),
        (Status.SCHEDULED, Status.CANCELLED, "Flood"),
    ]
    assert (events[0].actor_id, events[1].actor_id, events[1].actor_name) == (clinic.patient.user_id, None, None)
    assert events[0].actor_name is not None
