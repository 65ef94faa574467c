"""A doctor's week and slot length changed together: all of it or nothing."""

from __future__ import annotations

from datetime import time

import pytest

from hms.domain.errors import Code, DomainError
from hms.domain.slots import DayOfWeek, WeeklyBlock
from hms.queries import doctors, schedules
from hms.runtime import Runtime
from hms.services import weeks
from hms.services.weeks import ReplaceWeek
from tests.support.calendars import Clinic
from tests.support.factories import actor_of, admin_of

SUNDAY = WeeklyBlock(DayOfWeek.SUNDAY, time(9), time(12))


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


def test_week_and_slot_length_change_in_one_step(clinic: Clinic) -> None:
    admin = admin_of(clinic.runtime, clinic.hospital)
    clinic.book()
    command = ReplaceWeek(doctor_id=clinic.doctor.id, rows=[SUNDAY], slot_duration=20, version=1)
    rehearsed = clinic.runtime.rehearse(admin, weeks.replace, command)
    assert len(rehearsed.affected) == 1
    change = clinic.runtime.transact(admin, weeks.replace, command)
    assert [row.block for row in change.rows] == [SUNDAY]
    assert [visit.starts_at for visit in change.affected] == [visit.starts_at for visit in rehearsed.affected]
    assert clinic.runtime.read(doctors.one, admin, clinic.doctor.id).slot_duration == 20


def test_refused_slot_length_leaves_the_week(clinic: Clinic) -> None:
    own = actor_of(clinic.doctor)
    before = clinic.runtime.read(schedules.week, own, clinic.doctor.id)
    command = ReplaceWeek(doctor_id=clinic.doctor.id, rows=[SUNDAY], slot_duration=20)
    with pytest.raises(DomainError) as refused:
        clinic.runtime.transact(own, weeks.replace, command)
    assert refused.value.code is Code.FORBIDDEN
    assert clinic.runtime.read(schedules.week, own, clinic.doctor.id) == before
    clinic.runtime.transact(own, weeks.replace, ReplaceWeek(doctor_id=clinic.doctor.id, rows=[SUNDAY]))
    assert len(clinic.runtime.read(schedules.week, own, clinic.doctor.id)) == 1
