"""The check's two halves: alerts come though marks fail, and the other way round; one bad row stops nobody else's."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.models import NoShowLog, StageAlert
from hms.processes.jobs import OutcomeStatus, RunOutcome, run_job
from hms.runtime import Runtime
from tests.support.visits import rows
from tests.support.waiting import WaitingRoom


@pytest.fixture
def database(fresh_database: str) -> str:
    """Give each test a database of its own: bad rows are planted as triggers."""
    return fresh_database


@pytest.fixture
def room(runtime: Runtime, clock: FixedClock) -> WaitingRoom:
    return WaitingRoom.open(runtime, clock)


def refuse(runtime: Runtime, what: str, when: str) -> None:
    """Let the database refuse a change, such as "INSERT ON stage_alerts", where a condition on NEW holds."""
    with runtime.database.writing() as session:
        if runtime.database.dialect == "sqlite":
            raising = "BEGIN SELECT RAISE(ABORT, 'bad row'); END"
            session.execute(text(f"CREATE TRIGGER bad_row BEFORE {what} WHEN {when} {raising}"))
            return
        body = "BEGIN RAISE EXCEPTION 'bad row'; END"
        session.execute(text(f"CREATE FUNCTION bad_row() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"))
        session.execute(
            text(f"CREATE TRIGGER bad_row BEFORE {what} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION bad_row()")
        )


def check(room: WaitingRoom, wall: str) -> RunOutcome:
    room.at(wall)
    return run_job(room.runtime, room.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)


def test_one_bad_row_stops_no_other_alert_and_is_named(room: WaitingRoom) -> None:
    visits = [room.here(start, "08:58") for start in ("09:00", "09:15", "09:30", "09:45")]
    bad = visits[1].hex if room.runtime.database.dialect == "sqlite" else visits[1]
    refuse(room.runtime, "INSERT ON stage_alerts", f"NEW.appointment_id = '{bad}'")
    outcome = check(room, "10:05")
    assert (outcome.status, outcome.items) == (OutcomeStatus.FAILED, 3 + 1)
    assert f"1 could not be done: appointment {visits[1]}" in (outcome.error or "")
    assert {row.appointment_id for row in rows(room.runtime, StageAlert)} == {visits[0], *visits[2:]}
    assert check(room, "10:10").items == 0


@pytest.mark.parametrize(
    ("broken", "logs", "alerts", "named"),
    [("UPDATE ON appointments", 0, 1, "marks: "), ("INSERT ON stage_alerts", 1, 0, "alerts: ")],
)
def test_one_half_runs_though_the_other_fails(
    room: WaitingRoom, monkeypatch: pytest.MonkeyPatch, broken: str, logs: int, alerts: int, named: str
) -> None:
    monkeypatch.setattr("hms.processes.batches.HOPELESS_AFTER", 1)
    room.here("09:00", "08:58")
    room.visit("09:15")
    when = "NEW.status = 'NO_SHOW'" if broken.startswith("UPDATE") else "NEW.status = 'ACTIVE'"
    refuse(room.runtime, broken, when)
    outcome = check(room, "09:35")
    assert (outcome.status, outcome.items) == (OutcomeStatus.FAILED, 1)
    assert (outcome.error or "").startswith(named)
    assert (len(rows(room.runtime, NoShowLog)), len(rows(room.runtime, StageAlert))) == (logs, alerts)
