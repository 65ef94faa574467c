"""What the sweep leaves to a human, and what the human's decision brings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from hms.clock import FixedClock
from hms.domain.absences import AbsenceStatus, AbsenceType
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.job_runs import JobName, RunSource
from hms.domain.no_shows import ReviewDecision, ReviewReason
from hms.domain.people import Role
from hms.models import (
    Appointment,
    AppointmentEvent,
    AppointmentReview,
    Doctor,
    DoctorAbsence,
    DoctorSchedule,
    Hospital,
    NoShowLog,
    NoShowPenalty,
    OutgoingMessage,
    Patient,
)
from hms.processes.jobs import run_job
from hms.queries import reviews as review_queries
from hms.runtime import Runtime
from hms.services import attendance, no_shows, reviews
from hms.services.attendance import Attend
from hms.services.no_shows import MarkNoShow
from hms.services.reviews import Decide
from tests.support.factories import (
    LONG_AGO,
    actor_of,
    add,
    make_doctor,
    make_holiday,
    make_hospital,
    make_patient,
    make_user,
    reception_of,
)
from tests.support.fixtures import NOW
from tests.support.visits import local, make_visit, reload, rows

TODAY = date(2026, 1, 22)


class Case:
    """One visit at 10:00-10:30, swept at 11:00."""

    def __init__(self, runtime: Runtime, clock: FixedClock) -> None:
        self.runtime, self.clock = runtime, clock
        self.hospital: Hospital = make_hospital(runtime)
        self.doctor: Doctor = make_doctor(runtime, self.hospital)
        self.patient: Patient = make_patient(runtime, self.hospital)
        starts = local(self.hospital, NOW, "10:00")
        self.visit: UUID = make_visit(runtime, self.hospital, self.doctor, self.patient, starts)
        self.reception = reception_of(runtime, self.hospital)
        clock.move_to(local(self.hospital, NOW, "11:00"))

    def sweep(self) -> int:
        return run_job(self.runtime, self.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON).items

    def absent(self, *, status: AbsenceStatus = AbsenceStatus.ACTIVE, days: int = 0, **values: Any) -> None:
        given = {
            "hospital_id": self.hospital.id,
            "doctor_id": self.doctor.id,
            "absence_type": AbsenceType.CONFERENCE,
            "status": status,
            "start_date": TODAY - timedelta(days=days),
            "end_date": TODAY,
            "created_at": LONG_AGO,
        }
        add(self.runtime, DoctorAbsence(**given | values))

    def schedule(self, **values: Any) -> None:
        with self.runtime.database.writing() as session:
            session.execute(update(DoctorSchedule).values(**values))

    def part(self, start: time, end: time) -> None:
        self.absent(is_full_day=False, start_time=start, end_time=end)


@pytest.fixture
def case(runtime: Runtime, clock: FixedClock) -> Case:
    return Case(runtime, clock)


HAPPENINGS: dict[str, tuple[Callable[[Case], object], ReviewReason | None]] = {
    "nothing": (lambda c: c.patient, None),
    "absent": (lambda c: c.absent(), ReviewReason.DOCTOR_ABSENT),
    "absent for days": (lambda c: c.absent(days=9), ReviewReason.DOCTOR_ABSENT),
    "absence cancelled": (lambda c: c.absent(status=AbsenceStatus.CANCELLED), None),
    "absent for a part": (lambda c: c.part(time(10, 15), time(12)), ReviewReason.DOCTOR_ABSENT),
    "absent after": (lambda c: c.part(time(10, 30), time(12)), None),
    "absent before": (lambda c: c.part(time(9), time(10)), None),
    "holiday": (lambda c: make_holiday(c.runtime, c.hospital, TODAY), ReviewReason.HOSPITAL_HOLIDAY),
    "holiday every year": (
        lambda c: make_holiday(c.runtime, c.hospital, date(2020, 1, 22), is_recurring=True),
        ReviewReason.HOSPITAL_HOLIDAY,
    ),
    "holiday of another year": (lambda c: make_holiday(c.runtime, c.hospital, date(2020, 1, 22)), None),
    "schedule begins later": (lambda c: c.schedule(start_time=time(10, 15)), ReviewReason.OUTSIDE_SCHEDULE),
    "schedule ended": (lambda c: c.schedule(is_active=False), ReviewReason.OUTSIDE_SCHEDULE),
    "break moved": (lambda c: c.schedule(break_start=time(10), break_end=time(11)), ReviewReason.OUTSIDE_SCHEDULE),
    "48 hours late": (lambda c: c.clock.advance(timedelta(hours=47, minutes=30)), None),
    "later still": (lambda c: c.clock.advance(timedelta(hours=47, minutes=31)), ReviewReason.BEYOND_CATCH_UP),
}


@pytest.mark.parametrize(("happen", "reason"), HAPPENINGS.values(), ids=HAPPENINGS)
def test_nobody_is_punished_for_the_clinics_doing(
    case: Case, happen: Callable[[Case], object], reason: ReviewReason | None
) -> None:
    happen(case)
    assert case.sweep() == (1 if reason is None else 0)
    visit = reload(case.runtime, Appointment, case.visit)
    opened = [review.reason for review in rows(case.runtime, AppointmentReview)]
    if reason is None:
        assert (visit.status, visit.under_review, opened) == (Status.NO_SHOW, False, [])
        return
    assert (visit.status, visit.under_review, opened) == (Status.SCHEDULED, True, [reason])
    assert (rows(case.runtime, NoShowPenalty), rows(case.runtime, OutgoingMessage)) == ([], [])
    assert case.sweep() == 0
    assert reload(case.runtime, Appointment, case.visit).version == visit.version


@pytest.mark.parametrize(
    ("decision", "status"),
    [
        (ReviewDecision.NO_SHOW, Status.NO_SHOW),
        (ReviewDecision.ATTENDED, Status.COMPLETED),
        (ReviewDecision.CLINIC_FAULT, Status.CANCELLED),
    ],
)
def test_a_decision_ends_the_review(case: Case, decision: ReviewDecision, status: Status) -> None:
    case.absent()
    case.sweep()
    case.runtime.transact(case.reception, reviews.decide, Decide(case.visit, decision, "Asked the doctor"))
    visit = reload(case.runtime, Appointment, case.visit)
    assert (visit.status, visit.under_review) == (status, False)
    [review] = rows(case.runtime, AppointmentReview)
    assert (review.decision, review.decided_by, review.note) == (decision, case.reception.user_id, "Asked the doctor")
    missed = decision is ReviewDecision.NO_SHOW
    assert len(rows(case.runtime, NoShowLog)) == len(rows(case.runtime, NoShowPenalty)) == missed
    assert reload(case.runtime, Patient, case.patient.id).no_show_count == missed
    assert case.runtime.read(review_queries.waiting, case.reception, TODAY) == []
    with pytest.raises(DomainError) as refused:
        case.runtime.transact(case.reception, reviews.decide, Decide(case.visit, decision))
    assert refused.value.code is Code.NOT_FOUND


def test_who_saw_an_earlier_state_decides_nothing(case: Case) -> None:
    case.absent()
    case.sweep()
    version = reload(case.runtime, Appointment, case.visit).version
    stale = Decide(case.visit, ReviewDecision.NO_SHOW, version=version - 1)
    with pytest.raises(DomainError) as refused:
        case.runtime.transact(case.reception, reviews.decide, stale)
    assert refused.value.code is Code.STALE_VERSION
    case.runtime.transact(case.reception, reviews.decide, Decide(case.visit, ReviewDecision.NO_SHOW, version=version))
    assert len(rows(case.runtime, NoShowPenalty)) == 1


def test_what_was_left_open_ends_as_any_visit_does(case: Case) -> None:
    case.runtime.transact(case.reception, attendance.check_in, Attend(case.visit))
    case.clock.advance(timedelta(days=1))
    with pytest.raises(DomainError, match="left without being seen") as refused:
        case.runtime.transact(case.reception, reviews.decide, Decide(case.visit, ReviewDecision.ATTENDED))
    assert refused.value.code is Code.INVALID_TRANSITION


def test_only_reception_and_admins_decide(case: Case) -> None:
    case.absent()
    case.sweep()
    nurse = actor_of(make_user(case.runtime, case.hospital, Role.NURSE))
    for actor in (nurse, actor_of(case.doctor), actor_of(case.patient)):
        with pytest.raises(DomainError) as refused:
            case.runtime.transact(actor, reviews.decide, Decide(case.visit, ReviewDecision.NO_SHOW))
        assert refused.value.code is Code.FORBIDDEN
    assert rows(case.runtime, NoShowLog) == []


def test_a_mark_by_hand_settles_the_review(case: Case) -> None:
    case.absent()
    case.sweep()
    case.runtime.transact(case.reception, no_shows.mark, MarkNoShow(case.visit))
    [review] = rows(case.runtime, AppointmentReview)
    assert (review.decision, review.decided_by) == (ReviewDecision.NO_SHOW, case.reception.user_id)
    assert len(rows(case.runtime, NoShowPenalty)) == 1


def test_who_comes_after_all_leaves_the_list_and_comes_back_with_a_mistake(case: Case) -> None:
    case.absent()
    case.sweep()
    case.runtime.transact(case.reception, attendance.check_in, Attend(case.visit))
    assert not reload(case.runtime, Appointment, case.visit).under_review
    [review] = rows(case.runtime, AppointmentReview)
    assert (review.decision, review.decided_by) == (None, case.reception.user_id)
    case.runtime.transact(case.reception, attendance.undo_check_in, Attend(case.visit))
    assert case.sweep() == 0
    [waiting] = case.runtime.read(review_queries.waiting, case.reception, TODAY)
    assert (waiting.appointment_id, waiting.reason) == (case.visit, ReviewReason.DOCTOR_ABSENT)


def test_the_list_names_what_waits_and_what_was_left_open(case: Case) -> None:
    case.absent()
    other = make_patient(case.runtime, case.hospital)
    left = make_visit(case.runtime, case.hospital, case.doctor, other, local(case.hospital, NOW, "10:30"))
    case.runtime.transact(case.reception, attendance.check_in, Attend(left))
    case.sweep()
    today = case.runtime.read(review_queries.waiting, case.reception, TODAY)
    assert [(row.appointment_id, row.reason) for row in today] == [(case.visit, ReviewReason.DOCTOR_ABSENT)]
    tomorrow = case.runtime.read(review_queries.waiting, case.reception, TODAY + timedelta(days=1))
    assert [(row.appointment_id, row.reason, row.status) for row in tomorrow] == [
        (case.visit, ReviewReason.DOCTOR_ABSENT, Status.SCHEDULED),
        (left, ReviewReason.LEFT_OPEN, Status.CHECKED_IN),
    ]
    assert tomorrow[0].patient_name == f"Roy {case.patient.last_name}"


def test_imported_visits_without_outcome_are_for_a_human(case: Case) -> None:
    starts = local(case.hospital, NOW, "09:00")
    patient = make_patient(case.runtime, case.hospital)
    imported = make_imported(case, patient, starts)
    assert case.sweep() == 1
    [review] = rows(case.runtime, AppointmentReview)
    assert (review.appointment_id, review.reason) == (imported, ReviewReason.IMPORTED_OPEN)


def make_imported(case: Case, patient: Patient, starts: Any) -> UUID:
    """Make an open visit as an import does: its event comes first, in the same transaction."""
    visit = make_visit(case.runtime, case.hospital, case.doctor, make_patient(case.runtime, case.hospital), starts)
    with case.runtime.database.writing() as session:
        pattern = session.get_one(Appointment, visit)
        twin = {column.name: getattr(pattern, column.name) for column in Appointment.__table__.columns}
        session.delete(pattern)
        session.flush()
        event = {"hospital_id": case.hospital.id, "appointment_id": visit, "at": NOW, "to_status": Status.SCHEDULED}
        session.add(AppointmentEvent(**event, is_import=True))
        session.flush()
        session.add(Appointment(**twin | {"patient_id": patient.id, "imported": True}))
    return visit
