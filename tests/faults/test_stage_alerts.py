"""The check is killed -9 while it raises alerts, and run again: one alert of each, each told once."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import timedelta

import pytest

from hms.clock import FixedClock
from hms.models import Notification, StageAlert
from hms.runtime import Runtime
from hms.settings import Settings
from tests.support.sweeper import Sweeper
from tests.support.visits import rows
from tests.support.waiting import WaitingRoom

VISITS = 24


@pytest.fixture
def database(fresh_database: str) -> str:
    """Give each killed check a database of its own."""
    return fresh_database


def test_killed_while_raising_and_run_again(
    settings: Settings, runtime: Runtime, clock: FixedClock, machine_clock: FixedClock
) -> None:
    room = WaitingRoom.open(runtime, clock)
    for number in range(VISITS):
        hour, quarter = divmod(number, 4)
        room.here(f"{9 + hour + (hour >= 4):02}:{15 * quarter:02}", "09:00")
    room.at("17:00")
    for _ in range(4):
        machine_clock.advance(timedelta(minutes=6))  # so that the next start takes the dead run over
        sweeper = Sweeper.start(
            settings.effective_database_url, room.hospital.id, clock.now(), machine_clock.now(), batch=1
        )
        sweeper.wait_ready()
        sweeper.go()
        seen = len(rows(runtime, StageAlert))
        deadline = time.monotonic() + 3
        while len(rows(runtime, StageAlert)) < min(seen + 4, 2 * VISITS) and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(random.uniform(0, 0.01))
        sweeper.kill()
    assert rows(runtime, StageAlert)
    machine_clock.advance(timedelta(minutes=6))
    room.check("17:00")
    alerts = Counter((alert.appointment_id, alert.alert_type.value) for alert in rows(runtime, StageAlert))
    assert set(alerts.values()) == {1}
    assert Counter(kind for _, kind in alerts) == {"NO_VITALS": VISITS, "WAITING_TOO_LONG": VISITS}
    assert len(rows(runtime, Notification, Notification.type == "NO_VITALS")) == VISITS
