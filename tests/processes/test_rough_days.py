"""Random days on which the automation has a hard time end as they would on a smooth one, or as a small model says.

A failing seed is named, and replays exactly: `play(…, seed)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.models import Appointment, AppointmentReview, Heartbeat, NoShowPenalty, Patient, StageAlert
from hms.processes import drift
from hms.processes.drift import Checked
from hms.processes.jobs import OutcomeStatus, run_job
from hms.runtime import Runtime
from hms.services import job_runs, no_shows, stage_alerts
from hms.services.job_runs import StartRun
from hms.services.no_shows import MarkDue
from hms.services.stage_alerts import RaiseDue
from hms.transaction import Work
from tests.support.factories import add
from tests.support.missed_day import dump
from tests.support.rough_days import EVENING, Do, Plan, Planned, Player, plan, up_minutes
from tests.support.visits import rows

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
APART = re.compile(r'"stage_alert|"NO_VITALS"|"NO_DOCTOR"|"WAITING_TOO_LONG"|"job_|"JOB_')
LEASE = timedelta(minutes=6)
NIGHTLY = [pytest.mark.nightly, pytest.mark.timeout(900)]
SEEDS = [
    pytest.param(range(10), id="everyday"),
    *(pytest.param(range(max(first, 10), first + 100), id=f"{first}", marks=NIGHTLY) for first in range(0, 1000, 100)),
]


class PowerCutError(Exception):
    """The machine dies in the middle of a transaction."""


@contextmanager
def of_seed(seed: int) -> Iterator[None]:
    """Name the seed of whatever goes wrong."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"seed {seed}")
        raise


@pytest.mark.parametrize("seeds", SEEDS)
def test_a_rough_day_ends_in_the_rows_of_a_smooth_one(
    runtime: Runtime, clock: FixedClock, machine_clock: FixedClock, seeds: range
) -> None:
    for seed in seeds:
        with of_seed(seed):
            day = plan(seed)
            smooth, rough = (
                Player(runtime, clock, day, f"{kind}{seed}", {"no_show_block_threshold": 2})
                for kind in ("SMOOTH", "ROUGH")
            )
            for player, check in ((smooth, None), (rough, Roughly(rough, machine_clock))):
                live_through(player, check)
                machine_clock.advance(LEASE)
                evening(player)
            assert rest_of(rough) == rest_of(smooth)
            assert list(drift.check(runtime, rough.hospital.id, Checked())) == []
            assert_alerts_make_sense(rough)


@pytest.mark.parametrize("seeds", SEEDS)
def test_with_the_gate_it_ends_as_a_model_says(
    runtime: Runtime, clock: FixedClock, machine_clock: FixedClock, seeds: range
) -> None:
    for seed in seeds:
        with of_seed(seed):
            day, chance = plan(seed), Random(-seed)
            outages = [(start, start + chance.randint(1, 90)) for start in chance.sample(range(-30, 400), 3)]
            up = up_minutes(outages)
            player = Player(runtime, clock, day, f"GATED{seed}", {"evidence_gate": True})
            leave_traces(player, up)
            live_through(player, Roughly(player, machine_clock), up)
            machine_clock.advance(LEASE)
            player.at(EVENING)
            sweep(player)
            expected = {visit.number: model(visit, day, up) for visit in day.visits}
            assert standing(player) == expected
            missed = [visit.patient for visit in day.visits if expected[visit.number] == ("NO_SHOW", None)]
            counts = {int(p.last_name[1:]): p.no_show_count for p in rows_of(player, Patient)}
            assert counts == {patient: missed.count(patient) for patient in counts}
            assert len(rows_of(player, NoShowPenalty)) == len(missed)
            assert list(drift.check(runtime, player.hospital.id, Checked())) == []
            assert_alerts_make_sense(player)


def rest_of(player: Player) -> dict[str, list[str]]:
    """Return all rows but those of alerts and runs; people and visits by name, whatever else without identifiers."""
    return {
        table: sorted(UUID_TEXT.sub("-", line) for line in lines if not APART.search(line))
        for table, lines in dump(player.runtime, player.hospital).items()
    }


def sweep(player: Player) -> None:
    outcome = run_job(player.runtime, player.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
    assert outcome.status is OutcomeStatus.COMPLETED, outcome.error


def live_through(player: Player, check: Callable[[int], None] | None, up: set[int] | None = None) -> None:
    """Let people do what they do, while HMS runs; a check every half hour between, if any."""
    agenda: list[tuple[int, int, Callable[[], None]]] = [
        (minute, visit.number, lambda visit=visit, do=do: player.do(visit, do))  # type: ignore[misc]
        for minute, visit, do in done(player.plan, up)
    ]
    if check is not None:
        checks = [minute for minute in range(0, EVENING - 100, 30) if up is None or minute in up]
        agenda += [(minute, -1, lambda minute=minute: check(minute)) for minute in checks]  # type: ignore[misc]
    for minute, _, act in sorted(agenda, key=lambda entry: entry[:2]):
        player.at(minute)
        act()


def done(day: Plan, up: set[int] | None) -> list[tuple[int, Planned, Do]]:
    """Return what people could do: nothing while HMS was down, and nothing that needs an earlier step that failed."""
    last: dict[int, int] = {}
    found = []
    for minute, visit, do in day.deeds():
        step = [what for _, what in visit.deeds].index(do)
        if (up is None or minute in up) and last.get(visit.number, -1) == step - 1:
            last[visit.number] = step
            found.append((minute, visit, do))
    return found


def evening(player: Player) -> None:
    """Sweep, forgive and correct, and sweep again."""
    player.at(EVENING)
    sweep(player)
    came = {visit.number for _, visit, do in player.plan.deeds() if do in {Do.CHECK_IN, Do.CANCEL}}
    for visit in player.plan.visits:
        for do in visit.evening if visit.number not in came else ():
            player.at(EVENING + visit.number)
            player.do(visit, do)
    player.at(EVENING + 60)
    sweep(player)


class Roughly:
    """A check that often goes wrong, in ways that its seed decides."""

    def __init__(self, player: Player, machine_clock: FixedClock) -> None:
        self.player, self.machine_clock = player, machine_clock
        self.chance = Random(player.plan.seed + 0.5)

    def __call__(self, minute: int) -> None:
        self.machine_clock.advance(LEASE)  # so that whatever died before is taken over
        way = self.chance.choice((self.smoothly, self.not_at_all, self.twice, self.dying, self.power_cut, self.late))
        way(minute)

    def smoothly(self, _minute: int) -> None:
        player = self.player
        whole = player.runtime.settings
        player.runtime.settings = whole.model_copy(update={"job_batch_size": self.chance.randint(1, 4)})
        sweep(player)
        player.runtime.settings = whole

    def not_at_all(self, _minute: int) -> None:
        """Nobody is at work."""

    def twice(self, minute: int) -> None:
        player = self.player
        tick = player.plan.at(minute)
        job = (player.runtime, player.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON, tick)
        assert [run_job(*job).status.value for _ in range(2)] == ["COMPLETED", "ALREADY_PROCESSING"]

    def late(self, minute: int) -> None:
        """Check by a clock that is an hour slow."""
        self.player.clock.move_to(self.player.plan.at(minute) - timedelta(hours=1))
        sweep(self.player)
        self.player.at(minute)

    def dying(self, _minute: int) -> None:
        """Die between two batches, and leave the run RUNNING."""
        run_id = self._start()
        for _ in range(self.chance.randint(0, 3)):
            self.player.runtime.transact(self.player.system, no_shows.mark_due, MarkDue(run_id, 1))
            self.player.runtime.transact(self.player.system, stage_alerts.raise_due, RaiseDue(run_id, 1))

    def power_cut(self, _minute: int) -> None:
        """Die in the middle of a batch."""
        run_id = self._start()

        def die(work: Work) -> None:
            no_shows.mark_due(work, MarkDue(run_id, self.chance.randint(1, 3)))
            stage_alerts.raise_due(work, RaiseDue(run_id, 3))
            work.session.flush()
            raise PowerCutError

        with pytest.raises(PowerCutError):
            self.player.runtime.transact(self.player.system, die)

    def _start(self) -> UUID:
        return self.player.runtime.transact(
            self.player.system, job_runs.start, StartRun(JobName.NO_SHOW_CHECK, RunSource.CRON)
        )


def model(visit: Planned, day: Plan, up: set[int]) -> tuple[str, str | None]:
    """Say how a visit ends: its state, and why it is on the review list, from what people did and when HMS ran."""
    deeds = done(day, up)
    own = [do for _, other, do in deeds if other is visit]
    if own:
        return _STATES[own[-1]], None
    heard, longest = visit.start, 0
    for minute in [minute for minute in range(visit.start, visit.due) if minute in up] + [visit.due]:
        longest = max(longest, minute - heard)
        heard = minute
    if longest > min(15, visit.size / 2):
        return "SCHEDULED", "NO_HEARTBEAT"
    came = [minute for minute, other, do in deeds if other.doctor == visit.doctor and do is Do.CHECK_IN]
    if came and min(came) <= day.session_end:
        return "NO_SHOW", None
    return "SCHEDULED", "NO_CHECK_INS"


_STATES = {
    Do.CHECK_IN: "CHECKED_IN",
    Do.MEASURE: "CHECKED_IN",
    Do.START: "IN_PROGRESS",
    Do.COMPLETE: "COMPLETED",
    Do.CANCEL: "CANCELLED",
    Do.CALLED: "NO_SHOW",
    Do.MARK: "NO_SHOW",
}


def leave_traces(player: Player, up: set[int]) -> None:
    """Write the heartbeats of the minutes in which HMS runs, as so many stretches."""
    firsts = [minute for minute in sorted(up) if minute - 1 not in up]
    lasts = [minute for minute in sorted(up) if minute + 1 not in up]
    add(
        player.runtime,
        *(
            Heartbeat(hospital_id=player.hospital.id, first_at=player.plan.at(first), last_at=player.plan.at(last))
            for first, last in zip(firsts, lasts, strict=True)
        ),
    )


def standing(player: Player) -> dict[int, tuple[str, str | None]]:
    """Return number of each visit → its state, and why it waits on the review list."""
    reviews = {review.appointment_id: review.reason.value for review in rows_of(player, AppointmentReview)}
    states = {visit.id: visit.status.value for visit in rows_of(player, Appointment)}
    return {number: (states[row_id], reviews.get(row_id)) for number, row_id in enumerate(player.ids)}


def rows_of(player: Player, model: type) -> list:  # type: ignore[type-arg]
    return rows(player.runtime, model, model.hospital_id == player.hospital.id)  # type: ignore[attr-defined]


def assert_alerts_make_sense(player: Player) -> None:
    """Expect one present alert of a kind at most, and none of a visit that does not wait."""
    here = {visit.id: visit for visit in rows_of(player, Appointment) if visit.status.value == "CHECKED_IN"}
    present = [
        (alert.appointment_id, alert.alert_type.value) for alert in rows_of(player, StageAlert) if not alert.is_over
    ]
    assert len(present) == len(set(present))
    for appointment_id, kind in present:
        assert kind != ("NO_VITALS" if here[appointment_id].vitals_recorded_at else "NO_DOCTOR")
