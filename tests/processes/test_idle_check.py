"""With nothing due the check costs the same whatever is stored: each statement has an index of just its rows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hms.clock import FixedClock
from hms.domain.people import Role
from hms.queries import stage_alerts
from hms.queries.no_shows import due_keys
from hms.queries.stage_alerts import AlertFilter
from hms.runtime import Runtime
from hms.services import bookings
from hms.services.bookings import Cancel
from tests.support.plans import plan_of, sent
from tests.support.waiting import WaitingRoom

SCANS = ("SCAN appointments", "SCAN stage_alerts", "Seq Scan", "TEMP B-TREE", "Sort")


@pytest.fixture
def room(runtime: Runtime, clock: FixedClock) -> WaitingRoom:
    """Open a clinic in which one patient waits, and one alert was raised."""
    room = WaitingRoom.open(runtime, clock)
    room.here("09:00", "09:00")
    room.visit("11:00")
    room.check("09:20")
    return room


def test_the_check_asks_two_indices(room: WaitingRoom) -> None:
    with sent(room.runtime, "appointments") as statements:
        assert room.check("09:25").items == 0
    plans = [plan_of(room.runtime, *one) for one in statements]
    assert len(plans) == 2
    for plan, index in zip(plans, ("ix_appointments_due", "ix_appointments_alert_due"), strict=True):
        assert index in plan
        assert not [word for word in SCANS if word in plan]


@pytest.mark.parametrize("ask", [due_keys, stage_alerts.due_keys], ids=["marks", "alerts"])
def test_so_does_every_further_batch(room: WaitingRoom, ask: object) -> None:
    after = (datetime(2026, 1, 1, tzinfo=UTC), room.hospital.id)
    with sent(room.runtime, "appointments") as statements:
        assert room.runtime.read(ask, room.hospital.id, room.clock.now(), 10, after) == []  # type: ignore[arg-type]
    [statement] = statements
    plan = plan_of(room.runtime, *statement)
    assert "_due" in plan
    assert not [word for word in SCANS if word in plan]


def test_what_ends_and_lists_alerts_reads_the_present_ones_only(room: WaitingRoom) -> None:
    visit = room.here("10:00", "09:30")
    nurse = room.actor(Role.NURSE)
    with sent(room.runtime, "stage_alerts") as ending:
        room.runtime.transact(room.actor(Role.RECEPTIONIST), bookings.cancel, Cancel(appointment_id=visit))
    with sent(room.runtime, "stage_alerts") as listing:
        assert room.runtime.read(stage_alerts.waiting, nurse, AlertFilter())
        assert room.runtime.read(stage_alerts.pulse, nurse).active == 1
    for statements, count, index in (
        (ending, 1, "uq_stage_alerts_appointment_id_alert_type"),
        (listing, 2, "ix_stage_alerts_open"),
    ):
        plans = [plan_of(room.runtime, *one) for one in statements]
        assert len(plans) == count
        assert all(index in plan for plan in plans)
