"""Admins who forgive at once, and an admin against the sweep: counts and blocks are what the penalties say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.errors import Code
from hms.domain.job_runs import JobName, RunSource
from hms.domain.no_shows import Correction, ReviewDecision
from hms.domain.people import PatientStatus
from hms.models import Appointment, AuditEntry, NoShowLog, NoShowPenalty, Notification, Patient
from hms.processes import drift
from hms.processes.drift import Checked
from hms.processes.jobs import OutcomeStatus, run_job
from hms.runtime import Runtime
from hms.services import blocks, forgiveness, no_shows, reviews
from hms.services.blocks import Block
from hms.services.forgiveness import Correct, Excuse, Forgive
from hms.services.no_shows import LateArrival, MarkNoShow
from hms.services.reviews import DecideItem, DecideMany
from tests.support.factories import admin_of, make_doctor, make_holiday, make_hospital, make_patient, reception_of
from tests.support.fixtures import NOW
from tests.support.races import at_once, houses_on
from tests.support.visits import local, make_visit, reload, rows

ADMINS = 4
Act = tuple[Callable[..., Any], object, Actor]


class Case:
    """A patient who missed three visits and is blocked, at 10:30; two more of the day are still open."""

    def __init__(self, runtime: Runtime, clock: FixedClock) -> None:
        self.runtime = runtime
        self.hospital = make_hospital(runtime)
        self.doctor = make_doctor(runtime, self.hospital)
        self.patient = make_patient(runtime, self.hospital)
        self.admin, self.desk = admin_of(runtime, self.hospital), reception_of(runtime, self.hospital)
        self.visits = [self.visit(wall) for wall in ("09:00", "09:30", "10:00", "11:00", "11:30")]
        clock.move_to(local(self.hospital, NOW, "10:30"))
        self.logs = [runtime.transact(self.desk, no_shows.mark, MarkNoShow(visit)) for visit in self.visits[:3]]
        marked = {row.appointment_id: row.id for row in rows(runtime, NoShowPenalty)}
        self.penalties = [marked[visit] for visit in self.visits[:3]]

    def visit(self, wall: str) -> UUID:
        return make_visit(self.runtime, self.hospital, self.doctor, self.patient, local(self.hospital, NOW, wall))

    def race(self, acts: Sequence[Act]) -> list[Any]:
        """Let each act in a house of its own, all at once."""
        with houses_on(self.runtime, len(acts)) as houses:
            pairs = zip(houses, acts, strict=True)
            return at_once([partial(house.transact, who, verb, command) for house, (verb, command, who) in pairs])

    def standing(self) -> tuple[int, PatientStatus]:
        found = reload(self.runtime, Patient, self.patient.id)
        return found.no_show_count, found.status

    def has_drifted(self) -> bool:
        return bool(list(drift.check(self.runtime, self.hospital.id, Checked())))


@pytest.fixture
def case(runtime: Runtime, clock: FixedClock) -> Case:
    return Case(runtime, clock)


def test_four_admins_waive_one_penalty_and_it_happens_once(case: Case) -> None:
    command = Forgive(case.penalties[0], "Bus strike")
    assert case.race([(forgiveness.waive, command, case.admin)] * ADMINS) == [None] * ADMINS
    assert case.standing() == (2, PatientStatus.ACTIVE)
    actions = [entry.action for entry in rows(case.runtime, AuditEntry)]
    assert (actions.count("penalty.waived"), actions.count("patient.unblocked")) == (1, 1)
    assert [n.title for n in rows(case.runtime, Notification)].count("Missed Appointment Forgiven") == 1


def test_admins_forgive_different_penalties_in_opposite_ways(case: Case) -> None:
    acts: list[Act] = [
        (forgiveness.waive, Forgive(case.penalties[0], "Bus strike"), case.admin),
        (forgiveness.justify, Excuse(case.logs[0], "In hospital"), case.admin),
        (forgiveness.justify, Excuse(case.logs[1], "In hospital"), case.admin),
        (blocks.unblock, Block(case.patient.id, "Promised to come"), case.admin),
    ]
    assert case.race(acts) == [None] * 4
    assert case.standing() == (1, PatientStatus.ACTIVE)
    assert not case.has_drifted()


def test_waiving_and_reinstating_at_once_ends_in_one_of_both(case: Case) -> None:
    command = Forgive(case.penalties[2], "Which is it?")
    case.race([(verb, command, case.admin) for verb in (forgiveness.waive, forgiveness.reinstate) * 2])
    waived = reload(case.runtime, NoShowPenalty, command.penalty_id).waived_at is not None
    assert case.standing() == ((2, PatientStatus.ACTIVE) if waived else (3, PatientStatus.BLOCKED))
    assert not case.has_drifted()


def test_a_mark_is_corrected_one_way_only(case: Case) -> None:
    acts: list[Act] = [(forgiveness.correct, Correct(case.logs[0], to, "Asked"), case.admin) for to in Correction]
    acts.append((no_shows.late_arrival, LateArrival(case.visits[0]), case.desk))
    assert sorted(str(result) for result in case.race(acts)) == [Code.INVALID_TRANSITION] * 2 + ["None"]
    assert case.standing() == (2, PatientStatus.ACTIVE)
    assert reload(case.runtime, NoShowLog, case.logs[0]).voided_at is not None
    assert not case.has_drifted()


def test_an_admin_forgives_while_the_sweep_marks(case: Case, clock: FixedClock) -> None:
    clock.advance(timedelta(hours=2))
    commands = [Forgive(penalty, "Bus strike") for penalty in case.penalties]
    with houses_on(case.runtime, 4) as houses:
        acts: list[Callable[[], Any]] = [
            partial(house.transact, case.admin, forgiveness.waive, command)
            for house, command in zip(houses[1:], commands, strict=True)
        ]
        acts.append(lambda: run_job(houses[0], case.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON).status)
        assert at_once(acts) == [None, None, None, OutcomeStatus.COMPLETED]
    assert case.standing() == (2, PatientStatus.ACTIVE)
    assert {reload(case.runtime, Appointment, visit).status for visit in case.visits} == {Status.NO_SHOW}
    assert not case.has_drifted()


def test_two_desks_decide_the_same_reviews_at_once(runtime: Runtime, clock: FixedClock) -> None:
    hospital = make_hospital(runtime)
    doctors = [make_doctor(runtime, hospital) for _ in range(2)]
    visits = [
        make_visit(runtime, hospital, doctor, make_patient(runtime, hospital), local(hospital, NOW, wall))
        for doctor in doctors
        for wall in ("09:00", "09:30", "10:00")
    ]
    make_holiday(runtime, hospital, NOW.date())
    clock.move_to(local(hospital, NOW, "11:00"))
    run_job(runtime, hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    desk = reception_of(runtime, hospital)
    items = tuple(DecideItem(visit) for visit in visits)
    choices = [
        DecideMany(items, ReviewDecision.NO_SHOW),
        DecideMany(tuple(reversed(items)), ReviewDecision.CLINIC_FAULT),
    ]
    with houses_on(runtime, 2) as houses:
        results = at_once(
            [
                partial(house.transact, desk, reviews.decide_many, choice)
                for house, choice in zip(houses, choices, strict=True)
            ]
        )
    decided = sorted(sum(item.code is None for item in result) for result in results)
    assert decided == [0, 6]
    assert {item.code for result in results for item in result} == {None, Code.NOT_FOUND}
    assert len({reload(runtime, Appointment, visit).status for visit in visits}) == 1
    assert list(drift.check(runtime, hospital.id, Checked())) == []
