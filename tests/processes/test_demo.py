"""The demo hospital looks as if the product had made it: what derives its figures finds them as they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from hms.access.actors import Actor
from hms.access.passwords import matches
from hms.clock import Clocks, FixedClock
from hms.domain.appointments import TRANSITIONS, Status, counts_for_day
from hms.domain.errors import Code, DomainError
from hms.domain.job_runs import JobName, RunSource
from hms.domain.messages import Channel
from hms.domain.people import PatientStatus, Role
from hms.models import (
    Appointment,
    AppointmentEvent,
    Consultation,
    Doctor,
    DoctorDay,
    DoctorSlot,
    NoShowLog,
    NoShowPenalty,
    OutgoingMessage,
    Patient,
    User,
)
from hms.processes import demo
from hms.processes.demo import DemoAccounts, people
from hms.processes.demo.roster import ZONE
from hms.processes.demo.seeded import Seeded
from hms.processes.demo.writing import DemoRows
from hms.processes.jobs import run_job
from hms.queries.job_runs import health
from hms.runtime import Runtime, build
from hms.services import penalties
from hms.settings import Settings
from hms.transaction import Work
from tests.support.databases import copy_postgresql, copy_sqlite

NOW = datetime(2026, 1, 22, 8, 55, tzinfo=ZoneInfo(ZONE))
TODAY = NOW.date()
AFTERNOON = NOW.replace(hour=14, minute=2)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give one database for all tests of this file, which only look."""
    if request.param == "sqlite":
        yield copy_sqlite(request.getfixturevalue("sqlite_template"), tmp_path_factory.mktemp("demo"))
        return
    template = request.getfixturevalue("postgresql_template")
    with copy_postgresql(request.getfixturevalue("postgres"), template) as url:
        yield url


@pytest.fixture(scope="module")
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture(scope="module")
def runtime(database_url: str, clock: FixedClock) -> Iterator[Runtime]:
    settings = Settings(
        _env_file=None, database_url=database_url, sqlite_synchronous="OFF", demo_password="known-to-all"
    )
    built = build(settings, clocks=Clocks(hospital=clock, machine=clock))
    yield built
    built.close()


@pytest.fixture(scope="module")
def accounts(runtime: Runtime) -> DemoAccounts:
    return demo.load(runtime)


@pytest.fixture(scope="module")
def afternoon() -> DemoRows:
    """Give what a demo that begins in the afternoon tells; it is only looked at."""
    return demo.tell(1, AFTERNOON, "hash")


def test_each_role_can_sign_in(runtime: Runtime, accounts: DemoAccounts) -> None:
    assert set(accounts.emails) == set(Role)
    with runtime.reading() as session:
        for role, email in accounts.emails.items():
            user = session.scalars(select(User).where(User.email == email)).one()
            assert user.role is role
            assert matches(user.password_hash, "known-to-all")
    assert demo.present(runtime) == accounts


@pytest.mark.usefixtures("accounts")
def test_two_months_with_no_shows_lie_behind(runtime: Runtime) -> None:
    with runtime.reading() as session:
        past = select(Appointment.status).where(Appointment.appointment_date < TODAY)
        statuses = Counter(session.scalars(past))
        first = session.scalar(select(func.min(Appointment.appointment_date)))
        patients = Counter(session.scalars(select(Patient.status)))
        doctors = session.scalars(select(Doctor)).all()
    assert first is not None
    assert TODAY - first == timedelta(days=61)
    assert set(statuses) == {Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED}
    assert 0.16 <= statuses[Status.NO_SHOW] / (statuses[Status.NO_SHOW] + statuses[Status.COMPLETED]) <= 0.20
    assert patients.total() == 1500
    assert 0.03 <= patients[PatientStatus.BLOCKED] / 1500 <= 0.06
    assert len(doctors) == 12
    assert len({doctor.slot_duration for doctor in doctors}) >= 5
    assert len({doctor.specialization for doctor in doctors}) >= 8


@pytest.mark.usefixtures("accounts")
def test_today_is_well_booked_and_has_not_begun(runtime: Runtime) -> None:
    with runtime.reading() as session:
        of_today = select(Appointment).where(Appointment.appointment_date == TODAY)
        visits = [visit for visit in session.scalars(of_today) if visit.status is not Status.CANCELLED]
        ahead = session.execute(
            select(Appointment.appointment_date, func.count())
            .where(Appointment.appointment_date > TODAY, Appointment.status != Status.CANCELLED)
            .group_by(Appointment.appointment_date)
        )
        weeks: Counter[int] = Counter()
        for day, count in ahead:
            weeks[(day - TODAY).days // 7] += count
    statuses = Counter(visit.status for visit in visits)
    assert statuses[Status.SCHEDULED] > 60
    assert statuses[Status.CONFIRMED] > 30
    assert len(visits) == statuses[Status.SCHEDULED] + statuses[Status.CONFIRMED]
    assert len({visit.doctor_id for visit in visits}) >= 10
    assert min(visit.starts_at for visit in visits) > NOW
    assert weeks[0] > weeks[1] > weeks[2] > weeks[3] > 0


def test_patient_of_the_account_has_a_visit_behind_today_and_ahead(runtime: Runtime, accounts: DemoAccounts) -> None:
    with runtime.reading() as session:
        visits = session.scalars(
            select(Appointment)
            .join(Patient, Patient.id == Appointment.patient_id)
            .join(User, User.id == Patient.user_id)
            .where(User.email == accounts.emails[Role.PATIENT])
            .order_by(Appointment.starts_at)
        ).all()
        doctor = session.scalars(
            select(Doctor.id).join(User, User.id == Doctor.user_id).where(User.email == accounts.emails[Role.DOCTOR])
        ).one()
    assert [visit.status for visit in visits[:2]] == [Status.COMPLETED, Status.COMPLETED]
    assert [visit.appointment_date > TODAY for visit in visits] == [False, False, False, True]
    assert visits[2].appointment_date == TODAY
    assert {visit.doctor_id for visit in visits} == {doctor}


def test_counts_and_blocks_are_what_a_recount_finds(runtime: Runtime, accounts: DemoAccounts) -> None:
    def recounted(work: Work) -> tuple[dict[object, tuple[object, ...]], int]:
        patients = penalties.lock_patients(work, work.session.scalars(select(Patient.id)).all())
        blocked = penalties.recount(work, patients)
        return {p.id: (p.no_show_count, p.status, p.blocked_at, p.blocked_by_count) for p in patients.values()}, len(
            blocked
        )

    with runtime.reading() as session:
        before = {
            p.id: (p.no_show_count, p.status, p.blocked_at, p.blocked_by_count)
            for p in session.scalars(select(Patient))
        }
    assert runtime.rehearse(Actor.system(accounts.hospital_id), recounted) == (before, 0)
    assert all((count >= 3) == (status is PatientStatus.BLOCKED) for count, status, _, _ in before.values())


@pytest.mark.usefixtures("accounts")
def test_every_mark_has_its_log_penalty_and_one_message_a_channel(runtime: Runtime) -> None:
    with runtime.reading() as session:
        missed = set(session.scalars(select(Appointment.id).where(Appointment.status == Status.NO_SHOW)))
        assert sorted(session.scalars(select(NoShowLog.appointment_id))) == sorted(missed)
        assert sorted(session.scalars(select(NoShowPenalty.appointment_id))) == sorted(missed)
        keys = session.scalars(select(OutgoingMessage.key).where(OutgoingMessage.key.like("no_show:%"))).all()
    told = Counter((key.split(":")[1], key.split(":")[3]) for key in keys)
    assert {told[str(visit), Channel.IN_APP] for visit in missed} == {1}
    assert set(told.values()) == {1}
    assert {channel for _, channel in told} == {"in_app", "email", "sms"}


@pytest.mark.usefixtures("accounts")
def test_every_appointment_came_to_its_state_by_allowed_steps(runtime: Runtime) -> None:
    with runtime.reading() as session:
        states = {row.id: row.status for row in session.execute(select(Appointment.id, Appointment.status))}
        steps: dict[object, list[tuple[Status | None, Status]]] = defaultdict(list)
        events = session.execute(
            select(AppointmentEvent.appointment_id, AppointmentEvent.from_status, AppointmentEvent.to_status).order_by(
                AppointmentEvent.seq
            )
        )
        for appointment_id, before, after in events:
            steps[appointment_id].append((before, after))
        times = session.scalars(select(AppointmentEvent.at).order_by(AppointmentEvent.seq)).all()
        done = session.scalar(select(func.count()).select_from(Consultation))
    assert list(times) == sorted(times)
    assert times[-1] <= NOW
    assert done == list(states.values()).count(Status.COMPLETED)
    for appointment_id, status in states.items():
        (first, born), *later = steps[appointment_id]
        assert (first, born) == (None, Status.SCHEDULED)
        assert all(step in TRANSITIONS for step in later)
        assert [before for before, _ in later] == [born, *(after for _, after in later)][: len(later)]
        assert steps[appointment_id][-1][1] is status


@pytest.mark.usefixtures("accounts")
def test_day_counters_hold_what_counts(runtime: Runtime) -> None:
    with runtime.reading() as session:
        expected: Counter[tuple[object, date]] = Counter()
        for visit in session.scalars(select(Appointment)):
            if counts_for_day(visit.status, visit.holds_slot):
                expected[visit.doctor_id, visit.appointment_date] += 1
        kept = {(day.doctor_id, day.day): day.booked for day in session.scalars(select(DoctorDay)) if day.booked}
    assert kept == dict(expected)


def test_jobs_find_nothing_left_to_do(runtime: Runtime, accounts: DemoAccounts) -> None:
    with runtime.reading() as session:
        assert health(session, accounts.hospital_id, NOW).is_healthy
        slots = session.scalar(select(func.count()).select_from(DoctorSlot))
    sweep = run_job(runtime, accounts.hospital_id, JobName.NO_SHOW_CHECK, RunSource.STARTUP)
    horizon = run_job(runtime, accounts.hospital_id, JobName.SLOT_HORIZON, RunSource.MANUAL)
    assert (sweep.error, sweep.items, horizon.error, horizon.items) == (None, 0, None, 0)
    with runtime.reading() as session:
        assert session.scalar(select(func.count()).select_from(DoctorSlot)) == slots


@pytest.mark.usefixtures("accounts")
def test_loading_twice_is_refused(runtime: Runtime) -> None:
    with pytest.raises(DomainError) as refused:
        demo.load(runtime)
    assert refused.value.code is Code.ALREADY_EXISTS


def test_same_seed_makes_the_same_rows_and_another_one_others(afternoon: DemoRows) -> None:
    assert vars(demo.tell(1, AFTERNOON, "hash")) == vars(afternoon)
    made, others = (people.patients(Seeded(seed), UUID(int=1), "hash", NOW, TODAY)[0] for seed in (1, 2))
    assert [patient.row for patient in made] != [patient.row for patient in others]


def test_afternoon_has_visits_in_every_state(afternoon: DemoRows) -> None:
    of_today = {
        row["id"] for row in (*afternoon.appointments, *afternoon.cancelled) if row["appointment_date"] == TODAY
    }
    states = {status for (status, _), ids in afternoon.moves.items() if of_today & set(ids)}
    assert states == set(Status) - {Status.SCHEDULED}


@pytest.mark.parametrize("offset", range(7))
def test_enough_doctors_work_today_whatever_the_weekday(offset: int) -> None:
    today = TODAY + timedelta(days=offset)
    doctors, _ = people.doctors(Seeded(1), UUID(int=1), "hash", NOW, today)
    assert sum(today.weekday() in doctor.weekdays for doctor in doctors) == 11
    assert all(len(doctor.weekdays) == 5 for doctor in doctors)
