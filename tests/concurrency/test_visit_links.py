"""A link and the desk act on one visit at once: one of them wins, the other is told, and the history says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import time
from functools import partial
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.domain.appointments import LIVE, Status
from hms.domain.errors import Code
from hms.domain.people import Role
from hms.models import Appointment, AppointmentEvent
from hms.runtime import Runtime
from hms.services import attendance, bookings, rescheduling, visit_links
from hms.services.attendance import Attend
from hms.services.bookings import Cancel
from hms.services.rescheduling import Reschedule
from hms.services.visit_links import ByLink, MoveByLink
from tests.support.calendars import TODAY, Clinic
from tests.support.races import at_once, houses_on

TIMES = (time(9), time(9, 30))
REFUSALS = {Code.STALE_VERSION, Code.INVALID_TRANSITION, Code.LINK_ENDED}


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    return Clinic(runtime)


@pytest.fixture
def houses(runtime: Runtime) -> Iterator[list[Runtime]]:
    with houses_on(runtime, 2) as houses:
        yield houses


def by_link(clinic: Clinic) -> Actor:
    return Actor(clinic.hospital.id, Role.PATIENT, patient_id=clinic.patient.id, by_link=True)


def histories(clinic: Clinic) -> dict[UUID, list[Status]]:
    """Return each visit's states in order, after checking that every event starts where the one before ended."""
    found: dict[UUID, list[Status]] = {}
    for event in sorted(clinic.rows(AppointmentEvent), key=lambda event: event.seq):
        states = found.setdefault(event.appointment_id, [])
        assert event.from_status == (states[-1] if states else None)
        states.append(event.to_status)
    return found


Act = Callable[[Runtime, Clinic, UUID], Callable[[], Any]]


def link_act(service: Any) -> Act:
    return lambda house, clinic, visit: partial(house.transact, by_link(clinic), service, ByLink(visit, 0))


def link_moves(house: Runtime, clinic: Clinic, visit: UUID) -> Callable[[], Any]:
    return partial(house.transact, by_link(clinic), visit_links.move, MoveByLink(ByLink(visit, 0), TODAY, time(15)))


def desk_moves(house: Runtime, clinic: Clinic, visit: UUID) -> Callable[[], Any]:
    wish = Reschedule(appointment_id=visit, day=TODAY, start=time(16))
    return partial(house.transact, clinic.reception, rescheduling.reschedule, wish)


def desk_cancels(house: Runtime, clinic: Clinic, visit: UUID) -> Callable[[], Any]:
    return partial(house.transact, clinic.reception, bookings.cancel, Cancel(appointment_id=visit))


def desk_checks_in(house: Runtime, clinic: Clinic, visit: UUID) -> Callable[[], Any]:
    return partial(house.transact, clinic.reception, attendance.check_in, Attend(visit))


confirms, cancels = link_act(visit_links.confirm), link_act(visit_links.cancel)


PAIRS = (
    (confirms, desk_cancels),
    (confirms, desk_moves),
    (cancels, desk_checks_in),
    (cancels, desk_moves),
    (link_moves, desk_moves),
    (link_moves, desk_cancels),
    (link_moves, desk_checks_in),
)


@pytest.mark.parametrize("turn", [0, 1], ids=["link first in line", "desk first in line"])
def test_link_and_desk_at_once(clinic: Clinic, houses: list[Runtime], turn: int) -> None:
    for (link, desk), start in product(PAIRS, TIMES):
        visit = clinic.book(clinic.reception, TODAY, start)
        acts = [link(houses[0], clinic, visit), desk(houses[1], clinic, visit)]
        got = at_once(acts[::-1] if turn else acts)
        refused = [one for one in got if isinstance(one, Code)]
        assert set(refused) <= REFUSALS, got
        assert len(refused) < 2
        states = histories(clinic)[visit]
        [row] = [row for row in clinic.rows(Appointment) if row.id == visit]
        assert row.status == states[-1]
        # What was not refused happened, and nothing else did.
        assert len(states) == 1 + 2 - len(refused)
        if row.status in LIVE:
            clinic.runtime.transact(clinic.reception, bookings.cancel, Cancel(appointment_id=visit))


def test_many_taps_on_one_link_do_one_thing(clinic: Clinic, houses: list[Runtime]) -> None:
    visit = clinic.book(clinic.reception, TODAY, TIMES[0])
    got = at_once([confirms(houses[n % 2], clinic, visit) for n in range(6)])
    assert set(got) <= {None, Code.STALE_VERSION, Code.INVALID_TRANSITION}
    assert histories(clinic)[visit] == [Status.SCHEDULED, Status.CONFIRMED]
    got = at_once([cancels(houses[n % 2], clinic, visit) for n in range(6)])
    assert set(got) <= {None, Code.STALE_VERSION, Code.INVALID_TRANSITION}
    assert histories(clinic)[visit][-2:] == [Status.CONFIRMED, Status.CANCELLED]
