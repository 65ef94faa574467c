"""An appointment's life by random acts of random people, held against the model of tests/support/reference.py.

What the model permits must succeed and lead where it says; what it does not must be refused and change nothing; the
history must replay to the state that the appointment is in.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import Phase, currently_in_test_context, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.appointments import TRANSITIONS, Status
from hms.domain.errors import DomainError
from hms.domain.job_runs import JobName, RunSource
from hms.domain.no_shows import Correction, NoShowReason, ReviewDecision
from hms.domain.people import Role
from hms.domain.vitals import Measured
from hms.models import Appointment, AppointmentEvent, Consultation, NoShowLog
from hms.processes.jobs import run_job
from hms.runtime import Runtime
from hms.services import attendance, bookings, consultations, forgiveness, no_shows, rescheduling, reviews, vitals
from hms.services.attendance import SetStatus
from hms.services.bookings import Book
from hms.services.consultations import Abandon, Edit, Start
from hms.services.forgiveness import Correct, Excuse
from hms.services.no_shows import LateArrival, MarkNoShow
from hms.services.rescheduling import Reschedule
from hms.services.reviews import Decide
from hms.services.vitals import Record
from tests.support.factories import (
    actor_of,
    admin_of,
    make_doctor,
    make_holiday,
    make_hospital,
    make_patient,
    make_user,
    reception_of,
)
from tests.support.fixtures import NOW
from tests.support.reference import EARLY, LATE, OPEN, TRIES, Act, Model, Who

A = Act
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEADS = (30 * HOUR, 20 * HOUR, HOUR, 5 * MINUTE)
WAITS = (*[0 * MINUTE] * 8, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, 2 * HOUR, DAY, 3 * DAY)
BRONCHITIS = ({"text": "Bronchitis"},)


LATER = {"an hour later": HOUR, "two hours later": 2 * HOUR, "a day later": DAY}
# An hour before its start, on a day that is open or has been closed since; «who: what».
LIVES = (
    (
        "open; reception: confirm; the visit's patient: move; reception: check in; nurse: undo check-in; "
        "the visit's patient: confirm; the visit's doctor: check in; nurse: record vitals; the visit's doctor: start; "
        "the visit's doctor: abandon; admin: start; the visit's doctor: complete"
    ),
    (
        "open; reception: mark, the patient called; admin: undo mark; nurse: mark, the patient called; "
        "reception: late arrival; reception: cancel"
    ),
    "open; the visit's patient: confirm; two hours later; the system: sweep; admin: correct to attended",
    "open; reception: mark, the patient called; admin: correct to clinic's fault",
    "open; the visit's patient: cancel",
    "open; reception: confirm; the visit's patient: cancel",
    "open; an hour later; a day later; the system: sweep; a day later; admin: correct to clinic's fault",
    "closed; two hours later; the system: sweep; reception: decide attended",
    "closed; the visit's patient: confirm; two hours later; the system: sweep; admin: decide attended",
)


class World:
    """A clinic in which one visit after the other is played through, each on a day of its own."""

    def __init__(self, runtime: Runtime, clock: FixedClock) -> None:
        self.runtime, self.clock = runtime, clock
        self.hospital = make_hospital(runtime)
        self.doctor = make_doctor(runtime, self.hospital)
        self.actors: dict[Who, Actor] = {
            Who.ADMIN: admin_of(runtime, self.hospital),
            Who.RECEPTION: reception_of(runtime, self.hospital),
            Who.NURSE: actor_of(make_user(runtime, self.hospital, Role.NURSE)),
            Who.DOCTOR: actor_of(self.doctor),
            Who.COLLEAGUE: actor_of(make_doctor(runtime, self.hospital)),
            Who.OTHER: actor_of(make_patient(runtime, self.hospital)),
            Who.FOREIGN: admin_of(runtime, make_hospital(runtime, "HMS002")),
        }
        self.day = NOW.date()
        self.seen: set[tuple[str, str]] = set()

    def book(self, lead: timedelta, *, closed: bool) -> Model:
        """Book the next day's visit, so long before its start."""
        self.day += 5 * DAY
        patient = make_patient(self.runtime, self.hospital)
        self.actors[Who.PATIENT] = actor_of(patient)
        start = Model(self.day, NOW, closed).start
        self.clock.move_to(start - lead)
        wish = Book(doctor_id=self.doctor.id, patient_id=patient.id, day=self.day, start=EARLY)
        self.visit = self.runtime.transact(self.actors[Who.RECEPTION], bookings.book, wish).id
        if closed:
            make_holiday(self.runtime, self.hospital, self.day)
        return Model(self.day, self.clock.now(), closed)

    def try_it(self, who: Who, act: Act, model: Model) -> str | None:
        """Let somebody try something; return the code of its refusal."""
        if act is A.SWEEP:
            outcome = run_job(self.runtime, self.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
            assert outcome.error is None
            return None
        service, command = self.deed(act, model)
        try:
            self.runtime.transact(self.actors[who], service, command)
        except DomainError as error:
            return error.code.value
        return None

    def deed(self, act: Act, model: Model) -> tuple[Callable[..., object], Any]:
        """Return what an act is for the house."""
        v = self.visit
        if act in _OF_CONSULTATIONS:
            return _OF_CONSULTATIONS[act](self.latest(Consultation))
        if act in _OF_MARKS:
            return _OF_MARKS[act](self.latest(NoShowLog))
        if act is A.MOVE:
            to = LATE if model.at == EARLY else EARLY
            return rescheduling.reschedule, Reschedule(appointment_id=v, start=to)
        return _OF_VISITS[act](v)

    def latest(self, model: type[Any]) -> UUID:
        """Return the id of the visit's last row of a kind, or one that nothing has."""
        with self.runtime.reading() as session:
            found = session.scalars(select(model.id).where(model.appointment_id == self.visit).order_by(model.id))
            ids: list[UUID] = [uuid4(), *found]
        return ids[-1]

    def stored(self) -> Appointment:
        with self.runtime.reading() as session:
            return session.get_one(Appointment, self.visit)

    def history(self) -> list[AppointmentEvent]:
        e = AppointmentEvent
        with self.runtime.reading() as session:
            return list(session.scalars(select(e).where(e.appointment_id == self.visit).order_by(e.seq)))


def _set(status: Status) -> Callable[[UUID], tuple[Callable[..., object], Any]]:
    return lambda visit: (attendance.set_status, SetStatus(visit, status))


def _decide(decision: ReviewDecision) -> Callable[[UUID], tuple[Callable[..., object], Any]]:
    return lambda visit: (reviews.decide, Decide(visit, decision, "Looked into it"))


_OF_VISITS: dict[Act, Callable[[UUID], tuple[Callable[..., object], Any]]] = {
    A.CONFIRM: _set(Status.CONFIRMED),
    A.CHECK_IN: _set(Status.CHECKED_IN),
    A.UNDO_CHECK_IN: _set(Status.SCHEDULED),
    A.CANCEL: _set(Status.CANCELLED),
    A.VITALS: lambda visit: (vitals.record, Record(visit, Measured(heart_rate=70))),
    A.START: lambda visit: (consultations.start, Start(visit)),
    A.MARK: lambda visit: (no_shows.mark, MarkNoShow(visit)),
    A.MARK_CALLED: lambda visit: (no_shows.mark, MarkNoShow(visit, NoShowReason.PATIENT_CALLED)),
    A.LATE: lambda visit: (no_shows.late_arrival, LateArrival(visit)),
    A.DECIDE_MISSED: _decide(ReviewDecision.NO_SHOW),
    A.DECIDE_ATTENDED: _decide(ReviewDecision.ATTENDED),
    A.DECIDE_FAULT: _decide(ReviewDecision.CLINIC_FAULT),
}
_OF_CONSULTATIONS: dict[Act, Callable[[UUID], tuple[Callable[..., object], Any]]] = {
    A.COMPLETE: lambda consultation: (consultations.complete, Edit(consultation, "Cough", BRONCHITIS)),
    A.COMPLETE_BARE: lambda consultation: (consultations.complete, Edit(consultation, "Cough")),
    A.ABANDON: lambda consultation: (consultations.abandon, Abandon(consultation, "Fire alarm")),
}
_OF_MARKS: dict[Act, Callable[[UUID], tuple[Callable[..., object], Any]]] = {
    A.UNDO_MARK: lambda log: (forgiveness.undo, Excuse(log, "By mistake")),
    A.CORRECT_ATTENDED: lambda log: (forgiveness.correct, Correct(log, Correction.ATTENDED, "Was here")),
    A.CORRECT_FAULT: lambda log: (forgiveness.correct, Correct(log, Correction.CLINIC_FAULT, "Our fault")),
}


def agree(model: Model, stored: Appointment) -> None:
    """Fail unless the stored visit is as the model says."""
    assert stored.status.value == model.status
    assert (stored.holds_slot, stored.under_review) == (model.holds, model.review)
    assert (stored.starts_at, stored.no_show_due_at) == (model.start, model.due)
    assert (stored.vitals_recorded_at is not None) == (model.measured and model.status != "SCHEDULED")
    if model.status == "CHECKED_IN":
        assert stored.checked_in_at is not None
        assert stored.started_at is None
    if model.status in OPEN:
        assert (stored.checked_in_at, stored.started_at, stored.completed_at) == (None, None, None)


def replay(events: list[AppointmentEvent]) -> str:
    """Return the state to which a history leads; fail where one change does not go on from the one before."""
    state: Status | None = None
    at = events[0].at
    for event in events:
        assert event.from_status is state, "a change begins where the last one ended"
        assert event.at >= at
        pair = (event.from_status, event.to_status)
        is_move = event.from_status in OPEN and event.to_status is Status.SCHEDULED
        assert pair in TRANSITIONS or state is None or is_move
        state, at = Status(event.to_status), event.at
    return str(state)


def step(world: World, model: Model, who: Who, act: Act) -> Model:
    """Let somebody try something, fail unless the house does as the model says, and return what has become of it."""
    now, version = world.clock.now(), world.stored().version
    wanted = model.after(who, act, now)
    refusal = world.try_it(who, act, model)
    if currently_in_test_context():
        note(f"{now:%d %H:%M} {model.status}: {who} tries to {act}: {refusal or 'done'}")
    stored = world.stored()
    assert (refusal is None) == (wanted is not None)
    if wanted is None or wanted == model:
        assert stored.version == version
    else:
        assert stored.version > version
        world.seen.add((model.status, wanted.status))
        model = wanted
    agree(model, stored)
    events = world.history()
    assert (replay(events), len(events)) == (model.status, model.events)
    return model


def play(world: World, dice: random.Random, steps: int) -> None:
    """Play one visit through, by chance."""
    model = world.book(dice.choice(LEADS), closed=dice.random() < 0.3)
    for _ in range(steps):
        world.clock.advance(dice.choice(WAITS))
        tries = model.changes(world.clock.now()) if dice.random() < 0.7 else []
        act = dice.choice(sorted({act for _, act in tries or TRIES}))
        who = dice.choice([who for who, what in tries or TRIES if what is act])
        model = step(world, model, who, act)


def explore(runtime: Runtime, clock: FixedClock, examples: int, steps: int) -> World:
    """Play many visits. The first that goes wrong is told act by act; it is short enough to need no shrinking."""
    world = World(runtime, clock)

    # Hypothesis draws the dice, not each throw: its many small variations of one life would tell little that is new.
    @settings(max_examples=examples, deadline=None, phases=[Phase.generate])
    @given(st.integers(0, 2**64))
    def run(seed: int) -> None:
        play(world, random.Random(seed), steps)

    run()
    return world


def test_random_lives_agree_with_the_model(runtime: Runtime, clock: FixedClock) -> None:
    world = explore(runtime, clock, examples=14, steps=12)
    assert len(world.seen) > 6  # kinds of change; which ones, chance decides


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_many_more_of_them(runtime: Runtime, clock: FixedClock) -> None:
    world = explore(runtime, clock, examples=800, steps=16)
    assert len(world.seen) > 15


def live(world: World, dice: random.Random, share: float) -> None:
    """Play the written lives, and in each state let people try a share of all that must be refused there."""
    for life in LIVES:
        first, *rest = life.split("; ")
        model = world.book(HOUR, closed=first == "closed")
        for words in rest:
            refuse_all(world, model, dice, share)
            if words in LATER:
                world.clock.advance(LATER[words])
                continue
            who, act = words.split(": ")
            model = step(world, model, Who(who), Act(act))
        refuse_all(world, model, dice, share)


def refuse_all(world: World, model: Model, dice: random.Random, share: float) -> None:
    """Fail if anything succeeds or changes anything that the model forbids now; of half of it, wrong people try."""
    now, before = world.clock.now(), world.stored()
    forbidden = [(who, act) for who, act in TRIES if model.after(who, act, now) is None]
    possible = {act for _, act in model.changes(now)}
    wrong_people = [(who, act) for who, act in forbidden if act in possible]
    few = {*some(dice, wrong_people, 2 * share), *some(dice, forbidden, share)}
    done = [(who, act) for who, act in sorted(few) if world.try_it(who, act, model) is None]
    assert (model.status, done) == (model.status, [])
    assert (world.stored().version, len(world.history())) == (before.version, model.events)


def some(dice: random.Random, tries: list[tuple[Who, Act]], share: float) -> list[tuple[Who, Act]]:
    """Return a share of the tries."""
    return dice.sample(tries, min(len(tries), ceil(share * len(tries))))


def test_every_change_of_the_table_happens_and_nothing_else(runtime: Runtime, clock: FixedClock) -> None:
    world = World(runtime, clock)
    live(world, random.Random(), share=0.08)
    pairs = {(before.value, after.value) for before, after in TRANSITIONS}
    assert {pair for pair in world.seen if pair[0] != pair[1]} == pairs


@pytest.mark.nightly
def test_whatever_anybody_tries_in_any_state(runtime: Runtime, clock: FixedClock) -> None:
    world = World(runtime, clock)
    live(world, random.Random(), share=1)
    assert len(world.seen) >= len(TRANSITIONS)


def test_a_day_is_a_day_of_the_hospital() -> None:
    model = Model(date(2026, 1, 22), NOW, closed=False)
    assert model.start == datetime.fromisoformat("2026-01-22T04:30:00Z")
    assert model.is_today(model.start - 10 * HOUR)
    assert not model.is_today(model.start - 11 * HOUR)
