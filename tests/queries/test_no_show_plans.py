"""The lists of marks, penalties and reviews are read from the indices made for them, in one statement each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.domain.policy import Policy
from hms.models import Hospital
from hms.processes.jobs import run_job
from hms.queries import drift, no_show_figures, no_show_records, no_shows, reviews, standings, visits
from hms.queries.drift import Window
from hms.queries.hospitals import HospitalRules
from hms.queries.no_show_figures import PenaltyFilter, Period
from hms.queries.no_shows import LogFilter
from hms.runtime import Runtime
from tests.support.callers import counted_statements
from tests.support.factories import admin_of, make_doctor, make_hospital, make_patient
from tests.support.fixtures import NOW
from tests.support.plans import plan_of, sent
from tests.support.visits import local, make_visit

ONE = uuid4()
AFTER = (NOW, ONE)
TODAY = NOW.date()
Ask = Callable[[Session, Actor], Any]


def rules(actor: Actor) -> HospitalRules:
    return HospitalRules(actor.hospital_id, "HMS001", ZoneInfo("UTC"), Policy())


QUESTIONS: dict[str, tuple[Ask, str]] = {
    "logs": (
        lambda s, a: no_shows.logs(s, a, LogFilter(since=NOW), AFTER),
        "ix_no_show_logs_hospital_id_triggered_at",
    ),
    "logs of a doctor": (
        lambda s, a: no_shows.logs(s, a, LogFilter(doctor_id=ONE), AFTER),
        "ix_no_show_logs_doctor_id_triggered_at",
    ),
    "logs of a patient": (
        lambda s, a: no_shows.logs(s, a, LogFilter(patient_id=ONE), AFTER),
        "ix_no_show_logs_patient_id_triggered_at",
    ),
    "penalties": (
        lambda s, a: no_show_figures.penalties(s, a, PenaltyFilter(), after=AFTER, limit=50),
        "ix_patient_no_show_penalties_hospital_id_created_at",
    ),
    "penalties of a patient": (
        lambda s, a: no_show_figures.penalties(s, a, PenaltyFilter(patient_id=ONE), after=AFTER, limit=50),
        "ix_patient_no_show_penalties_patient_id_created_at",
    ),
    "check of marks": (
        lambda s, a: drift.marks_of(s, a.hospital_id, ONE, ONE),
        "ix_appointments_patient_id_starts_at",
    ),
    "check of counts": (
        lambda s, a: drift.standings_of(s, rules(a), Window(None, None), ONE, ONE),
        "ix_patient_no_show_penalties_patient_id_created_at",
    ),
    "reviews": (
        lambda s, a: reviews.waiting(s, a, TODAY, after=AFTER),
        "ix_appointments_to_review",
    ),
}


@pytest.fixture
def admin(runtime: Runtime) -> Actor:
    return admin_of(runtime, make_hospital(runtime))


@pytest.mark.parametrize(("ask", "index"), QUESTIONS.values(), ids=QUESTIONS)
def test_the_index_for_the_question_is_used(runtime: Runtime, admin: Actor, ask: Ask, index: str) -> None:
    """On PostgreSQL with scans made dear, since a table of no rows is best read whole."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        asked.append((statement, parameters))

    engine = runtime.database.reader
    event.listen(engine, "before_cursor_execute", note)
    try:
        runtime.read(ask, admin)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    [(statement, parameters)] = [found for found in asked if found[0].startswith("SELECT")]
    with runtime.database.writing() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            for dear in ("enable_seqscan", "enable_bitmapscan", "enable_sort", "enable_hashjoin"):
                session.execute(text(f"SET LOCAL {dear} = off"))
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).all()
        else:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    steps = "\n".join(str(row[-1]) for row in plan)
    assert index in steps, steps
    assert "USE TEMP B-TREE" not in steps, steps


def test_a_batch_of_the_sweep_reads_the_rows_it_names_not_all_of_the_hospital(runtime: Runtime, admin: Actor) -> None:
    """SQLite, which takes an equal hospital for the best condition there is, must be kept from that."""
    named = [ONE, uuid4(), uuid4()]
    with (
        sent(runtime, "appointments") as visits_read,
        sent(runtime, "patient_no_show_penalties") as penalties_read,
        runtime.database.writing() as session,
    ):
        assert visits.due(session, admin.hospital_id, *no_shows.is_due(NOW), locked=named) == []
        assert standings.tallies(session, admin.hospital_id, named, None) == {}
    for statement, parameters in (*visits_read, *penalties_read):
        assert "(hospital_id=?" not in plan_of(runtime, statement, parameters)
    assert (len(visits_read), len(penalties_read)) == (1, 1)


def fill(runtime: Runtime, hospital: Hospital, clock: FixedClock, visits: int) -> None:
    doctor = make_doctor(runtime, hospital, slot_duration=15, pause=None)
    start = local(hospital, NOW, "09:00")
    for number in range(visits):
        make_visit(runtime, hospital, doctor, make_patient(runtime, hospital), start + timedelta(minutes=15 * number))
    clock.move_to(start + timedelta(hours=9))
    assert run_job(runtime, hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON).items == visits


def test_lists_and_figures_cost_the_same_whatever_they_show(runtime: Runtime, clock: FixedClock) -> None:
    hospital = make_hospital(runtime)
    admin = admin_of(runtime, hospital)

    def cost() -> dict[str, int]:
        [patient_id] = {row.patient_id for row in runtime.read(no_shows.logs, admin, LogFilter(), None, 1)}
        asks: dict[str, Ask] = {
            "logs": lambda s, a: no_shows.logs(s, a, LogFilter()),
            "penalties": lambda s, a: no_show_figures.penalties(s, a, PenaltyFilter(), after=None, limit=50),
            "stats": lambda s, a: no_show_figures.stats(s, a, Period(TODAY, TODAY)),
            "reviews": lambda s, a: reviews.waiting(s, a, TODAY),
            "record": lambda s, a: no_show_records.of_patient(s, a, patient_id, clock.now()),
        }
        counts = {}
        for name, ask in asks.items():
            with counted_statements(runtime) as statements:
                runtime.read(ask, admin)
            counts[name] = len(statements)
        return counts

    fill(runtime, hospital, clock, 1)
    few = cost()
    fill(runtime, hospital, clock, 12)
    assert cost() == few == {"logs": 1, "penalties": 1, "stats": 2, "reviews": 1, "record": 3}
