"""The word that tells open pages whether anything changed."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text

from hms.access.actors import Actor
from hms.clock import Clocks, FixedClock
from hms.gateways.null import null_gateways
from hms.models import Hospital
from hms.queries import live
from hms.runtime import Runtime, build
from hms.settings import Settings
from hms.transaction import Work
from tests.support.factories import admin_of, make_hospital


def touch(work: Work) -> None:
    work.changed("hospital", "touched", work.hospital)


def version_of(runtime: Runtime, hospital: Hospital) -> str:
    return runtime.read(live.version, hospital.id, runtime.clocks.hospital.now())


def test_it_stays_while_nothing_happens_and_changes_with_every_change(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    seen = [version_of(runtime, hospital), version_of(runtime, hospital)]
    assert seen[0] == seen[1]

    for _ in range(3):
        runtime.transact(Actor.system(hospital.id), touch)
        seen.append(version_of(runtime, hospital))

    assert len(set(seen)) == 4


def test_it_changes_with_the_hospitals_minute(runtime: Runtime, clock: FixedClock) -> None:
    hospital = make_hospital(runtime)
    first = version_of(runtime, hospital)

    clock.advance(timedelta(seconds=59))
    assert version_of(runtime, hospital) == first
    clock.advance(timedelta(seconds=1))
    assert version_of(runtime, hospital) != first


def test_it_ignores_other_hospitals(runtime: Runtime) -> None:
    ours, theirs = make_hospital(runtime), make_hospital(runtime, "HMS002")
    first = version_of(runtime, ours)

    runtime.transact(Actor.system(theirs.id), touch)

    assert version_of(runtime, ours) == first


def test_a_change_that_commits_late_is_seen_too(postgresql_database: str, clocks: Clocks) -> None:
    runtime = build(Settings(_env_file=None, database_url=postgresql_database), clocks=clocks, gateways=null_gateways())
    hospital = make_hospital(runtime)
    system = Actor.system(hospital.id)
    now = clocks.hospital.now()

    with runtime.database.writing() as slow:
        touch(Work(slow, system, now, now))  # has its number, and is not committed yet
        runtime.transact(system, touch)
        early = version_of(runtime, hospital)
    late = version_of(runtime, hospital)
    runtime.close()

    assert late != early


def test_it_reads_a_bounded_part_of_the_trail_from_an_index(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    for _ in range(2):
        runtime.transact(Actor.system(hospital.id), touch)
    explain = "EXPLAIN QUERY PLAN" if runtime.database.dialect == "sqlite" else "EXPLAIN"
    query = f"{explain} SELECT seq FROM audit_log WHERE hospital_id = :h ORDER BY seq DESC LIMIT {live.WINDOW}"
    with runtime.database.writing() as session:  # a transaction, which a reader on PostgreSQL has none of
        if runtime.database.dialect == "postgresql":
            session.execute(text("SET LOCAL enable_seqscan = off"))
            session.execute(text("SET LOCAL enable_bitmapscan = off"))
        bind = str(hospital.id) if runtime.database.dialect == "postgresql" else hospital.id.hex
        plan = " ".join(str(value) for row in session.execute(text(query), {"h": bind}) for value in row)

    assert "ix_audit_log_hospital_id_seq" in plan
    assert "TEMP B-TREE" not in plan


def test_the_pulse_of_an_empty_day(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)

    pulse = runtime.read(live.pulse, admin_of(runtime, hospital), date(2026, 1, 22))

    assert (dict(pulse.board), pulse.unread_notifications) == ({}, 0)
