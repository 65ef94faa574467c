from __future__ import annotations

from datetime import timedelta

from hms.processes import slots as reading
from hms.queries import slots
from hms.runtime import Runtime
from tests.support.calendars import FRIDAY, TODAY, Clinic
from tests.support.factories import actor_of, make_holiday


def test_empty_days_within_the_horizon_are_generated_on_reading(runtime: Runtime) -> None:
    clinic = Clinic(runtime)
    make_holiday(runtime, clinic.hospital, FRIDAY)
    patient, doctor = actor_of(clinic.patient), clinic.doctor.id
    assert len(reading.of_day(runtime, patient, doctor, TODAY)) == 14
    assert reading.of_day(runtime, patient, doctor, FRIDAY) == []
    first, last = TODAY - timedelta(days=3), TODAY + timedelta(days=60)
    assert len(reading.of_range(runtime, patient, doctor, first, last)) == 30 * 14
    now = runtime.clocks.hospital.now()
    assert runtime.read(slots.days_to_generate, patient, doctor, first, last, now) == []
