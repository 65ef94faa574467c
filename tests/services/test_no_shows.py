"""Marks by hand, late arrivals, mistaken marks undone; counts and blocks follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.no_shows import NoShowReason
from hms.domain.people import PatientStatus, Role
from hms.models import (
    Appointment,
    AppointmentEvent,
    Doctor,
    DoctorDay,
    Hospital,
    NoShowLog,
    NoShowPenalty,
    OutgoingMessage,
    Patient,
)
from hms.runtime import Runtime
from hms.services import attendance, forgiveness, no_shows
from hms.services.attendance import Attend
from hms.services.forgiveness import Excuse
from hms.services.no_shows import LateArrival, MarkNoShow
from tests.support.factories import (
    actor_of,
    admin_of,
    in_hospital,
    make_doctor,
    make_hospital,
    make_patient,
    make_user,
    reception_of,
)
from tests.support.fixtures import NOW
from tests.support.visits import local, make_visit, reload, rows

STAFF, DOCTOR, CALLED = NoShowReason.MANUAL_STAFF, NoShowReason.MANUAL_DOCTOR, NoShowReason.PATIENT_CALLED


class Clinic:
    """A hospital with one doctor of 15-minute visits, its reception and its admin."""

    def __init__(self, runtime: Runtime, clock: FixedClock, **settings: Any) -> None:
        self.runtime, self.clock = runtime, clock
        self.hospital: Hospital = make_hospital(runtime, **settings)
        self.doctor: Doctor = make_doctor(runtime, self.hospital, slot_duration=15)
        self.reception: Actor = reception_of(runtime, self.hospital)
        self.admin: Actor = admin_of(runtime, self.hospital)

    def patient(self) -> Patient:
        return make_patient(self.runtime, self.hospital)

    def visit(self, start: str, patient: Patient | None = None) -> UUID:
        at = local(self.hospital, NOW, start)
        return make_visit(self.runtime, self.hospital, self.doctor, patient or self.patient(), at)

    def at(self, wall: str) -> None:
        self.clock.move_to(local(self.hospital, NOW, wall))

    def mark(self, visit: UUID, reason: NoShowReason | None = None, actor: Actor | None = None) -> UUID:
        return self.runtime.transact(actor or self.reception, no_shows.mark, MarkNoShow(visit, reason, "Did not come"))

    def appointment(self, visit: UUID) -> Appointment:
        found: Appointment = reload(self.runtime, Appointment, visit)
        return found

    def standing(self, patient: Patient) -> tuple[int, PatientStatus]:
        found = reload(self.runtime, Patient, patient.id)
        return found.no_show_count, found.status


@pytest.fixture
def clinic(runtime: Runtime, clock: FixedClock) -> Clinic:
    return Clinic(runtime, clock)


@pytest.mark.parametrize(("now", "released"), [("10:00", True), ("10:10", True), ("10:11", False), ("10:15", False)])
def test_the_slot_is_released_while_somebody_could_still_book_it(clinic: Clinic, now: str, released: bool) -> None:
    visit = clinic.visit("10:00")
    clinic.at(now)
    log = reload(clinic.runtime, NoShowLog, clinic.mark(visit))
    assert (log.reason, log.slot_released, log.notes) == (STAFF, released, "Did not come")
    assert log.slot_released_at == (clinic.clock.now() if released else None)
    assert log.created_by == clinic.reception.user_id
    assert clinic.appointment(visit).holds_slot is not released
    assert [day.booked for day in rows(clinic.runtime, DoctorDay)] == [0 if released else 1]


@pytest.mark.parametrize(
    ("reason", "hours_before", "code"),
    [
        (STAFF, 0, None),
        (STAFF, 0.01, Code.TOO_EARLY),
        (CALLED, 24, None),
        (CALLED, 24.01, Code.TOO_EARLY),
        (NoShowReason.AUTO_TIMEOUT, 0, Code.VALIDATION),
    ],
)
def test_when_a_mark_by_hand_is_taken(
    clinic: Clinic, reason: NoShowReason, hours_before: float, code: Code | None
) -> None:
    visit = clinic.visit("10:00")
    clinic.clock.move_to(local(clinic.hospital, NOW, "10:00") - timedelta(hours=hours_before))
    if code is None:
        assert reload(clinic.runtime, NoShowLog, clinic.mark(visit, reason)).slot_released
        return
    with pytest.raises(DomainError) as refused:
        clinic.mark(visit, reason)
    assert refused.value.code is code
    assert clinic.appointment(visit).status is Status.SCHEDULED


def test_too_early_says_what_to_do_instead(clinic: Clinic) -> None:
    visit = clinic.visit("10:00")
    with pytest.raises(DomainError, match="PATIENT_CALLED"):
        clinic.mark(visit)
    clinic.clock.advance(timedelta(days=-3))
    with pytest.raises(DomainError, match="Cancel it instead"):
        clinic.mark(visit, CALLED)


def test_a_doctor_marks_own_visits_only_and_it_shows(clinic: Clinic) -> None:
    visit = clinic.visit("09:00")
    clinic.at("09:05")
    colleague = make_doctor(clinic.runtime, clinic.hospital)
    with pytest.raises(DomainError) as refused:
        clinic.mark(visit, actor=actor_of(colleague))
    assert refused.value.code is Code.FORBIDDEN
    log_id = clinic.mark(visit, STAFF, actor_of(clinic.doctor))
    assert reload(clinic.runtime, NoShowLog, log_id).reason is DOCTOR


def test_who_may_not_mark(clinic: Clinic) -> None:
    patient = clinic.patient()
    visit = clinic.visit("09:00", patient)
    clinic.at("09:05")
    stranger = in_hospital(clinic.reception, make_hospital(clinic.runtime, code="HMS002").id)
    for actor, code in ((actor_of(patient), Code.FORBIDDEN), (stranger, Code.NOT_FOUND)):
        with pytest.raises(DomainError) as refused:
            clinic.mark(visit, actor=actor)
        assert refused.value.code is code
    assert rows(clinic.runtime, NoShowLog) == []


@pytest.mark.parametrize("stale", [True, False])
def test_a_stale_version_is_refused_with_the_present_row(clinic: Clinic, stale: bool) -> None:
    visit = clinic.visit("09:00")
    clinic.at("09:05")
    command = MarkNoShow(visit, version=7 if stale else 1)
    if not stale:
        log_id = clinic.runtime.transact(clinic.reception, no_shows.mark, command)
        assert [log.id for log in rows(clinic.runtime, NoShowLog)] == [log_id]
        return
    with pytest.raises(DomainError) as refused:
        clinic.runtime.transact(clinic.reception, no_shows.mark, command)
    assert refused.value.code is Code.STALE_VERSION
    assert getattr(refused.value.current, "version", None) == 1


def test_marking_twice_or_marking_who_is_here_is_refused(clinic: Clinic) -> None:
    missed, present = clinic.visit("09:00"), clinic.visit("09:15")
    clinic.at("09:20")
    clinic.mark(missed)
    clinic.runtime.transact(clinic.reception, attendance.check_in, Attend(present))
    for visit in (missed, present):
        with pytest.raises(DomainError) as refused:
            clinic.mark(visit)
        assert refused.value.code is Code.INVALID_TRANSITION
    assert len(rows(clinic.runtime, NoShowPenalty)) == 1


def test_three_strikes_block_and_are_told_once(clinic: Clinic) -> None:
    patient = clinic.patient()
    visits = [clinic.visit(start, patient) for start in ("09:00", "09:15", "09:30", "09:45")]
    clinic.at("10:30")
    for count, visit in enumerate(visits, start=1):
        clinic.mark(visit)
        assert clinic.standing(patient) == (count, PatientStatus.BLOCKED if count >= 3 else PatientStatus.ACTIVE)
    blocked = reload(clinic.runtime, Patient, patient.id)
    assert blocked.blocked_reason == "Blocked due to 3 no-show appointments"
    assert (blocked.blocked_at, blocked.blocked_by_count) == (clinic.clock.now(), True)
    told = rows(clinic.runtime, OutgoingMessage, OutgoingMessage.key.startswith("blocked:"))
    assert sorted(message.channel for message in told) == ["email", "in_app", "sms"]


def test_the_threshold_is_the_hospitals(runtime: Runtime, clock: FixedClock) -> None:
    clinic = Clinic(runtime, clock, no_show_block_threshold=1)
    patient = clinic.patient()
    visit = clinic.visit("09:00", patient)
    clinic.at("09:05")
    clinic.mark(visit)
    assert clinic.standing(patient) == (1, PatientStatus.BLOCKED)
    reason = reload(runtime, Patient, patient.id).blocked_reason
    assert reason == "Blocked due to 1 no-show appointments"


def test_a_late_arrival_voids_the_penalty_and_lifts_the_block(clinic: Clinic) -> None:
    patient = clinic.patient()
    visits = [clinic.visit(start, patient) for start in ("09:00", "09:15", "09:30")]
    clinic.at("10:00")
    for visit in visits:
        clinic.mark(visit)
    assert clinic.standing(patient) == (3, PatientStatus.BLOCKED)
    clinic.runtime.transact(clinic.reception, no_shows.late_arrival, LateArrival(visits[2]))
    assert clinic.standing(patient) == (2, PatientStatus.ACTIVE)
    arrived = clinic.appointment(visits[2])
    assert (arrived.status, arrived.checked_in_at) == (Status.CHECKED_IN, clinic.clock.now())
    [log] = rows(clinic.runtime, NoShowLog, NoShowLog.appointment_id == visits[2])
    [penalty] = rows(clinic.runtime, NoShowPenalty, NoShowPenalty.appointment_id == visits[2])
    assert log.voided_at == penalty.voided_at == clinic.clock.now()
    cleared = reload(clinic.runtime, Patient, patient.id)
    assert (cleared.blocked_at, cleared.blocked_reason, cleared.blocked_by_count) == (None, None, False)


def test_checking_in_who_was_marked_is_a_late_arrival(clinic: Clinic) -> None:
    patient = clinic.patient()
    visit = clinic.visit("09:00", patient)
    clinic.at("09:20")
    clinic.mark(visit)
    clinic.runtime.transact(clinic.reception, attendance.check_in, Attend(visit))
    assert clinic.appointment(visit).status is Status.CHECKED_IN
    assert clinic.standing(patient) == (0, PatientStatus.ACTIVE)


def test_a_late_arrival_takes_a_released_slot_back_unless_somebody_has_it(clinic: Clinic) -> None:
    free, taken = clinic.visit("10:00"), clinic.visit("10:15")
    clinic.at("10:15")
    clinic.mark(taken)
    clinic.mark(free, CALLED)
    clinic.visit("10:15")
    with pytest.raises(DomainError) as refused:
        clinic.runtime.transact(clinic.reception, no_shows.late_arrival, LateArrival(taken))
    assert refused.value.code is Code.SLOT_TAKEN
    assert clinic.appointment(taken).status is Status.NO_SHOW
    clinic.runtime.transact(clinic.reception, no_shows.late_arrival, LateArrival(free))
    assert clinic.appointment(free).holds_slot


def test_a_late_arrival_is_of_the_same_hospital_day(clinic: Clinic) -> None:
    visit = clinic.visit("16:00")
    clinic.at("16:30")
    clinic.mark(visit)
    clinic.at("23:59")
    clinic.clock.advance(timedelta(minutes=1))
    with pytest.raises(DomainError) as refused:
        clinic.runtime.transact(clinic.reception, no_shows.late_arrival, LateArrival(visit))
    assert refused.value.code is Code.NOT_VISIT_DAY
    clinic.at("23:59")
    clinic.runtime.transact(clinic.reception, no_shows.late_arrival, LateArrival(visit))
    assert clinic.appointment(visit).status is Status.CHECKED_IN


@pytest.mark.parametrize(("now", "undone"), [("10:14:59", True), ("10:15:00", False)])
def test_a_mistaken_mark_is_undone_until_the_visit_is_due(clinic: Clinic, now: str, undone: bool) -> None:
    patient = clinic.patient()
    visit = clinic.visit("10:00", patient)
    clinic.at("10:02")
    log = clinic.mark(visit)
    clinic.at(now)
    if undone:
        clinic.runtime.transact(clinic.admin, forgiveness.undo, Excuse(log, "Wrong row"))
        assert clinic.appointment(visit).holds_slot
    else:
        with pytest.raises(DomainError) as refused:
            clinic.runtime.transact(clinic.admin, forgiveness.undo, Excuse(log, "Wrong row"))
        assert refused.value.code is Code.TOO_LATE
    assert clinic.appointment(visit).status is (Status.SCHEDULED if undone else Status.NO_SHOW)
    assert clinic.standing(patient)[0] == (0 if undone else 1)


def test_marking_again_after_an_undo_uses_the_same_rows_and_tells_nobody_twice(clinic: Clinic) -> None:
    patient = clinic.patient()
    visit = clinic.visit("10:00", patient)
    clinic.at("10:02")
    first = clinic.mark(visit)
    clinic.runtime.transact(clinic.admin, forgiveness.undo, Excuse(first, "Wrong row"))
    told = len(rows(clinic.runtime, OutgoingMessage))
    clinic.at("10:12")
    assert clinic.mark(visit, CALLED) == first
    [log], [penalty] = rows(clinic.runtime, NoShowLog), rows(clinic.runtime, NoShowPenalty)
    assert (log.voided_at, log.reason, log.slot_released) == (None, CALLED, False)
    assert (penalty.voided_at, penalty.created_at) == (None, clinic.clock.now())
    assert clinic.standing(patient)[0] == 1
    assert len(rows(clinic.runtime, OutgoingMessage)) == told == 6  # of the mark and of its end, not of the second
    steps = [(event.from_status, event.to_status) for event in rows(clinic.runtime, AppointmentEvent)]
    assert steps == [("SCHEDULED", "NO_SHOW"), ("NO_SHOW", "SCHEDULED"), ("SCHEDULED", "NO_SHOW")]


def test_a_patient_without_mail_can_be_marked_again(clinic: Clinic) -> None:
    visit = clinic.visit("10:00", make_patient(clinic.runtime, clinic.hospital, email=None))
    clinic.at("10:02")
    log = clinic.mark(visit)
    clinic.runtime.transact(clinic.admin, forgiveness.undo, Excuse(log, "Wrong row"))
    clinic.mark(visit)
    assert clinic.appointment(visit).status is Status.NO_SHOW
    told = rows(clinic.runtime, OutgoingMessage, OutgoingMessage.key.startswith("no_show:"))
    assert sorted(message.channel for message in told) == ["in_app", "sms"]


def test_only_admins_undo(clinic: Clinic) -> None:
    visit = clinic.visit("10:00")
    clinic.at("10:02")
    log = clinic.mark(visit)
    nurse = actor_of(make_user(clinic.runtime, clinic.hospital, Role.NURSE))
    for actor in (clinic.reception, nurse):
        with pytest.raises(DomainError) as refused:
            clinic.runtime.transact(actor, forgiveness.undo, Excuse(log, "Wrong row"))
        assert refused.value.code is Code.FORBIDDEN
    assert clinic.appointment(visit).status is Status.NO_SHOW


def test_only_marked_visits_can_arrive_late_or_be_undone(clinic: Clinic) -> None:
    visit = clinic.visit("10:00")
    with pytest.raises(DomainError) as refused:
        clinic.runtime.transact(clinic.admin, no_shows.late_arrival, LateArrival(visit))
    assert refused.value.code is Code.INVALID_TRANSITION
    assert rows(clinic.runtime, AppointmentEvent) == []
    clinic.at("10:02")
    log = clinic.mark(visit)
    clinic.runtime.transact(clinic.reception, no_shows.late_arrival, LateArrival(visit))
    with pytest.raises(DomainError) as refused:
        clinic.runtime.transact(clinic.admin, forgiveness.undo, Excuse(log, "Wrong row"))
    assert refused.value.code is Code.INVALID_TRANSITION
