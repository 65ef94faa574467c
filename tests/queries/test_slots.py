from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import event

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.errors import Code, DomainError
from hms.models import User
from hms.queries import slots
from hms.queries.slots import SlotRow
from hms.runtime import Runtime
from hms.services import slots as service
from hms.services.slots import BlockSlot, Generate
from tests.support.calendars import FRIDAY, TODAY, Clinic
from tests.support.factories import actor_of, add, admin_of, make_doctor, make_holiday, make_hospital, reception_of


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


@contextmanager
def counted(runtime: Runtime) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        said.append(statement)

    event.listen(runtime.database.reader, "before_cursor_execute", note)
    yield said
    event.remove(runtime.database.reader, "before_cursor_execute", note)


def of_day(clinic: Clinic, day: date = FRIDAY) -> list[SlotRow]:
    now = clinic.runtime.clocks.hospital.now()
    return clinic.runtime.read(slots.of_day, actor_of(clinic.patient), clinic.doctor.id, day, now)


def free(rows: list[SlotRow]) -> list[str]:
    return [f"{row.start_time:%H:%M}" for row in rows if row.is_available]


def test_day_shows_each_slot_with_what_stands_against_it(clinic: Clinic, runtime: Runtime) -> None:
    clinic.book()
    add(runtime, clinic.absence(start_date=TODAY, end_date=TODAY))
    runtime.transact(actor_of(clinic.doctor), service.set_blocked, BlockSlot(of_day(clinic)[1].id, blocked=True))
    rows = of_day(clinic)
    assert len(rows) == 14
    assert [(row.is_booked, row.is_blocked, row.is_available) for row in rows[:3]] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    first = rows[0]
    assert (first.doctor_id, first.slot_date, first.start_time) == (clinic.doctor.id, FRIDAY, time(9))
    assert (first.end_time, first.starts_at) == (time(9, 30), datetime(2026, 1, 23, 3, 30, tzinfo=UTC))
    runtime.transact(clinic.reception, service.ensure_day, clinic.doctor.id, TODAY)
    assert [row.is_blocked for row in of_day(clinic, TODAY)] == [True] * 14


def test_day_is_read_in_one_statement(clinic: Clinic, runtime: Runtime) -> None:
    clinic.book()
    with counted(runtime) as statements:
        assert len(of_day(clinic)) == 14
    assert len([statement for statement in statements if not statement.startswith("BEGIN")]) == 1


def test_slot_stays_available_until_the_rebook_buffer(clinic: Clinic, runtime: Runtime, clock: FixedClock) -> None:
    runtime.transact(clinic.reception, service.ensure_day, clinic.doctor.id, TODAY)
    clock.move_to(datetime(2026, 1, 22, 3, 55, tzinfo=UTC))
    assert free(of_day(clinic, TODAY))[0] == "09:00"
    clock.advance(timedelta(seconds=1))
    assert free(of_day(clinic, TODAY))[0] == "09:30"


def test_nothing_is_available_when_the_doctor_takes_no_patients(clinic: Clinic, runtime: Runtime) -> None:
    runtime.transact(clinic.reception, service.ensure_day, clinic.doctor.id, FRIDAY)
    assert len(free(of_day(clinic))) == 14
    clinic.change(clinic.doctor, is_available=False)
    assert free(of_day(clinic)) == []
    clinic.change(clinic.doctor, is_available=True)
    with runtime.reading() as session:
        login = session.get_one(User, clinic.doctor.user_id)
    clinic.change(login, is_active=False)
    assert free(of_day(clinic)) == []


def test_nothing_is_available_on_full_and_closed_and_far_days(clinic: Clinic, runtime: Runtime) -> None:
    clinic.change(clinic.doctor, max_patients_per_day=1)
    runtime.transact(admin_of(runtime, clinic.hospital), service.generate, Generate(clinic.doctor.id, 40))
    clinic.book()
    make_holiday(runtime, clinic.hospital, date(2026, 1, 24))
    make_holiday(runtime, clinic.hospital, date(2020, 1, 25), is_recurring=True)
    now = runtime.clocks.hospital.now()
    last = TODAY + timedelta(days=40)
    rows = runtime.read(slots.of_range, clinic.reception, clinic.doctor.id, TODAY, last, now)
    assert len(rows) == 41 * 14
    open_days = {row.slot_date for row in rows if row.is_available}
    closed = {FRIDAY, date(2026, 1, 24), date(2026, 1, 25)}
    assert open_days == {TODAY + timedelta(days=offset) for offset in range(31)} - closed
    available = runtime.read(slots.available, clinic.reception, clinic.doctor.id, now)
    assert available == [row for row in rows if row.is_available]


def test_one_slot(clinic: Clinic, runtime: Runtime) -> None:
    clinic.book()
    row = of_day(clinic)[0]
    now = runtime.clocks.hospital.now()
    assert runtime.read(slots.one, clinic.reception, row.id, now) == row
    with pytest.raises(DomainError) as caught:
        runtime.read(slots.one, reception_of(runtime, make_hospital(runtime, "HMS002")), row.id, now)
    assert caught.value.code is Code.NOT_FOUND


def test_another_hospitals_doctor_has_no_slots(clinic: Clinic, runtime: Runtime) -> None:
    stranger: Actor = reception_of(runtime, make_hospital(runtime, "HMS002"))
    now = runtime.clocks.hospital.now()
    for query in (slots.of_range, slots.days_to_generate):
        with pytest.raises(DomainError) as caught:
            runtime.read(query, stranger, clinic.doctor.id, FRIDAY, FRIDAY, now)
        assert caught.value.code is Code.DOCTOR_NOT_FOUND


def test_late_arrival_without_slot_row_takes_what_it_overlaps(clinic: Clinic, runtime: Runtime) -> None:
    clinic.book(start=time(9, 30))
    with runtime.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE appointments SET slot_id = NULL")
    other = make_doctor(runtime, clinic.hospital)
    runtime.transact(clinic.reception, service.ensure_day, other.id, FRIDAY)
    assert free(of_day(clinic))[:2] == ["09:00", "10:00"]
    now = runtime.clocks.hospital.now()
    assert len(free(runtime.read(slots.of_day, clinic.reception, other.id, FRIDAY, now))) == 14
