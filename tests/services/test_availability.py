from __future__ import annotations

from datetime import time, timedelta

import pytest

from hms.access.actors import Actor
from hms.domain.appointments import Status
from hms.models import Appointment, Notification
from hms.runtime import Runtime
from hms.services import attendance, doctors, slots, users
from hms.services.attendance import Attend
from hms.services.availability import Unavailability
from hms.services.doctors import EditDoctor
from hms.services.users import EditUser
from tests.support.calendars import FRIDAY, TODAY, Clinic
from tests.support.callers import cost_alike, counted_statements
from tests.support.factories import admin_of

HALF_HOURS = [time(9 + n // 2, 30 * (n % 2)) for n in range(8)]


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    clinic = Clinic(runtime)
    runtime.transact(Actor.system(clinic.hospital.id), slots.fill_horizon, [clinic.doctor.id])
    return clinic


@pytest.fixture
def admin(clinic: Clinic) -> Actor:
    return admin_of(clinic.runtime, clinic.hospital)


def stop(clinic: Clinic, admin: Actor) -> Unavailability:
    command = EditDoctor(doctor_id=clinic.doctor.id, changes={"is_available": False})
    stopped = clinic.runtime.transact(admin, doctors.update, command).unavailability
    assert stopped is not None
    return stopped


def test_many_visits_cost_as_many_statements_as_few(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    def cost(visits: int) -> int:
        for number, start in enumerate(HALF_HOURS[:visits]):
            clinic.book(clinic.another(), day=FRIDAY + timedelta(days=number), start=start)
        with counted_statements(runtime) as statements:
            assert stop(clinic, admin).cancelled_appointments == visits
        runtime.transact(admin, doctors.update, EditDoctor(doctor_id=clinic.doctor.id, changes={"is_available": True}))
        return len(statements)

    few = cost(1)
    assert cost_alike(few, cost(8))
    assert few <= 25


def test_a_closed_login_stops_the_doctor_with_a_preview(clinic: Clinic, runtime: Runtime, admin: Actor) -> None:
    here, ahead = clinic.book(day=TODAY, start=time(10)), clinic.book(day=TODAY, start=time(11))
    runtime.transact(clinic.reception, attendance.check_in, Attend(here))
    command = EditUser(user_id=clinic.doctor.user_id, changes={"is_active": False})
    preview = runtime.rehearse(admin, users.update, command)
    assert {row.status for row in clinic.rows(Appointment)} == {Status.CHECKED_IN, Status.SCHEDULED}
    stopped = runtime.transact(admin, users.update, command)
    assert stopped == preview
    assert stopped is not None
    assert (stopped.affected_appointment_ids, stopped.checked_in_appointment_ids) == ((ahead,), (here,))
    told = [row for row in clinic.rows(Notification) if row.title == "Appointment Cancelled - Doctor Unavailable"]
    assert [row.notification_metadata["appointmentId"] for row in told] == [str(ahead)]
    assert runtime.transact(admin, users.update, command) is None
