"""What calendar pages read, on both engines: slots with what takes or blocks them, and each day's load."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from hms.domain.absences import AbsenceType
from hms.domain.errors import DomainError
from hms.queries import calendars
from hms.queries.calendars import DayLoad
from hms.runtime import Runtime
from hms.services import absences, bookings, slots
from hms.services.absences import CreateAbsence
from hms.services.bookings import Cancel
from hms.services.slots import BlockSlot, Generate
from tests.support.calendars import FRIDAY, Clinic
from tests.support.factories import actor_of, admin_of, make_doctor, make_hospital


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


def load(clinic: Clinic) -> DayLoad:
    rows = clinic.runtime.read(calendars.loads, clinic.reception, FRIDAY, FRIDAY, clinic.doctor.id)
    return rows[0]


def test_slots_say_what_takes_and_blocks_them(clinic: Clinic) -> None:
    runtime, admin = clinic.runtime, admin_of(clinic.runtime, clinic.hospital)
    runtime.transact(admin, slots.generate, Generate(clinic.doctor.id))
    booked = clinic.book(start=time(9))
    rows = runtime.read(calendars.slots_of_day, clinic.reception, FRIDAY)
    assert [row.start for row in rows if row.taken] == [time(9)]
    runtime.transact(admin, slots.set_blocked, BlockSlot(rows[1].id, blocked=True, reason="Ward round"))
    away = CreateAbsence(
        doctor_id=clinic.doctor.id,
        absence_type=AbsenceType.TRAINING,
        first=FRIDAY,
        last=FRIDAY,
        is_full_day=False,
        start=rows[2].start,
        end=rows[3].end,
    )
    change = runtime.transact(admin, absences.create, away)
    again = runtime.read(calendars.slots_of_day, clinic.reception, FRIDAY, clinic.doctor.id)
    assert (again[1].blocked_by_hand, again[1].blocked_reason) == (True, "Ward round")
    assert [row.start for row in again if row.absence_id == change.absence.id] == [rows[2].start, rows[3].start]
    assert (load(clinic).taken, load(clinic).blocked) == (1, 3)
    assert load(clinic).free == len(rows) - 4
    runtime.transact(actor_of(clinic.patient), bookings.cancel, Cancel(appointment_id=booked))
    assert load(clinic).taken == 0


def test_only_the_own_hospitals_days_and_only_for_staff(clinic: Clinic) -> None:
    runtime = clinic.runtime
    clinic.book()
    other = make_hospital(runtime, "HMS002")
    stranger = actor_of(make_doctor(runtime, other))
    assert runtime.read(calendars.slots_of_day, stranger, FRIDAY, clinic.doctor.id) == []
    assert runtime.read(calendars.loads, stranger, FRIDAY, FRIDAY + timedelta(days=9)) == []
    with pytest.raises(DomainError, match="may not"):
        runtime.read(calendars.slots_of_day, actor_of(clinic.patient), FRIDAY)
