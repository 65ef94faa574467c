"""What the pages read, on both engines: the day's visits, the desk, the doctors' earliest free times."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.queries import board, desk, free_times
from hms.runtime import Runtime
from hms.services import slots
from tests.support.clinic import TODAY, Clinic, open_clinic
from tests.support.factories import actor_of, in_hospital, make_doctor, make_hospital, reception_of


@pytest.fixture
def clinic(runtime: Runtime, clock: FixedClock) -> Clinic:
    """Give a small clinic at 10:40; runs once on each engine."""
    return open_clinic(runtime, clock)


def test_day_and_desk(clinic: Clinic) -> None:
    actor = actor_of(clinic.reception)
    with clinic.runtime.reading() as session:
        rows = board.of_day(session, actor, TODAY)
        assert board.of_day(session, actor, TODAY + timedelta(days=1)) == []
        one = board.visit(session, actor, clinic.visits["Björn"])
        row = desk.row(session, actor_of(clinic.patients["Divya"]))
    assert [row.patient_first for row in rows] == [
        *("Asha", "Björn", "Chidi", "Fatima", "Divya", "Grace", "Emeka", "Hiro"),
    ]
    assert one in rows
    assert (one.status, one.start, one.patient_name) == (Status.IN_PROGRESS, time(10), "Björn Müller")
    assert one.starts_at == datetime(2026, 1, 22, 4, 30, tzinfo=UTC)
    assert one.consultation_id is not None
    assert row.unread == 1
    assert row.phone == "+911234"


def test_day_is_staffs_and_the_hospitals_own(clinic: Clinic) -> None:
    stranger = reception_of(clinic.runtime, make_hospital(clinic.runtime, "HMS002"))
    foreign = in_hospital(actor_of(clinic.reception), stranger.hospital_id)
    with clinic.runtime.reading() as session:
        assert board.of_day(session, stranger, TODAY) == []
        for actor in (stranger, foreign):
            with pytest.raises(DomainError) as missing:
                board.visit(session, actor, clinic.visits["Asha"])
            assert missing.value.code is Code.NOT_FOUND
        with pytest.raises(DomainError) as forbidden:
            board.of_day(session, actor_of(clinic.patients["Divya"]), TODAY)
        assert forbidden.value.code is Code.FORBIDDEN


def test_earliest_free_time_is_the_first_that_can_be_booked(clinic: Clinic) -> None:
    full = make_doctor(clinic.runtime, clinic.hospital, max_patients_per_day=0, specialization="ENT")
    make_doctor(clinic.runtime, clinic.hospital, is_available=False)
    actor, now = actor_of(clinic.patients["Divya"]), clinic.clock.now()
    clinic.runtime.transact(actor, slots.ensure_day, full.id, TODAY)
    with clinic.runtime.reading() as session:
        rows = free_times.doctors(session, actor, now + timedelta(minutes=5), TODAY, TODAY + timedelta(days=30))
        named = free_times.doctor(session, actor, full.id)
    local = {row.id: row.earliest and row.earliest.astimezone(clinic.hospital.zone).time() for row in rows}
    # 10:30 and 11:00 are held at the first doctor, 10:30 and 11:30 at the second; the third's day is full.
    assert local == {clinic.doctors[0].id: time(11, 30), clinic.doctors[1].id: time(11), full.id: None}
    assert [row.specialization for row in rows] == ["Cardiology", "ENT", "General medicine"]
    assert named is not None
    assert named.name.startswith("Dr. ")
