from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.models import (
    Appointment,
    AppointmentEvent,
    Notification,
)
from hms.queries import appointments as appointment_rows
from hms.runtime import Runtime
from hms.services import bookings
from hms.services.bookings import Cancel
from tests.support.calendars import NINE, TODAY, Clinic
from tests.support.factories import actor_of, make_hospital, make_user, reception_of


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


def test_patient_cancels_in_good_time(clinic: Clinic, runtime: Runtime) -> None:
    booked = clinic.book(day=TODAY + timedelta(days=3))
    runtime.transact(actor_of(clinic.patient), bookings.cancel, Cancel(appointment_id=booked, reason="Better"))
    [appointment] = clinic.rows(Appointment)
    assert (appointment.status, appointment.holds_slot, appointment.version) == (Status.CANCELLED, False, 2)
    assert appointment.calendar_sequence == 1
    last = clinic.rows(AppointmentEvent)[-1]
    assert (last.from_status, last.to_status, last.reason) == (Status.SCHEDULED, Status.CANCELLED, "Better")
    [told] = [n for n in clinic.rows(Notification) if n.user_id == clinic.doctor.user_id]
    assert (told.title, told.notification_metadata["isLastMinute"]) == ("Appointment Cancelled", False)


def test_patient_cancels_at_the_last_minute(clinic: Clinic, runtime: Runtime) -> None:
    booked = clinic.book(day=TODAY, start=NINE)
    runtime.transact(actor_of(clinic.patient), bookings.cancel, Cancel(appointment_id=booked))
    [told] = [n for n in clinic.rows(Notification) if n.user_id == clinic.doctor.user_id]
    assert told.title == "Last-Minute Cancellation"
    assert told.message.endswith("cancelled their 09:00 appointment on Jan 22")
    assert told.notification_metadata["isLastMinute"] is True


def test_staff_cancel_without_telling_the_doctor(clinic: Clinic, runtime: Runtime) -> None:
    booked = clinic.book(day=TODAY)
    runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=booked))
    assert sorted(n.title for n in clinic.rows(Notification)) == ["Appointment Booked", "Appointment Cancelled"]
    assert {n.patient_id for n in clinic.rows(Notification)} == {clinic.patient.id}


def refused_cancel(clinic: Clinic, actor: Actor, booked: UUID, version: int | None = None) -> DomainError:
    with pytest.raises(DomainError) as caught:
        clinic.runtime.transact(actor, bookings.cancel, Cancel(appointment_id=booked, version=version))
    return caught.value


def test_patient_cancels_until_the_start_and_reception_after_it(
    clinic: Clinic, runtime: Runtime, clock: FixedClock
) -> None:
    booked = clinic.book(day=TODAY)
    clock.move_to(datetime(2026, 1, 22, 3, 30, tzinfo=UTC))
    assert refused_cancel(clinic, actor_of(clinic.patient), booked).code is Code.TOO_LATE
    runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=booked))
    assert clinic.rows(Appointment)[0].status is Status.CANCELLED


def test_who_left_without_being_seen_is_cancelled_by_staff(clinic: Clinic, runtime: Runtime) -> None:
    booked = clinic.book(day=TODAY)
    with runtime.database.writing() as session:
        session.get_one(Appointment, booked).status = Status.CHECKED_IN
    assert refused_cancel(clinic, actor_of(clinic.patient), booked).code is Code.INVALID_TRANSITION
    runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=booked))
    assert clinic.rows(Appointment)[0].status is Status.CANCELLED


@pytest.mark.parametrize("status", [Status.NO_SHOW, Status.COMPLETED, Status.CANCELLED])
def test_what_is_over_is_not_cancelled(clinic: Clinic, runtime: Runtime, status: Status) -> None:
    booked = clinic.book(day=TODAY)
    with runtime.database.writing() as session:
        appointment = session.get_one(Appointment, booked)
        appointment.status, appointment.holds_slot = status, status is not Status.CANCELLED
    assert refused_cancel(clinic, clinic.reception, booked).code is Code.INVALID_TRANSITION


def test_cancelling_is_for_those_who_may(clinic: Clinic, runtime: Runtime) -> None:
    booked = clinic.book()
    assert refused_cancel(clinic, clinic.another(), booked).code is Code.NOT_FOUND
    nurse = actor_of(make_user(runtime, clinic.hospital, Role.NURSE))
    assert refused_cancel(clinic, nurse, booked).code is Code.FORBIDDEN
    elsewhere = reception_of(runtime, make_hospital(runtime, "HMS002"))
    assert refused_cancel(clinic, elsewhere, booked).code is Code.NOT_FOUND
    assert clinic.rows(Appointment)[0].status is Status.SCHEDULED


def test_stale_version_shows_the_present_row(clinic: Clinic, runtime: Runtime) -> None:
    booked = clinic.book()
    error = refused_cancel(clinic, clinic.reception, booked, version=7)
    assert error.code is Code.STALE_VERSION
    assert error.current == runtime.read(appointment_rows.one, clinic.reception, booked)
    runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=booked, version=1))
    assert clinic.rows(Appointment)[0].version == 2
