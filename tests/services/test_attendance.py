"""Confirming, checking in and undoing it: who may, when, and from which state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import STATUS_SETTERS, Status
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.models import Appointment, AppointmentEvent, AuditEntry
from hms.runtime import Runtime
from hms.services import attendance, consultations
from hms.services.attendance import Attend, SetStatus
from hms.services.consultations import Start
from tests.support.factories import (
    actor_of,
    in_hospital,
    make_doctor,
    make_hospital,
    make_patient,
    make_user,
)
from tests.support.fixtures import NOW
from tests.support.visits import local, make_visit, reload, rows

Verb = Callable[..., object]


class Desk:
    """One visit at 09:00 of today, and everybody who might touch it."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.hospital = make_hospital(runtime)
        self.doctor = make_doctor(runtime, self.hospital, slot_duration=15)
        self.patient = make_patient(runtime, self.hospital, login=True)
        self.starts_at = local(self.hospital, NOW, "09:00")
        self.visit = make_visit(runtime, self.hospital, self.doctor, self.patient, self.starts_at)
        staff = (Role.HOSPITAL_ADMIN, Role.RECEPTIONIST, Role.NURSE)
        self.actors: dict[Role, Actor] = {role: actor_of(make_user(runtime, self.hospital, role)) for role in staff}
        self.actors |= {Role.DOCTOR: actor_of(self.doctor), Role.PATIENT: actor_of(self.patient)}

    def set(self, status: Status, role: Role = Role.RECEPTIONIST, version: int | None = None) -> None:
        self.runtime.transact(self.actors[role], attendance.set_status, SetStatus(self.visit, status, "why", version))

    def refusal(self, status: Status, role: Role = Role.RECEPTIONIST, version: int | None = None) -> Code:
        before = self.stored()
        with pytest.raises(DomainError) as refused:
            self.set(status, role, version)
        after = self.stored()
        assert (before.status, before.version) == (after.status, after.version)
        return refused.value.code

    def stored(self) -> Appointment:
        found: Appointment = reload(self.runtime, Appointment, self.visit)
        return found


@pytest.fixture
def desk(runtime: Runtime) -> Desk:
    return Desk(runtime)


@pytest.mark.parametrize("status", [Status.CONFIRMED, Status.CHECKED_IN, Status.CANCELLED])
def test_who_may_set_which_state(desk: Desk, status: Status) -> None:
    for number, role in enumerate(Role):
        at = desk.starts_at + timedelta(hours=1, minutes=15 * number)
        desk.visit = make_visit(desk.runtime, desk.hospital, desk.doctor, desk.patient, at)
        if role in STATUS_SETTERS[status]:
            desk.set(status, role)
            assert desk.stored().status is status
        else:
            assert desk.refusal(status, role) is Code.FORBIDDEN


@pytest.mark.parametrize("status", [Status.NO_SHOW, Status.IN_PROGRESS, Status.COMPLETED])
def test_states_that_follow_from_something_else_cannot_be_set(desk: Desk, status: Status) -> None:
    assert desk.refusal(status, Role.HOSPITAL_ADMIN) is Code.INVALID_TRANSITION


def test_a_check_in_is_written_with_who_when_and_why(desk: Desk, clock: FixedClock) -> None:
    desk.set(Status.CHECKED_IN, Role.NURSE)
    stored = desk.stored()
    assert (stored.status, stored.checked_in_at, stored.version) == (Status.CHECKED_IN, clock.now(), 2)
    [event] = rows(desk.runtime, AppointmentEvent)
    nurse = desk.actors[Role.NURSE].user_id
    assert (event.from_status, event.to_status, event.actor_id, event.reason) == (
        "SCHEDULED",
        "CHECKED_IN",
        nurse,
        "why",
    )
    [entry] = rows(desk.runtime, AuditEntry)
    assert (entry.action, entry.entity_id, entry.actor_id) == ("appointment.status", desk.visit, nurse)


@pytest.mark.parametrize(
    ("days", "wall", "accepted"), [(0, "00:00", True), (0, "23:59", True), (-1, "23:59", False), (1, "00:00", False)]
)
def test_check_in_is_on_the_hospitals_day_of_the_visit(
    desk: Desk, clock: FixedClock, days: int, wall: str, accepted: bool
) -> None:
    clock.move_to(local(desk.hospital, NOW + timedelta(days=days), wall))
    if accepted:
        desk.set(Status.CHECKED_IN)
        assert desk.stored().status is Status.CHECKED_IN
    else:
        assert desk.refusal(Status.CHECKED_IN) is Code.NOT_VISIT_DAY


def test_another_doctors_patient_is_not_a_doctors_to_check_in(desk: Desk) -> None:
    colleague = actor_of(make_doctor(desk.runtime, desk.hospital))
    with pytest.raises(DomainError) as refused:
        desk.runtime.transact(colleague, attendance.check_in, Attend(desk.visit))
    assert refused.value.code is Code.FORBIDDEN


def test_other_peoples_and_other_hospitals_visits_do_not_exist(desk: Desk) -> None:
    other = actor_of(make_patient(desk.runtime, desk.hospital))
    elsewhere = make_hospital(desk.runtime, code="HMS002").id
    tries: list[tuple[Actor, Verb]] = [
        (other, attendance.confirm),
        *(
            (in_hospital(actor, elsewhere), attendance.check_in)
            for role, actor in desk.actors.items()
            if role != "PATIENT"
        ),
    ]
    for actor, verb in tries:
        with pytest.raises(DomainError) as refused:
            desk.runtime.transact(actor, verb, Attend(desk.visit))
        assert refused.value.code is Code.NOT_FOUND


def test_confirming_ends_at_the_start(desk: Desk, clock: FixedClock) -> None:
    clock.move_to(desk.starts_at)
    assert desk.refusal(Status.CONFIRMED, Role.PATIENT) is Code.TOO_LATE
    clock.move_to(desk.starts_at - timedelta(seconds=1))
    desk.set(Status.CONFIRMED, Role.PATIENT)
    assert desk.refusal(Status.CONFIRMED, Role.PATIENT) is Code.INVALID_TRANSITION
    desk.set(Status.CHECKED_IN)
    assert desk.stored().status is Status.CHECKED_IN


def test_a_mistaken_check_in_is_undone(desk: Desk) -> None:
    assert desk.refusal(Status.SCHEDULED) is Code.INVALID_TRANSITION
    desk.set(Status.CHECKED_IN)
    for role in (Role.DOCTOR, Role.PATIENT):
        assert desk.refusal(Status.SCHEDULED, role) is Code.FORBIDDEN
    desk.set(Status.SCHEDULED)
    stored = desk.stored()
    assert (stored.status, stored.checked_in_at, stored.version) == (Status.SCHEDULED, None, 3)


def test_scheduled_is_not_asked_for_to_take_a_confirmation_back(desk: Desk) -> None:
    desk.set(Status.CONFIRMED)
    assert desk.refusal(Status.SCHEDULED) is Code.INVALID_TRANSITION


def test_checking_in_who_is_with_the_doctor_abandons_nothing(desk: Desk) -> None:
    desk.set(Status.CHECKED_IN)
    desk.runtime.transact(desk.actors[Role.DOCTOR], consultations.start, Start(desk.visit))
    assert desk.refusal(Status.CHECKED_IN) is Code.INVALID_TRANSITION
    assert desk.refusal(Status.SCHEDULED) is Code.INVALID_TRANSITION


@pytest.mark.parametrize("status", [Status.CONFIRMED, Status.CHECKED_IN, Status.CANCELLED])
def test_a_stale_version_is_refused(desk: Desk, status: Status) -> None:
    assert desk.refusal(status, version=2) is Code.STALE_VERSION
    desk.set(status, version=1)
    assert desk.stored().version == 2
