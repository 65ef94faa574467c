"""Fill doctors' calendars from a process of its own, at one moment with others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from multiprocessing.synchronize import Barrier
from uuid import UUID

from hms.access.actors import Actor
from hms.clock import Clocks, FixedClock
from hms.runtime import build
from hms.services import slots
from hms.settings import Settings

PATIENCE = 60
_MEETING: list[Barrier] = []


def meet_at(barrier: Barrier) -> None:
    """Begin a process: it fills when as many as the barrier wants are there."""
    _MEETING.append(barrier)


def fill_in_process(url: str, now: datetime, hospital_id: UUID, doctor_ids: Sequence[UUID]) -> int:
    """Fill the doctors' days up to the horizon; return how many slots this process found lacking."""
    settings = Settings(_env_file=None, database_url=url, sqlite_synchronous="OFF")
    runtime = build(settings, clocks=Clocks(FixedClock(now), FixedClock(now)))
    try:
        with runtime.reading() as session:
            session.connection()
        _MEETING[0].wait(PATIENCE)
        return runtime.transact(Actor.system(hospital_id), slots.fill_horizon, doctor_ids)
    finally:
        runtime.close()
