"""Alerts while many act at once: one of each, and none outlives the wait that it speaks of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from hms.clock import FixedClock
from hms.domain.errors import Code
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import Role
from hms.domain.vitals import Measured
from hms.models import AuditEntry, Notification, StageAlert
from hms.processes.jobs import run_job
from hms.runtime import Runtime
from hms.services import consultations, job_runs, stage_alerts, vitals
from hms.services.consultations import Start
from hms.services.job_runs import StartRun
from hms.services.stage_alerts import Handle, RaiseDue
from hms.services.vitals import Record
from tests.support.races import at_once, houses_on
from tests.support.visits import rows
from tests.support.waiting import WaitingRoom

STARTS = ("09:00", "09:15", "09:30", "09:45", "10:00", "10:15")


@pytest.fixture
def room(runtime: Runtime, clock: FixedClock) -> WaitingRoom:
    return WaitingRoom.open(runtime, clock)


def test_many_checks_at_once_make_one_alert_each(room: WaitingRoom) -> None:
    visits = [room.here(start, "09:00") for start in STARTS]
    room.at("12:00")
    with houses_on(room.runtime, 4) as houses:

        def check(house: Runtime) -> Callable[[], int]:
            return lambda: run_job(house, room.hospital.id, JobName.NO_SHOW_CHECK, RunSource.MANUAL).items

        items = at_once([check(house) for house in houses])
    assert sum(items) == 2 * len(visits)
    assert sorted(room.alerts()) == sorted([("NO_VITALS", "ACTIVE"), ("WAITING_TOO_LONG", "ACTIVE")] * len(visits))
    assert len(rows(room.runtime, Notification, Notification.type == "NO_VITALS")) == len(visits)


def test_batches_of_one_run_at_once_share_the_work(room: WaitingRoom) -> None:
    """Even if the lock of the run failed its purpose, no alert could be made twice."""
    for start in STARTS:
        room.here(start, "09:00")
    room.at("10:40")
    system = room.runtime.transact
    actor = room.actor(Role.HOSPITAL_ADMIN)
    run_id = system(actor, job_runs.start, StartRun(JobName.NO_SHOW_CHECK, RunSource.MANUAL))
    with houses_on(room.runtime, 3) as houses:

        def raise_some(house: Runtime) -> Callable[[], int]:
            return lambda: sum(
                house.transact(actor, stage_alerts.raise_due, RaiseDue(run_id, 2)).alerts for _ in range(4)
            )

        done = at_once([raise_some(house) for house in houses])
    assert sum(done) == len(rows(room.runtime, StageAlert)) == 6 + 3


def test_who_takes_an_alert_up_while_the_visit_moves_on(room: WaitingRoom) -> None:
    visits = [room.here(start, "09:00") for start in STARTS]
    room.check("10:35")
    alerts: list[tuple[UUID, UUID]] = [(row.appointment_id, row.id) for row in rows(room.runtime, StageAlert)]
    nurse = room.actor(Role.NURSE)
    with houses_on(room.runtime, 2) as (one, other):

        def take_up(alert: UUID) -> Callable[[], Any]:
            return lambda: one.transact(nurse, stage_alerts.acknowledge, Handle(alert))

        def begin(visit: UUID) -> Callable[[], Any]:
            return lambda: other.transact(room.me, consultations.start, Start(visit))

        for visit in visits:
            taken = [take_up(alert) for appointment, alert in alerts if appointment == visit]
            given = at_once([*taken, begin(visit)])
            assert set(given[:-1]) <= {None, Code.INVALID_TRANSITION}
            assert isinstance(given[-1], UUID)
    ended = rows(room.runtime, StageAlert)
    assert {(alert.status, alert.is_over, alert.resolved_by) for alert in ended} == {("RESOLVED", True, None)}
    resolved = rows(room.runtime, AuditEntry, AuditEntry.action == "stage_alert.resolved")
    assert len(resolved) == len(ended) == len(alerts)


def test_vitals_at_the_moment_of_the_check_leave_no_alert_that_asks_for_them(room: WaitingRoom) -> None:
    visits = [room.here(start, "09:00") for start in STARTS[:4]]
    room.at("10:05")
    nurse = room.actor(Role.NURSE)
    with houses_on(room.runtime, len(visits) + 1) as (checker, *houses):

        def measure(house: Runtime, visit: UUID) -> Callable[[], UUID]:
            return lambda: house.transact(nurse, vitals.record, Record(visit, Measured(heart_rate=70)))

        def check() -> int:
            return run_job(checker, room.hospital.id, JobName.NO_SHOW_CHECK, RunSource.MANUAL).items

        at_once([check, *(measure(house, visit) for house, visit in zip(houses, visits, strict=True))])
    assert ("NO_VITALS", "ACTIVE") not in room.alerts()
    room.check("10:15")
    for visit in visits:
        assert ("NO_DOCTOR", "ACTIVE") in room.alerts(visit)
