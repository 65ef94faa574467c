from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from hms.domain.appointments import Status
from hms.domain.errors import Code
from hms.models import Appointment, AppointmentEvent, DoctorSlot, new_id, new_ids
from hms.models.bulk import MANY, Lot, insert_lots, insert_missing, insert_rows, update_rows
from hms.models.guards import violated
from hms.runtime import Runtime
from tests.support.calendars import FRIDAY, Clinic
from tests.support.callers import counted_statements
from tests.support.fixtures import NOW


def columns(clinic: Clinic, *starts: int) -> dict[str, list[Any]]:
    """Give the columns of slots that begin so many hours from now."""
    many = len(starts)
    begins: list[datetime] = [NOW + timedelta(hours=hours) for hours in starts]
    days: list[date] = [FRIDAY] * many
    return {
        "id": new_ids(many),
        "hospital_id": [clinic.hospital.id] * many,
        "doctor_id": [clinic.doctor.id] * many,
        "slot_date": days,
        "start_time": [time(9)] * many,
        "end_time": [time(10)] * many,
        "starts_at": begins,
        "ends_at": [start + timedelta(hours=1) for start in begins],
        "blocked_manually": [False] * many,
        "absence_id": [None] * many,
    }


def test_rows_whose_key_is_there_stay_as_they_are(runtime: Runtime) -> None:
    clinic = Clinic(runtime)
    first, second = columns(clinic, 1, 2), columns(clinic, 2, 3)
    for rows in (first, second):
        with runtime.database.writing() as session:
            insert_missing(session, DoctorSlot, rows, ["doctor_id", "starts_at"])
    with runtime.reading() as session:
        found = list(session.scalars(select(DoctorSlot).order_by(DoctorSlot.starts_at)))
    assert [slot.id for slot in found] == [first["id"][0], first["id"][1], second["id"][1]]
    assert [slot.starts_at for slot in found] == [NOW + timedelta(hours=hours) for hours in (1, 2, 3)]
    assert {(slot.slot_date, slot.start_time, slot.is_blocked, slot.blocked_reason) for slot in found} == {
        (FRIDAY, time(9), False, None)
    }


def test_few_and_many_rows_are_written_alike_and_changed_by_their_id(runtime: Runtime) -> None:
    clinic = Clinic(runtime)
    given = columns(clinic, *range(MANY + 2))
    rows = [dict(zip(given, row, strict=True)) for row in zip(*given.values(), strict=True)]
    del rows[0]["blocked_manually"]  # takes its default beside rows that name it
    with runtime.database.writing() as session:
        insert_rows(session, DoctorSlot, rows[:2])
        insert_rows(session, DoctorSlot, rows[2:])
        update_rows(session, DoctorSlot, [{"id": row["id"], "blocked_reason": f"{row['starts_at']}"} for row in rows])
        update_rows(session, DoctorSlot, [])
    with runtime.reading() as session:
        found = list(session.scalars(select(DoctorSlot).order_by(DoctorSlot.starts_at)))
    assert [(slot.id, slot.starts_at) for slot in found] == [(row["id"], row["starts_at"]) for row in rows]
    assert [slot.blocked_reason for slot in found] == [f"{row['starts_at']}" for row in rows]
    assert not any(slot.blocked_manually for slot in found)


def test_what_rows_have_alike_is_given_once(runtime: Runtime) -> None:
    clinic = Clinic(runtime)
    given = columns(clinic, *range(MANY))
    same = {name: values[0] for name, values in given.items() if name not in {"id", "starts_at", "ends_at"}}
    own = [given[name] for name in ("id", "starts_at", "ends_at")]
    rows = [{"id": row_id, "starts_at": start, "ends_at": end} for row_id, start, end in zip(*own, strict=True)]
    with runtime.database.writing() as session:
        insert_rows(session, DoctorSlot, rows[:1], same)
        insert_rows(session, DoctorSlot, rows[1:], same)
    with runtime.reading() as session:
        found = list(session.scalars(select(DoctorSlot).order_by(DoctorSlot.starts_at)))
    assert [(slot.id, slot.ends_at) for slot in found] == [(row["id"], row["ends_at"]) for row in rows]
    assert {(slot.doctor_id, slot.slot_date, slot.start_time, slot.blocked_manually) for slot in found} == {
        (clinic.doctor.id, FRIDAY, time(9), False)
    }


def test_few_rows_of_several_tables_go_in_one_statement_where_the_engine_can(runtime: Runtime) -> None:
    clinic = Clinic(runtime)
    visit = new_id()
    event = {"appointment_id": visit, "at": NOW, "to_status": Status.SCHEDULED, "hospital_id": clinic.hospital.id}
    row = {
        "id": visit,
        "hospital_id": clinic.hospital.id,
        "patient_id": clinic.patient.id,
        "doctor_id": clinic.doctor.id,
        "appointment_date": FRIDAY,
        "start_time": time(9),
        "end_time": time(10),
        "starts_at": NOW,
        "ends_at": NOW + timedelta(hours=1),
        "duration_minutes": 60,
        "booked_at": NOW,
        "no_show_due_at": NOW + timedelta(hours=1),
        "updated_at": NOW,
    }
    with counted_statements(runtime) as statements, runtime.database.writing() as session:
        insert_lots(session, Lot(Appointment, [row]), Lot(DoctorSlot, []), Lot(AppointmentEvent, [event]))
    with runtime.reading() as session:
        assert session.scalars(select(Appointment.id)).all() == [visit]
        assert session.scalars(select(AppointmentEvent.appointment_id)).all() == [visit]
    assert len(statements) == (2 if runtime.database.dialect == "sqlite" else 1)
    again = row | {"id": new_id()}
    told = event | {"appointment_id": again["id"]}
    with pytest.raises(DBAPIError) as refused, runtime.database.writing() as session:
        insert_lots(session, Lot(Appointment, [again]), Lot(AppointmentEvent, [told]))
    assert violated(refused.value) is Code.DUPLICATE_BOOKING


def test_many_identifiers_are_like_single_ones() -> None:
    before = new_id()
    many = new_ids(1000)
    after = new_id()
    assert len(set(many)) == 1000
    assert many == sorted(many)
    assert {some.version for some in many} == {7}
    assert {some.variant for some in many} == {before.variant}
    assert before.int >> 80 <= many[0].int >> 80 <= after.int >> 80
