"""Every figure equals what plain Python counts from the rows: of days counted live, of kept ones, and of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.errors import DomainError
from hms.domain.figures import Wanted, percent, trend_of
from hms.domain.job_runs import JobName, RunSource
from hms.domain.no_shows import NoShowReason
from hms.models import Appointment, DoctorSlot, FigureDay, FigureMark, Hospital, NoShowLog, NoShowPenalty
from hms.processes.jobs import OutcomeStatus, run_job
from hms.queries.figures import counts, penalties, today, utilisation, waiting
from hms.queries.figures.counts import Counts, DaysCounts
from hms.queries.figures.utilisation import Times
from hms.queries.figures.waiting import InBand, Kept, Spread
from hms.runtime import Runtime
from tests.support.callers import counted_statements
from tests.support.clinic_books import Books, Recount, make_books, nearest_rank
from tests.support.factories import admin_of, make_doctor, make_hospital, make_patient, reception_of
from tests.support.visits import make_visit

FIRST, LAST = date(2026, 3, 2), date(2026, 4, 10)
TODAY = date(2026, 4, 8)
WANTED = Wanted(date(2026, 3, 24), date(2026, 4, 9))  # with the night of 29 March, when an hour is left out

MONTHS = Wanted(date(2026, 3, 1), date(2026, 4, 9))
"""A period with a whole month in it."""


@pytest.fixture
def books(runtime: Runtime, clock: FixedClock) -> Books:
    books = make_books(runtime, first=FIRST, last=LAST)
    clock.move_to(datetime(2026, 4, 8, 12, tzinfo=books.hospital.zone))
    return books


@pytest.fixture
def neighbours(runtime: Runtime) -> Books:
    """Give another hospital, whose rows must never count."""
    return make_books(runtime, "HMS002", "Europe/Berlin", first=FIRST, last=LAST, seed=6)


def keep_figures(runtime: Runtime, hospital: Hospital) -> None:
    outcome = run_job(runtime, hospital.id, JobName.HOUSEKEEPING, RunSource.MANUAL)
    assert outcome.status is OutcomeStatus.COMPLETED, outcome.error


def change_some(session: Session, hospital: Hospital) -> None:
    """Change rows of closed days by hand, in each table that figures are counted from."""
    day, other = WANTED.first, WANTED.first + timedelta(days=3)
    done = Appointment.status == Status.COMPLETED
    own = Appointment.hospital_id == hospital.id
    session.execute(update(Appointment).where(own, done, Appointment.appointment_date == day).values(started_at=None))
    missed = select(Appointment.id).where(
        own, Appointment.status == Status.NO_SHOW, Appointment.appointment_date == other
    )
    session.execute(update(NoShowLog).where(NoShowLog.appointment_id.in_(missed)).values(justified=True))
    struck = NoShowPenalty.appointment_id.in_(missed)
    session.execute(
        update(NoShowPenalty)
        .where(struck)
        .values(waived_at=func.coalesce(NoShowPenalty.waived_at, NoShowPenalty.created_at))
    )
    blocked = update(DoctorSlot).where(DoctorSlot.hospital_id == hospital.id, DoctorSlot.slot_date == date(2026, 4, 2))
    session.execute(blocked.values(blocked_manually=True))


def test_figures_are_what_the_rows_say(runtime: Runtime, books: Books, neighbours: Books) -> None:
    admin = admin_of(runtime, books.hospital)
    check_all(runtime, admin, books)
    keep_figures(runtime, books.hospital)
    keep_figures(runtime, neighbours.hospital)
    with runtime.reading() as session:
        kept = session.scalars(select(FigureDay.day).where(FigureDay.hospital_id == books.hospital.id)).all()
        assert (min(kept), max(kept)) == (FIRST, TODAY - timedelta(days=1))
    check_all(runtime, admin, books)
    with runtime.database.writing() as session:
        change_some(session, books.hospital)
    with runtime.reading() as session:
        marked = session.scalars(select(FigureMark.day).where(FigureMark.hospital_id == books.hospital.id)).all()
    assert {WANTED.first, WANTED.first + timedelta(days=3), date(2026, 4, 2)} == set(marked)
    check_all(runtime, admin, books)
    keep_figures(runtime, books.hospital)
    check_all(runtime, admin, books)


def check_all(runtime: Runtime, admin: Actor, books: Books) -> None:
    """Compare every figure, of the whole hospital and of one doctor."""
    recount = Recount(runtime, books.hospital.id)
    for doctor_id in (None, books.doctors[1].id):
        wanted = Wanted(WANTED.first, WANTED.last, doctor_id)
        for check in (
            check_counts,
            check_course,
            check_penalties,
            check_times,
            check_waits,
            check_effects,
            check_today,
        ):
            with runtime.reading() as session:
                check(session, admin, wanted, recount)

    for doctor_id in (None, books.doctors[2].id):
        for check in (check_counts, check_penalties, check_times, check_waits):
            with runtime.reading() as session:
                check(session, admin, Wanted(MONTHS.first, MONTHS.last, doctor_id), recount)


def check_counts(session: Session, admin: Actor, wanted: Wanted, recount: Recount) -> None:
    visits, earlier = (recount.of(one.first, one.last, wanted.doctor_id) for one in (wanted, wanted.before))
    found = counts.no_shows(session, admin, wanted)
    assert (found.counts, found.before) == (Counts(*recount.counts(visits)), Counts(*recount.counts(earlier)))
    now, before = (percent(one[2], one[1] + one[2]) for one in (recount.counts(visits), recount.counts(earlier)))
    assert found.trend == trend_of(now, before)
    logs = [recount.logs[visit.id] for visit in visits if visit.id in recount.logs]
    assert found.by_reason == {reason: sum(log.reason is reason for log in logs) for reason in NoShowReason}
    assert found.slots_released == sum(log.slot_released for log in logs)
    assert found.justified == sum(log.justified for log in logs)
    rows = counts.by_doctor(session, admin, wanted).rows
    assert {row.doctor_id for row in rows} == {visit.doctor_id for visit in visits + earlier}
    for row in rows:
        assert row.counts == Counts(*recount.counts([visit for visit in visits if visit.doctor_id == row.doctor_id]))
        assert row.before == Counts(*recount.counts([visit for visit in earlier if visit.doctor_id == row.doctor_id]))


def check_course(session: Session, admin: Actor, wanted: Wanted, recount: Recount) -> None:
    found = counts.by_day(session, admin, wanted)
    for rows, period in ((found.rows, wanted), (found.before, wanted.before)):
        expected = [
            DaysCounts(day, day, Counts(*recount.counts(recount.of(day, day, wanted.doctor_id))))
            for day in period.each_day()
        ]
        assert list(rows) == expected
    weeks = counts.by_week(
        session, admin, wanted
    ).rows  # 24 March 2026 is a Tuesday; the locale's weeks begin on Monday
    assert [(week.first.day, week.last.day) for week in weeks] == [(24, 29), (30, 5), (6, 9)]
    for week in weeks:
        assert week.counts == Counts(*recount.counts(recount.of(week.first, week.last, wanted.doctor_id)))


def check_penalties(session: Session, admin: Actor, wanted: Wanted, recount: Recount) -> None:
    visits = recount.of(wanted.first, wanted.last, wanted.doctor_id)
    earlier = recount.of(wanted.before.first, wanted.before.last, wanted.doctor_id)
    by_doctor = penalties.by_doctor(session, admin, wanted).rows
    assert {row.doctor_id for row in by_doctor} == {v.doctor_id for v in visits + earlier if v.id in recount.penalties}
    for row in by_doctor:
        own, own_before = ([v for v in some if v.doctor_id == row.doctor_id] for some in (visits, earlier))
        assert row.numbers == penalties.Penalties(*recount.struck(own))
        assert row.before == penalties.Penalties(*recount.struck(own_before))
    most = penalties.by_patient(session, admin, wanted, limit=4)
    struck = Counter(visit.patient_id for visit in visits if visit.id in recount.penalties)
    assert (most.patients, most.numbers) == (len(struck), penalties.Penalties(*recount.struck(visits)))
    numbers = {one: recount.struck([v for v in visits if v.patient_id == one]) for one in struck}
    ordered = sorted(struck, key=lambda one: (-numbers[one][0], -numbers[one][1], one))
    assert [row.patient_id for row in most.rows] == ordered[:4]
    for one in most.rows:
        assert one.numbers == penalties.Penalties(
            *recount.struck([v for v in visits if v.patient_id == one.patient_id])
        )


def test_who_has_most_penalties_is_found_among_many(runtime: Runtime, clock: FixedClock) -> None:
    books = make_books(runtime, first=date(2026, 1, 5), last=LAST, patients=80)
    clock.move_to(datetime(2026, 4, 8, 12, tzinfo=books.hospital.zone))
    keep_figures(runtime, books.hospital)
    with runtime.database.writing() as session:
        change_some(session, books.hospital)
    admin, recount = admin_of(runtime, books.hospital), Recount(runtime, books.hospital.id)
    for first, last in ((date(2026, 1, 10), date(2026, 2, 14)), (date(2026, 2, 20), LAST), (books.first, LAST)):
        visits = recount.of(first, last)
        struck = {visit.patient_id for visit in visits if visit.id in recount.penalties}
        numbers = {one: recount.struck([visit for visit in visits if visit.patient_id == one]) for one in struck}
        ordered = sorted(struck, key=lambda one: (-numbers[one][0], -numbers[one][1], one))
        for limit in (1, 3, 200):
            with runtime.reading() as session:
                most = penalties.by_patient(session, admin, Wanted(first, last), limit)
            found = [(row.patient_id, row.numbers) for row in most.rows]
            assert found == [(one, penalties.Penalties(*numbers[one])) for one in ordered[:limit]]
            assert (most.patients, most.numbers.penalties) == (len(struck), recount.struck(visits)[0])


def check_times(session: Session, admin: Actor, wanted: Wanted, recount: Recount) -> None:
    found = utilisation.utilisation(session, admin, wanted)
    times = recount.times(wanted.first, wanted.last, wanted.doctor_id)
    before = recount.times(wanted.before.first, wanted.before.last, wanted.doctor_id)
    assert (found.times, found.before) == (Times.of(times), Times.of(before))
    assert found.times.utilisation == f"{100 * times[3] / times[1]:.1f}%"
    for row in found.rows:
        assert row.times == Times.of(recount.times(wanted.first, wanted.last, row.doctor_id))


def check_waits(session: Session, admin: Actor, wanted: Wanted, recount: Recount) -> None:
    visits, earlier = (recount.of(one.first, one.last, wanted.doctor_id) for one in (wanted, wanted.before))
    found = waiting.waiting_times(session, admin, wanted)
    for wait, begin, end in (
        (found.to_vitals, "checked_in_at", "vitals_recorded_at"),
        (found.to_doctor, "vitals_recorded_at", "started_at"),
        (found.to_begin, "checked_in_at", "started_at"),
    ):
        ordered, ordered_before = (recount.waits(some, begin, end) for some in (visits, earlier))
        assert wait.now == Spread(len(ordered), nearest_rank(ordered, 5), nearest_rank(ordered, 9))
        assert wait.before == Spread(
            len(ordered_before), nearest_rank(ordered_before, 5), nearest_rank(ordered_before, 9)
        )
        assert wait.bands[1] == InBand(10, 19, sum(10 <= one < 20 for one in ordered), 0, "0.0%")
        assert sum(band.visits for band in wait.bands) == len(ordered)
    leads = waiting.lead_times(session, admin, wanted)
    days = recount.leads(visits)
    ordered = [one for one, _ in days]
    assert leads.now == Spread(len(days), nearest_rank(ordered, 5), nearest_rank(ordered, 9))
    for band in leads.bands:
        longest = 10**6 if band.last is None else band.last
        within = [missed for one, missed in days if band.first <= one <= longest]
        rate = 100 * sum(within) / len(within) if within else 0
        assert band == InBand(band.first, band.last, len(within), sum(within), f"{rate:.1f}%")


def check_effects(session: Session, admin: Actor, wanted: Wanted, recount: Recount) -> None:
    found = waiting.reminders(session, admin, wanted)
    for effect, period in ((found.now, wanted), (found.before, wanted.before)):
        visits = recount.of(period.first, period.last, wanted.doctor_id)
        for kept, ids, is_in in (
            (effect.reminded, recount.reminded, True),
            (effect.not_reminded, recount.reminded, False),
            (effect.confirmed, recount.confirmed, True),
            (effect.not_confirmed, recount.confirmed, False),
        ):
            _, came, missed, _, rate = recount.counts([visit for visit in visits if (visit.id in ids) is is_in])
            assert kept == Kept(came, missed, rate)


def check_today(session: Session, admin: Actor, wanted: Wanted, recount: Recount) -> None:
    now = datetime.fromisoformat("2026-04-08T12:00+02:00")
    found = today.dashboard_stats(session, admin, Wanted(TODAY, TODAY, wanted.doctor_id), now)
    visits = recount.of(TODAY, TODAY, wanted.doctor_id)
    states = Counter(visit.status for visit in visits)
    open_ones = [visit for visit in visits if visit.status in (Status.SCHEDULED, Status.CONFIRMED)]
    freed = recount.times(TODAY, TODAY, wanted.doctor_id)[4:6]
    assert found.today == today.Today(
        booked=len(visits) - states[Status.CANCELLED],
        expected=len(open_ones),
        late=sum(visit.starts_at < now for visit in open_ones),
        arrived=recount.counts(visits)[1],
        waiting=states[Status.CHECKED_IN],
        with_doctor=states[Status.IN_PROGRESS],
        done=states[Status.COMPLETED],
        no_shows=states[Status.NO_SHOW],
        cancelled=states[Status.CANCELLED],
        released=freed[0],
        rebooked=freed[1],
    )
    days = [day for weeks in range(1, 9) if recount.of(day := TODAY - timedelta(weeks=weeks), day, wanted.doctor_id)]
    of_days = [recount.counts(recount.of(day, day, wanted.doctor_id)) for day in days]
    assert found.usual.days == len(days) == 5
    assert found.usual.booked == round(sum(one[0] - one[3] for one in of_days) / len(days), 1)
    assert found.usual.no_shows == round(sum(one[2] for one in of_days) / len(days), 1)
    assert found.usual.rebooked == round(sum(recount.times(d, d, wanted.doctor_id)[5] for d in days) / len(days), 1)


def test_figures_take_few_statements_however_many_visits(runtime: Runtime, books: Books) -> None:
    admin = admin_of(runtime, books.hospital)
    keep_figures(runtime, books.hospital)
    asked: list[tuple[int, Callable[[Session], object]]] = [
        (2, lambda s: counts.no_shows(s, admin, WANTED)),
        (2, lambda s: counts.by_doctor(s, admin, WANTED)),
        (2, lambda s: counts.by_day(s, admin, WANTED)),
        (3, lambda s: counts.by_week(s, admin, WANTED)),
        (2, lambda s: penalties.by_doctor(s, admin, WANTED)),
        (2, lambda s: penalties.by_patient(s, admin, WANTED, 50)),
        (7, lambda s: penalties.by_patient(s, admin, MONTHS, 50)),
        (2, lambda s: utilisation.utilisation(s, admin, WANTED)),
        (2, lambda s: waiting.waiting_times(s, admin, WANTED)),
        (2, lambda s: waiting.lead_times(s, admin, WANTED)),
        (2, lambda s: waiting.reminders(s, admin, WANTED)),
        (3, lambda s: today.dashboard_stats(s, admin, Wanted(TODAY, TODAY), runtime.clocks.hospital.now())),
    ]
    for number, ask in asked:
        with counted_statements(runtime) as statements, runtime.reading() as session:
            ask(session)
        assert len(statements) == number, statements


def test_a_visit_at_half_past_eleven_at_night_counts_on_its_day(runtime: Runtime) -> None:
    hospital = make_hospital(runtime, timezone="Asia/Kolkata")
    doctor, patient = make_doctor(runtime, hospital, slot_duration=15), make_patient(runtime, hospital)
    make_visit(runtime, hospital, doctor, patient, datetime(2026, 1, 22, 23, 30, tzinfo=hospital.zone))
    make_visit(runtime, hospital, doctor, patient, datetime(2026, 1, 23, 0, 15, tzinfo=hospital.zone))
    with runtime.reading() as session:
        course = counts.by_day(session, admin_of(runtime, hospital), Wanted(date(2026, 1, 21), date(2026, 1, 24)))
    assert [row.counts.appointments for row in course.rows] == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("since", "until", "minutes"),
    [
        ("2026-03-29T01:50:00+01:00", "2026-03-29T03:10:59+02:00", 20),  # an hour is left out
        ("2026-10-25T02:50:00+02:00", "2026-10-25T02:10:00+01:00", 20),  # an hour comes twice
    ],
)
def test_waits_are_as_long_as_they_lasted(runtime: Runtime, since: str, until: str, minutes: int) -> None:
    hospital = make_hospital(runtime, timezone="Europe/Berlin")
    doctor, patient = make_doctor(runtime, hospital, slot_duration=15), make_patient(runtime, hospital)
    came, began = datetime.fromisoformat(since), datetime.fromisoformat(until)
    visit_id = make_visit(runtime, hospital, doctor, patient, came.astimezone(hospital.zone))
    with runtime.database.writing() as session:
        own = update(Appointment).where(Appointment.id == visit_id)
        session.execute(own.values(status=Status.CHECKED_IN, checked_in_at=came))
        session.execute(own.values(status=Status.IN_PROGRESS, started_at=began))
    with runtime.reading() as session:
        found = waiting.waiting_times(session, admin_of(runtime, hospital), Wanted(came.date(), came.date()))
    assert found.to_begin.now == Spread(1, minutes, minutes)
    assert found.to_vitals.now == Spread(0, None, None)


@pytest.mark.parametrize(("locale", "first"), [("en_US", 25), ("de", 26), ("ar-EG", 24), ("xx-YY", 26)])
def test_weeks_begin_as_in_the_hospitals_locale(runtime: Runtime, locale: str, first: int) -> None:
    hospital = make_hospital(runtime)
    with runtime.database.writing() as session:
        session.execute(update(Hospital).where(Hospital.id == hospital.id).values(locale=locale))
    wanted = Wanted(date(2026, 1, 24), date(2026, 2, 9))
    with runtime.reading() as session:
        weeks = counts.by_week(session, admin_of(runtime, hospital), wanted).rows
    begins = [week.first.day for week in weeks if week.first > wanted.first]
    assert begins[0] == (first if first > 24 else 31)


def test_figures_are_for_admins_and_their_own_doctors(runtime: Runtime, books: Books, neighbours: Books) -> None:
    admin, foreign = admin_of(runtime, books.hospital), neighbours.doctors[0].id
    with runtime.reading() as session:
        with pytest.raises(DomainError, match="There is no such doctor"):
            counts.no_shows(session, admin, Wanted(FIRST, LAST, foreign))
        with pytest.raises(DomainError, match="may not see the hospital's figures"):
            counts.no_shows(session, reception_of(runtime, books.hospital), WANTED)
