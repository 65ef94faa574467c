"""Marks, forgiveness and blocks in any order and number: count and block are what the penalties alone say."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import OPEN, Status
from hms.domain.errors import DomainError
from hms.domain.job_runs import JobName, RunSource
from hms.domain.no_shows import NoShowReason
from hms.domain.people import PatientStatus
from hms.models import Appointment, NoShowLog, NoShowPenalty, Patient
from hms.processes import drift
from hms.processes.drift import Checked
from hms.processes.jobs import run_job
from hms.runtime import Runtime
from hms.services import attendance, blocks, forgiveness, no_shows
from hms.services.attendance import Attend
from hms.services.blocks import Block
from hms.services.forgiveness import Excuse, Forgive
from hms.services.no_shows import LateArrival, MarkNoShow
from tests.support.factories import admin_of, make_doctor, make_hospital, make_patient, reception_of
from tests.support.fixtures import NOW
from tests.support.visits import local, make_visit, reload, rows

THRESHOLD = 3
PAST, AHEAD = ("09:00", "09:30", "10:00"), ("14:00", "14:30", "15:00")


@dataclass
class Expected:
    """One visit as the rules have it, kept beside the code under test."""

    struck: bool = False
    waived: bool = False
    justified: bool = False
    voided: bool = False
    fresh: bool = False

    @property
    def counts(self) -> bool:
        return self.struck and not (self.waived or self.justified or self.voided)

    def strike(self) -> None:
        self.struck, self.voided, self.fresh = True, False, True


@dataclass
class Model:
    """A patient as the rules have them."""

    visits: dict[UUID, Expected] = field(default_factory=dict)
    by_hand: bool = False

    @property
    def standing(self) -> tuple[int, bool]:
        counting = [visit for visit in self.visits.values() if visit.counts]
        by_count = len(counting) >= THRESHOLD and any(visit.fresh for visit in counting)
        return len(counting), self.by_hand or by_count


class Chance:
    """A clinic at 11:00 to which one thing after the other happens, by the dice of one seed."""

    def __init__(self, runtime: Runtime, clock: FixedClock, seed: int) -> None:
        self.runtime, self.dice = runtime, random.Random(seed)
        self.hospital = make_hospital(runtime)
        self.admin: Actor = admin_of(runtime, self.hospital)
        self.reception: Actor = reception_of(runtime, self.hospital)
        self.models: dict[UUID, Model] = {}
        for _ in range(2):
            patient, doctor = make_patient(runtime, self.hospital), make_doctor(runtime, self.hospital)
            starts = [local(self.hospital, NOW, wall) for wall in PAST + AHEAD]
            visits = [make_visit(runtime, self.hospital, doctor, patient, start) for start in starts]
            self.models[patient.id] = Model({visit: Expected() for visit in visits})
        clock.move_to(local(self.hospital, NOW, "11:00"))
        acts = (self.mark, self.arrive, self.send_away, self.undo, self.sweep, self.block, self.unblock)
        forgiving = (self.waive, self.reinstate, self.justify, self.unjustify)
        self.deeds: list[Callable[[], None]] = [self.mark, *acts, *forgiving, *forgiving]

    def patient(self) -> UUID:
        return self.dice.choice(list(self.models))

    def visit(self) -> tuple[UUID, Expected]:
        return self.dice.choice(list(self.models[self.patient()].visits.items()))

    def log(self, visit: UUID) -> UUID:
        [found] = rows(self.runtime, NoShowLog, NoShowLog.appointment_id == visit) or [None]
        return found.id if found else UUID(int=0)

    def penalty(self, visit: UUID) -> UUID:
        [found] = rows(self.runtime, NoShowPenalty, NoShowPenalty.appointment_id == visit) or [None]
        return found.id if found else UUID(int=0)

    def mark(self) -> None:
        visit, expected = self.visit()
        command = MarkNoShow(visit, NoShowReason.PATIENT_CALLED)
        self.runtime.transact(self.reception, no_shows.mark, command)
        expected.strike()

    def arrive(self) -> None:
        visit, expected = self.visit()
        self.runtime.transact(self.reception, no_shows.late_arrival, LateArrival(visit))
        expected.voided = True

    def send_away(self) -> None:
        visit, _ = self.visit()
        self.runtime.transact(self.reception, attendance.undo_check_in, Attend(visit))

    def undo(self) -> None:
        visit, expected = self.visit()
        self.runtime.transact(self.admin, forgiveness.undo, Excuse(self.log(visit), "Wrong row"))
        expected.voided = True

    def sweep(self) -> None:
        with self.runtime.reading() as session:
            open_ones = set(session.scalars(select(Appointment.id).where(Appointment.status.in_(sorted(OPEN)))))
        assert run_job(self.runtime, self.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON).error is None
        for model in self.models.values():
            for place, (visit, expected) in enumerate(model.visits.items()):
                if place < len(PAST) and visit in open_ones:
                    expected.strike()

    def block(self) -> None:
        patient = self.patient()
        self.runtime.transact(self.admin, blocks.block, Block(patient, "By hand"))
        self.models[patient].by_hand = True

    def unblock(self) -> None:
        patient = self.patient()
        model = self.models[patient]
        self.runtime.transact(self.admin, blocks.unblock, Block(patient, "Promised"))
        if model.standing[1]:
            model.by_hand = False
            for expected in model.visits.values():
                expected.fresh = False

    def waive(self) -> None:
        visit, expected = self.visit()
        self.runtime.transact(self.admin, forgiveness.waive, Forgive(self.penalty(visit), "Bus strike"))
        expected.waived = True

    def reinstate(self) -> None:
        visit, expected = self.visit()
        self.runtime.transact(self.admin, forgiveness.reinstate, Forgive(self.penalty(visit), "None"))
        expected.waived = False

    def justify(self) -> None:
        visit, expected = self.visit()
        self.runtime.transact(self.admin, forgiveness.justify, Excuse(self.log(visit), "In hospital"))
        expected.justified = True

    def unjustify(self) -> None:
        visit, expected = self.visit()
        self.runtime.transact(self.admin, forgiveness.unjustify, Excuse(self.log(visit), "Not so"))
        expected.justified = False

    def check(self) -> None:
        for patient_id, model in self.models.items():
            stored = reload(self.runtime, Patient, patient_id)
            standing = (stored.no_show_count, stored.status is PatientStatus.BLOCKED)
            assert standing == model.standing
            assert (stored.blocked_at is not None) == standing[1]
            assert stored.blocked_by_count == (standing[1] and not model.by_hand)
        excused = {log.appointment_id: log.justified for log in rows(self.runtime, NoShowLog)}
        for model in self.models.values():
            for visit, expected in model.visits.items():
                assert excused.get(visit, False) == expected.justified
        assert list(drift.check(self.runtime, self.hospital.id, Checked())) == []


@pytest.mark.parametrize(
    ("seed", "deeds"),
    [
        (1, 80),
        *(pytest.param(seed, 600, marks=[pytest.mark.nightly, pytest.mark.timeout(600)]) for seed in range(2, 12)),
    ],
)
def test_any_order_and_number_ends_as_the_penalties_say(
    runtime: Runtime, clock: FixedClock, seed: int, deeds: int
) -> None:
    chance = Chance(runtime, clock, seed)
    done: set[str] = set()
    for _ in range(deeds):
        deed = chance.dice.choice(chance.deeds)
        try:
            deed()
        except DomainError:
            continue
        done.add(deed.__name__)
        chance.check()
        clock.advance(timedelta(seconds=1))
    assert done == {deed.__name__ for deed in chance.deeds}
    assert {row.status for row in rows(runtime, Appointment)} <= {*OPEN, Status.NO_SHOW, Status.CHECKED_IN}
