"""The evidence gate in the sweep: what waits, what a human must decide on, and why; off by default."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from random import Random
from uuid import UUID

import pytest

from hms.clock import FixedClock
from hms.domain.appointments import Status
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import Role
from hms.domain.slots import DayOfWeek
from hms.models import Appointment, AppointmentReview, Doctor, DoctorSchedule, Heartbeat
from hms.processes.heartbeats import Heart
from hms.processes.jobs import run_job
from hms.queries.no_shows import would_sweep
from hms.runtime import Runtime
from hms.services import attendance
from hms.services.attendance import Attend
from tests.support.callers import counted_statements
from tests.support.factories import add, make_doctor, make_patient
from tests.support.fixtures import NOW
from tests.support.visits import local, make_visit, reload, rows
from tests.support.waiting import WaitingRoom

MINUTE = timedelta(minutes=1)
SCHEDULED, NO_SHOW = Status.SCHEDULED, Status.NO_SHOW


@pytest.fixture
def room(runtime: Runtime, clock: FixedClock) -> WaitingRoom:
    """Open a clinic with the gate on; its doctor works 09:00-17:00 in one block."""
    return WaitingRoom.open(runtime, clock, evidence_gate=True)


def run_until(room: WaitingRoom, first: str, last: str) -> None:
    """Let HMS be at work, sweeping every five minutes."""
    room.at(first)
    end = local(room.hospital, NOW, last)
    while room.clock.now() <= end:
        outcome = run_job(room.runtime, room.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
        assert outcome.error is None
        room.clock.advance(5 * MINUTE)


def standing(room: WaitingRoom, visit: UUID) -> tuple[str, str | None]:
    """Return a visit's state, and why it is on the review list."""
    found = rows(room.runtime, AppointmentReview, AppointmentReview.appointment_id == visit)
    return reload(room.runtime, Appointment, visit).status.value, found[0].reason.value if found else None


def test_marks_of_a_session_wait_for_its_first_check_in(room: WaitingRoom) -> None:
    missed, other = room.visit("09:00"), room.visit("10:00")
    run_until(room, "08:55", "09:40")
    assert standing(room, missed) == ("SCHEDULED", None)
    assert room.runtime.read(would_sweep, room.hospital.id, room.clock.now()) == []
    room.arrive(other, "09:44")
    run_until(room, "09:45", "09:45")
    assert standing(room, missed) == ("NO_SHOW", None)


def test_a_session_without_a_check_in_goes_to_the_review_list_at_its_end(room: WaitingRoom) -> None:
    missed = [room.visit("09:00"), room.visit("16:45")]
    run_until(room, "08:55", "09:20")
    run_until(room, "16:40", "16:55")
    assert [standing(room, visit) for visit in missed] == [("SCHEDULED", None)] * 2
    run_until(room, "17:00", "17:00")
    assert [standing(room, visit) for visit in missed] == [("SCHEDULED", "NO_CHECK_INS")] * 2


def test_a_mistaken_check_in_is_no_evidence(room: WaitingRoom) -> None:
    missed, other = room.visit("09:00"), room.visit("10:00")
    room.arrive(other, "09:05")
    room.runtime.transact(room.actor(Role.RECEPTIONIST), attendance.undo_check_in, Attend(other))
    run_until(room, "08:55", "09:20")
    assert standing(room, missed) == ("SCHEDULED", None)


def test_each_block_of_a_day_and_each_doctor_needs_a_check_in_of_its_own(room: WaitingRoom) -> None:
    split = make_doctor(room.runtime, room.hospital, slot_duration=15, days=())
    hours = {"doctor_id": split.id, "day_of_week": DayOfWeek.THURSDAY, "hospital_id": room.hospital.id}
    for start, end in ((time(9), time(10)), (time(10, 30), time(11))):
        add(room.runtime, DoctorSchedule(start_time=start, end_time=end, **hours))
    early, came, late = (
        make_visit(room.runtime, room.hospital, split, make_patient(room.runtime, room.hospital), local_at(room, wall))
        for wall in ("09:00", "09:30", "10:30")
    )
    elsewhere = room.visit("09:00")
    room.arrive(came, "09:20")
    run_until(room, "08:55", "11:00")
    assert standing(room, early) == ("NO_SHOW", None)
    assert standing(room, late) == ("SCHEDULED", "NO_CHECK_INS")
    assert standing(room, elsewhere) == ("SCHEDULED", None)


def local_at(room: WaitingRoom, wall: str) -> datetime:
    return local(room.hospital, NOW, wall)


@pytest.mark.parametrize(
    ("down", "up", "standing_after"),
    [
        ("09:00", "09:05", ("NO_SHOW", None)),
        ("09:00", "09:10", ("SCHEDULED", "NO_HEARTBEAT")),
        ("08:50", "12:00", ("SCHEDULED", "NO_HEARTBEAT")),
        ("09:15", "12:00", ("NO_SHOW", None)),
    ],
)
def test_an_outage_in_a_visits_time(
    room: WaitingRoom, down: str, up: str, standing_after: tuple[str, str | None]
) -> None:
    """HMS beats last at ``down`` and again from ``up`` on; half of a quarter is seven and a half minutes."""
    missed = room.visit("09:00")
    room.arrive(room.visit("09:30"), "08:45")
    run_until(room, "08:45", down)
    run_until(room, up, "12:00")
    assert standing(room, missed) == standing_after


def test_without_the_gate_nothing_waits_and_no_statement_is_added(runtime: Runtime, clock: FixedClock) -> None:
    sent = {}
    for gate in (False, True):
        room = WaitingRoom.open(runtime, clock, evidence_gate=gate, code=f"GATE{int(gate)}")
        visits = [room.visit("09:00"), room.visit("09:15")]
        room.arrive(room.visit("10:00"), "08:58")
        Heart(runtime).beat()
        for wall in ("09:05", "09:10", "09:15", "09:20", "09:25"):
            room.at(wall)
            Heart(runtime).beat()
        room.at("09:30")
        with counted_statements(runtime) as statements:
            outcome = run_job(runtime, room.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)
        sent[gate] = len(statements)
        assert outcome.items == 2
        assert [standing(room, visit) for visit in visits] == [("NO_SHOW", None)] * 2
    assert sent[True] == sent[False] + 2


def test_beats_close_together_make_one_stretch_and_a_pause_begins_another(room: WaitingRoom) -> None:
    heart = Heart(room.runtime)

    def stretches() -> list[tuple[str, str]]:
        zone = room.hospital.zone
        found = sorted((row.first_at, row.last_at) for row in rows(room.runtime, Heartbeat))
        return [(f"{first.astimezone(zone):%H:%M:%S}", f"{last.astimezone(zone):%H:%M:%S}") for first, last in found]

    for wall in ("09:00", "09:00:20", "09:01", "09:03"):
        room.at(wall)
        heart.beat()
    assert stretches() == [("09:00:00", "09:03:00")]
    room.at("09:05:01")
    heart.beat()
    Heart(room.runtime).beat()
    assert stretches() == [("09:00:00", "09:03:00"), ("09:05:01", "09:05:01")]
    room.at("08:00")  # a demo's clock set back
    heart.beat()
    assert stretches()[0] == ("08:00:00", "08:00:00")


def test_traces_are_kept_as_long_as_the_sweep_may_ask_for_them(runtime: Runtime, clock: FixedClock) -> None:
    room = WaitingRoom.open(runtime, clock, run_retention_days=1, no_show_catch_up_hours=48)
    Heart(runtime).beat()
    for days, left in ((2, 2), (2, 2)):
        clock.advance(timedelta(days=days))
        Heart(runtime).beat()
        outcome = run_job(runtime, room.hospital.id, JobName.HOUSEKEEPING, RunSource.CRON)
        assert outcome.error is None
        assert len(rows(runtime, Heartbeat)) == left


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 30))])
def test_a_random_day_ends_as_a_small_model_says(runtime: Runtime, clock: FixedClock, seed: int) -> None:
    """One day, three doctors, outages: whoever came while HMS was up was checked in; the model knows only the facts."""
    chance = Random(seed)
    room = WaitingRoom.open(runtime, clock, evidence_gate=True)
    doctors = [
        make_doctor(runtime, room.hospital, slot_duration=size, hours=(time(9), time(12)), pause=None)
        for size in (15, 20, 30)
    ]
    opening = local_at(room, "08:50")
    outages = [(start, start + chance.randint(2, 60)) for start in chance.sample(range(180), 3)]
    visits = plan_visits(room, doctors, chance)
    up = [minute for minute in range(200) if not any(start <= minute < end for start, end in outages)]
    came = {minute: [v for v in visits if v.comes == minute] for minute in up}
    heart = Heart(runtime)
    for minute in up:
        clock.move_to(opening + minute * MINUTE)
        heart.beat()
        for visit in came[minute]:
            if reload(runtime, Appointment, visit.id).status is SCHEDULED:
                runtime.transact(room.actor(Role.RECEPTIONIST), attendance.check_in, Attend(visit.id))
                visit.checked_in = minute
        if minute % 5 == 0 and chance.random() < 0.8:
            assert run_job(runtime, room.hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON).error is None
    room.check("12:15")
    expected = {visit.id: model(visit, visits, set(up)) for visit in visits}
    assert {visit.id: standing(room, visit.id) for visit in visits} == expected, f"seed {seed}"
    if seed == 1:
        kinds = {"CHECKED_IN", "NO_SHOW", "NO_HEARTBEAT", "NO_CHECK_INS"}
        assert {reason or status for status, reason in expected.values()} == kinds


class PlannedVisit:
    """One visit in minutes since 08:50; ``comes``: when the patient stands at the desk, None: never."""

    def __init__(self, row_id: UUID, doctor: int, start: int, size: int, comes: int | None) -> None:
        self.id, self.doctor, self.start, self.size, self.comes = row_id, doctor, start, size, comes
        self.checked_in: int | None = None


def plan_visits(room: WaitingRoom, doctors: list[Doctor], chance: Random) -> list[PlannedVisit]:
    """Book half of the slots; of the second doctor's patients hardly anybody comes."""
    visits = []
    for number, doctor in enumerate(doctors):
        size = doctor.slot_duration
        for start in range(10, 190, size):
            if chance.random() > 0.5:
                continue
            starts_at = local_at(room, "08:50") + start * MINUTE
            patient = make_patient(room.runtime, room.hospital)
            visit = make_visit(room.runtime, room.hospital, doctor, patient, starts_at)
            likely = 0.02 if number == 1 else 0.5
            comes = start + chance.randint(-10, size - 1) if chance.random() < likely else None
            visits.append(PlannedVisit(visit, number, start, size, comes))
    return visits


def model(visit: PlannedVisit, visits: list[PlannedVisit], up: set[int]) -> tuple[str, str | None]:
    """Say how a visit ends, from what happened alone. HMS beats once a minute; two minutes are no silence."""
    if visit.checked_in is not None:
        return "CHECKED_IN", None
    due = visit.start + visit.size
    heard, longest = visit.start, 0
    for minute in [m for m in range(visit.start, due + 1) if m in up] + [due]:
        longest = max(longest, minute - heard if minute - heard > 2 else 0)
        heard = minute
    if longest > min(15, visit.size / 2):
        return "SCHEDULED", "NO_HEARTBEAT"
    session = [v.checked_in for v in visits if v.doctor == visit.doctor and v.checked_in is not None]
    return ("NO_SHOW", None) if session else ("SCHEDULED", "NO_CHECK_INS")
