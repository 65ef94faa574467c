"""Lists of what was marked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.models import Doctor, Hospital
from hms.processes.jobs import run_job
from hms.queries import no_shows as queries
from hms.queries.no_shows import LogFilter
from hms.runtime import Runtime
from hms.services import no_shows
from hms.services.no_shows import LateArrival
from tests.support.factories import actor_of, admin_of, make_doctor, make_hospital, make_patient, reception_of
from tests.support.fixtures import NOW
from tests.support.visits import local, make_visit


@pytest.fixture
def hospital(runtime: Runtime, clock: FixedClock) -> Hospital:
    """Give a hospital where two doctors missed three patients each, all marked in one sweep."""
    made = make_hospital(runtime)
    for _ in range(2):
        doctor = make_doctor(runtime, made, slot_duration=15)
        for wall in ("09:00", "09:15", "09:30"):
            make_visit(runtime, made, doctor, make_patient(runtime, made), local(made, NOW, wall))
    clock.advance(timedelta(hours=2))
    assert run_job(runtime, made.id, JobName.NO_SHOW_CHECK, RunSource.CRON).items == 6
    return made


def test_pages_follow_each_other_without_gap_or_repeat(runtime: Runtime, hospital: Hospital) -> None:
    admin = admin_of(runtime, hospital)
    everything = runtime.read(queries.logs, admin, LogFilter())
    assert len(everything) == 6
    paged, after = [], None
    while page := runtime.read(queries.logs, admin, LogFilter(), after, 4):
        paged += page
        after = (page[-1].triggered_at, page[-1].id)
    assert paged == everything
    row = everything[0]
    assert (row.patient_first_name, row.doctor_first_name, row.timeout_minutes) == ("Roy", "Anagha", 15)


def test_filters_and_who_sees_what(runtime: Runtime, hospital: Hospital, clock: FixedClock) -> None:
    admin = admin_of(runtime, hospital)
    one = runtime.read(queries.logs, admin, LogFilter())[0]
    with runtime.reading() as session:
        me = actor_of(session.get_one(Doctor, one.doctor_id))
    assert {row.doctor_id for row in runtime.read(queries.logs, me, LogFilter())} == {one.doctor_id}
    assert len(runtime.read(queries.logs, admin, LogFilter(doctor_id=one.doctor_id))) == 3
    assert runtime.read(queries.logs, admin, LogFilter(patient_id=one.patient_id)) == [one]
    assert runtime.read(queries.logs, admin, LogFilter(until=clock.now())) == []
    assert len(runtime.read(queries.logs, admin, LogFilter(since=clock.now()))) == 6
    stranger = admin_of(runtime, make_hospital(runtime, code="HMS002"))
    assert runtime.read(queries.logs, stranger, LogFilter()) == []
    assert runtime.read(queries.log_of, stranger, one.appointment_id) is None
    assert runtime.read(queries.log_of, admin, one.appointment_id) == one


def test_a_voided_log_is_listed_no_more(runtime: Runtime, hospital: Hospital) -> None:
    admin = admin_of(runtime, hospital)
    one = runtime.read(queries.logs, admin, LogFilter())[0]
    late = LateArrival(one.appointment_id)
    runtime.transact(reception_of(runtime, hospital), no_shows.late_arrival, late)
    assert one.id not in {row.id for row in runtime.read(queries.logs, admin, LogFilter())}
    log = runtime.read(queries.log_of, admin, one.appointment_id)
    assert log is not None
    assert log.voided_at is not None
