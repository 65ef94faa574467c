"""Closed days: who changes one leaves a mark, and what was counted too early is counted again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.figures import Wanted
from hms.domain.job_runs import JobName, RunSource
from hms.models import (
    Appointment,
    AppointmentEvent,
    DoctorSlot,
    FigureDay,
    FigureDoctorSpan,
    FigureMark,
    FigurePatient,
    FigurePenalty,
    FigureSpan,
    Hospital,
    NoShowLog,
    NoShowPenalty,
    new_id,
)
from hms.processes import drift
from hms.processes.drift import Checked
from hms.processes.jobs import OutcomeStatus, run_job
from hms.queries import standings
from hms.queries.figures import counts
from hms.runtime import Runtime
from hms.services import figures, job_runs
from hms.services.figures import Folded, FoldSome
from hms.services.job_runs import StartRun
from tests.support.clinic_books import Books, make_books
from tests.support.factories import add, admin_of, make_hospital

FIRST, LAST = date(2026, 1, 12), date(2026, 1, 23)
TODAY = date(2026, 1, 22)
DAY, OTHER = date(2026, 1, 15), date(2026, 1, 16)


@pytest.fixture
def books(runtime: Runtime, clock: FixedClock) -> Books:
    books = make_books(runtime, timezone="Asia/Kolkata", first=FIRST, last=LAST)
    assert clock.now().astimezone(books.hospital.zone).date() == TODAY
    return books


def keep(runtime: Runtime, hospital: Hospital) -> None:
    outcome = run_job(runtime, hospital.id, JobName.HOUSEKEEPING, RunSource.MANUAL)
    assert outcome.status is OutcomeStatus.COMPLETED, outcome.error


def marks(runtime: Runtime) -> list[date]:
    with runtime.reading() as session:
        return sorted(set(session.scalars(select(FigureMark.day))))


def drifts(runtime: Runtime, hospital: Hospital) -> list[str]:
    found = drift.check(runtime, hospital.id, Checked())
    return [f"{one.day} {one.what}" for one in found if "kept" in one.what]


def one_of(session: Session, day: date, status: Status) -> Appointment:
    own = select(Appointment).where(Appointment.appointment_date == day, Appointment.status == status)
    return session.scalars(own.order_by(Appointment.id).limit(1)).one()


def test_days_before_today_are_closed_once(runtime: Runtime, books: Books) -> None:
    system = Actor.system(books.hospital.id)
    run = runtime.transact(system, job_runs.start, StartRun(JobName.HOUSEKEEPING, RunSource.MANUAL, None))
    assert runtime.transact(system, figures.close_days, run) == (TODAY - FIRST).days
    assert runtime.transact(system, figures.close_days, run) == 0
    assert marks(runtime) == list(Wanted(FIRST, TODAY - timedelta(days=1)).each_day())


def test_an_empty_hospital_has_nothing_to_close(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    keep(runtime, hospital)
    assert (marks(runtime), drifts(runtime, hospital)) == ([], [])


def test_the_next_night_closes_one_more_day(runtime: Runtime, books: Books, clock: FixedClock) -> None:
    keep(runtime, books.hospital)
    clock.advance(timedelta(days=1))
    keep(runtime, books.hospital)
    with runtime.reading() as session:
        assert TODAY in set(session.scalars(select(FigureDay.day)))
    assert (marks(runtime), drifts(runtime, books.hospital)) == ([], [])


def _cancel(session: Session) -> None:
    visit = one_of(session, DAY, Status.NO_SHOW)
    visit.status, visit.holds_slot = Status.CANCELLED, False


def _move(session: Session) -> None:
    visit = one_of(session, DAY, Status.COMPLETED)
    visit.appointment_date = OTHER


def _hand_over(session: Session) -> None:
    visit = one_of(session, DAY, Status.NO_SHOW)
    visit.patient_id = one_of(session, OTHER, Status.NO_SHOW).patient_id


def _insert(session: Session) -> None:
    visit = one_of(session, DAY, Status.COMPLETED)
    values = {column.name: getattr(visit, column.name) for column in Appointment.__table__.columns}
    copy = Appointment(**values | {"id": new_id(), "slot_id": None})
    common = {"hospital_id": visit.hospital_id, "appointment_id": copy.id}
    session.add(AppointmentEvent(**common, at=visit.booked_at, to_status=copy.status, is_import=True))
    session.flush()
    session.add(copy)


def _log(session: Session) -> None:
    visit = one_of(session, DAY, Status.NO_SHOW)
    session.execute(update(NoShowLog).where(NoShowLog.appointment_id == visit.id).values(justified=True))


def _penalties(session: Session) -> None:
    visits = select(Appointment.id).where(Appointment.appointment_date == DAY)
    struck = NoShowPenalty.appointment_id.in_(visits)
    session.execute(update(NoShowPenalty).where(struck).values(waived_at=NoShowPenalty.created_at))


def _slots_blocked(session: Session) -> None:
    session.execute(update(DoctorSlot).where(DoctorSlot.slot_date == DAY).values(blocked_manually=True))


def _slots_gone(session: Session) -> None:
    held = select(Appointment.slot_id).where(Appointment.slot_id.is_not(None))
    session.execute(delete(DoctorSlot).where(DoctorSlot.slot_date == DAY, DoctorSlot.id.not_in(held)))


def _slots_moved(session: Session) -> None:
    session.execute(update(DoctorSlot).where(DoctorSlot.slot_date == DAY).values(slot_date=OTHER))


CHANGES: list[tuple[Callable[[Session], None], list[date]]] = [
    (_cancel, [DAY]),
    (_move, [DAY, OTHER]),
    (_hand_over, [DAY]),
    (_insert, [DAY]),
    (_log, [DAY]),
    (_penalties, [DAY]),
    (_slots_blocked, [DAY]),
    (_slots_gone, [DAY]),
    (_slots_moved, [DAY, OTHER]),
]


def test_whoever_changes_a_closed_day_leaves_a_mark(runtime: Runtime, books: Books) -> None:
    keep(runtime, books.hospital)
    assert marks(runtime) == []
    for change, days in CHANGES:
        with runtime.database.writing() as session:
            change(session)
        assert marks(runtime) == days, change.__name__
        with runtime.database.writing() as session:
            session.execute(delete(FigureMark))
    with runtime.database.writing() as session:
        for change in (_cancel, _move):
            change(session)
    keep(runtime, books.hospital)
    assert (marks(runtime), drifts(runtime, books.hospital)) == ([], [])


def test_changes_of_open_days_leave_none(runtime: Runtime, books: Books) -> None:
    keep(runtime, books.hospital)
    with runtime.database.writing() as session:
        for day in (TODAY, TODAY + timedelta(days=1)):
            today = Appointment.appointment_date == day
            session.execute(update(Appointment).where(today).values(started_at=None))
            session.execute(update(DoctorSlot).where(DoctorSlot.slot_date == day).values(blocked_manually=True))
    assert marks(runtime) == []


def test_drift_of_kept_figures_is_found(runtime: Runtime, books: Books, clock: FixedClock) -> None:
    clock.advance(timedelta(days=11))  # all of January is over
    keep(runtime, books.hospital)
    assert drifts(runtime, books.hospital) == []
    with runtime.database.writing() as session:
        session.execute(update(FigureDay).where(FigureDay.day == DAY).values(missed=FigureDay.missed + 1))
        session.execute(delete(FigureSpan).where(FigureSpan.day == OTHER))
        session.execute(update(FigurePenalty).where(FigurePenalty.day == OTHER).values(penalties_waived=7))
        session.execute(update(FigureDoctorSpan).values(visits=FigureDoctorSpan.visits + 1))
        session.execute(delete(FigurePatient))
    found = drifts(runtime, books.hospital)
    month = DAY.replace(day=1)
    assert sorted(set(found)) == [
        f"{month} the kept sum of the month is not what was added up",
        f"{month} the kept times of a doctor's month are not what the visits say",
        f"{month} the kept times of the month are not what was added up",
        f"{DAY} the kept figures are not what the visits say",
        f"{DAY} the kept sum of all doctors is not what was added up",
        f"{OTHER} the kept penalties are not what the visits say",
        f"{OTHER} the kept times are not what the visits say",
        "None the gathered penalties are not those kept",
    ]


def gathered(runtime: Runtime, patient_id: UUID) -> tuple[int, int, list[str], list[str]] | None:
    with runtime.reading() as session:
        row = session.scalars(select(FigurePatient).where(FigurePatient.patient_id == patient_id)).one_or_none()
        if row is None:
            return None
        days, cleared = (sorted(str(day) for day in some) for some in (row.days, row.cleared_days))
        return row.penalties, row.penalties_counting, days, cleared


def test_a_patients_days_follow_their_penalties(runtime: Runtime, books: Books) -> None:
    keep(runtime, books.hospital)
    with runtime.database.writing() as session:
        visits = session.scalars(
            select(Appointment)
            .join(NoShowPenalty, NoShowPenalty.appointment_id == Appointment.id)
            .where(Appointment.appointment_date.between(DAY, OTHER))
            .order_by(Appointment.appointment_date, Appointment.id)
        ).all()
        one, *others = visits
        patient_id = one.patient_id
        for visit in visits[1:3]:  # with one more of the same day, and one of the next
            visit.patient_id = patient_id
        struck = select(NoShowPenalty).where(NoShowPenalty.appointment_id == one.id)
        session.scalars(struck).one().waived_at = one.ends_at
    assert len(others) > 2
    keep(runtime, books.hospital)
    with runtime.reading() as session:
        own = session.execute(
            select(Appointment.appointment_date, standings.counts(None))
            .join(NoShowPenalty, NoShowPenalty.appointment_id == Appointment.id)
            .where(Appointment.patient_id == patient_id, Appointment.appointment_date < TODAY)
            .order_by(Appointment.appointment_date)
        ).all()
    days, cleared = [str(day) for day, _ in own], [str(day) for day, counts_ in own if not counts_]
    assert days.count(str(DAY)) >= 2
    assert gathered(runtime, patient_id) == (len(days), len(days) - len(cleared), days, cleared)
    with runtime.database.writing() as session:
        own_visits = select(Appointment.id).where(Appointment.patient_id == patient_id)
        session.execute(delete(NoShowPenalty).where(NoShowPenalty.appointment_id.in_(own_visits)))
    keep(runtime, books.hospital)
    assert gathered(runtime, patient_id) is None
    assert drifts(runtime, books.hospital) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_nothing_is_counted_while_somebody_may_still_write_without_a_mark(runtime: Runtime, books: Books) -> None:
    system, admin = Actor.system(books.hospital.id), admin_of(runtime, books.hospital)
    run = runtime.transact(system, job_runs.start, StartRun(JobName.HOUSEKEEPING, RunSource.MANUAL, None))
    fold = FoldSome(run, 100)
    with runtime.database.writing() as early:
        _cancel(early)  # its trigger looks before the day is closed, so there is no mark
        early.flush()
        runtime.transact(system, figures.close_days, run)
        assert [runtime.transact(system, figures.fold_some, fold) for _ in range(3)] == [Folded(waits=True)] * 3
    assert runtime.transact(system, figures.fold_some, fold) == Folded((TODAY - FIRST).days)
    with runtime.database.writing() as late:
        _move(late)
        late.flush()  # not committed: its mark is not seen yet, nor is what it changed
        assert runtime.transact(system, figures.fold_some, fold) == Folded()
    assert marks(runtime) == [DAY, OTHER]
    with runtime.reading() as session:
        before = counts.no_shows(session, admin, Wanted(FIRST, TODAY))
    assert runtime.transact(system, figures.fold_some, fold) == Folded(2)
    with runtime.reading() as session:
        assert counts.no_shows(session, admin, Wanted(FIRST, TODAY)) == before
    assert drifts(runtime, books.hospital) == []


ENDLESS: dict[str, str] = {
    "postgresql": "SELECT pg_sleep(30)",
    "sqlite": "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT max(n) FROM n",
}


def test_counting_ends_when_its_time_is_over(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)

    def endless(session: Session) -> Any:
        return session.scalar(text(ENDLESS[runtime.database.dialect]))

    with pytest.raises(DomainError, match="Counting this takes too long") as refused:
        runtime.measure(endless, 0.2)
    assert refused.value.code is Code.BUSY
    assert runtime.measure(lambda session: session.get_one(Hospital, hospital.id).code, 5) == hospital.code
    with runtime.reading() as session:  # the connection is as it was
        slowly = {"postgresql": "SELECT pg_sleep(0.4)", "sqlite": "SELECT 1"}[runtime.database.dialect]
        session.execute(text(slowly))


def test_counting_never_writes(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    add(runtime, FigureMark(hospital_id=hospital.id, day=DAY))
    with pytest.raises(DBAPIError, match=r"read-only|readonly"):
        runtime.measure(lambda session: session.execute(delete(FigureMark)), 5)
    assert marks(runtime) == [DAY]


def test_counting_sees_one_state_of_the_data(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)

    def twice(session: Session) -> tuple[int, int]:
        first = len(session.scalars(select(FigureMark.day)).all())
        add(runtime, FigureMark(hospital_id=hospital.id, day=DAY))
        return first, len(session.scalars(select(FigureMark.day)).all())

    assert runtime.measure(twice, 5) == (0, 0)
    assert marks(runtime) == [DAY]
