"""Everything is killed -9 at random moments and started again, in the real processes: nothing is lost, nothing twice.

The plan of a night's kills comes from one seed, which the table names; `HMS_TEST_FAULT_SEED` plays it again, and
`HMS_TEST_FAULT_MINUTES` makes the day shorter or longer (machine minutes).
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import unquote
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import update

from hms import migrations
from hms.domain.job_runs import TIMED_OUT, RunStatus
from hms.models import Appointment, JobRun, NoShowLog, NoShowPenalty, OutgoingMessage, Patient
from hms.processes import demo_clock, drift
from hms.processes.drift import Checked
from hms.runtime import Runtime, build
from hms.settings import Settings
from tests.support import mortals
from tests.support.fault_day import QUARTER, Desk, FaultDay, HealthWatch
from tests.support.http import HttpPeer
from tests.support.missed_day import make_missed_day
from tests.support.mortals import Mortal
from tests.support.processes import answers, free_port
from tests.support.reaper import Kill, Reaper, plan_kills
from tests.support.smtp import SmtpPeer
from tests.support.visits import rows

ZONE = ZoneInfo("Asia/Kolkata")
OPENING, BEGINS = datetime(2026, 1, 22, 9, 0, tzinfo=ZONE), datetime(2026, 1, 22, 8, 40, tzinfo=ZONE)
EVENING = datetime(2026, 1, 22, 17, 30, tzinfo=UTC)
SPEED = 60
WORKERS, BEATS = 4, 2
MINUTES = float(os.environ.get("HMS_TEST_FAULT_MINUTES", "8"))
QUARTERS = min(32, round(MINUTES * SPEED / 15))
EVERY, DARK = 6.0, 25.0
A_LEASE = timedelta(minutes=6)
KEY = "a-key-that-nobody-guesses"


@dataclass
class House:
    """HMS's processes over one database and one broker, with a mail server and an SMS provider to send to."""

    folder: Path
    settings: dict[str, str]
    mails: SmtpPeer
    texts: HttpPeer
    runtime: Runtime = field(init=False)
    members: list[Mortal] = field(default_factory=list)

    def open(self, stack: ExitStack, at: datetime, speed: float) -> None:
        """Set the clock that all processes share, which stands still as yet, and build a runtime that looks on."""
        own = Settings(_env_file=None, database_url=self.settings["database_url"], data_dir=self.folder / "var")
        self.runtime = build(own, clocks=demo_clock.prepare(own, ZONE, at=at, speed=speed))
        stack.callback(self.runtime.close)
        self.settings |= {
            "data_dir": str(self.folder / "var"),
            "mail_server": self.mails.host,
            "mail_port": str(self.mails.port),
            "mail_username": self.mails.username,
            "mail_password": self.mails.password,
            "mail_from": "no-reply@hms001.example",
            "sms_url": f"json://{self.texts.netloc}/{{to}}",
        }

    def hire(self, stack: ExitStack, *names: str, port: int = 0) -> list[Mortal]:
        """Add processes, not started yet."""
        own = {"bind": f"127.0.0.1:{port}"} if port else {}
        ready = partial(answers, port) if port else lambda: True
        new = [stack.enter_context(mortals.hms(self.folder, name, self.settings | own, ready)) for name in names]
        self.members += new
        return new

    def last_words(self) -> str:
        """Return what all of them said last."""
        return "\n".join(f"--- {each.name}\n{each.last_words()}" for each in self.members)

    def wait_until_quiet(self, seconds: float) -> None:
        """Wait until no run is open, nothing is due and no message waits."""
        self.runtime.close()  # connections from before the last kill
        end = time.monotonic() + seconds
        while (left := self.left()) != (0, 0, 0):
            assert time.monotonic() < end, f"(running, due, waiting) {left}\n{self.last_words()}"
            time.sleep(0.5)

    def left(self) -> tuple[int, int, int]:
        """Count the open runs, the visits that are due, and the messages that wait."""
        now = self.runtime.clocks.hospital.now()
        open_and_due = (
            Appointment.status.in_(("SCHEDULED", "CONFIRMED")),
            Appointment.no_show_due_at <= now,
            Appointment.under_review.is_(False),
        )
        running = rows(self.runtime, JobRun, JobRun.status == RunStatus.RUNNING)
        waiting = rows(self.runtime, OutgoingMessage, OutgoingMessage.status.in_(("PENDING", "SENDING")))
        return len(running), len(rows(self.runtime, Appointment, *open_and_due)), len(waiting)

    def arrivals(self) -> tuple[int, int]:
        """Hold what arrived against what was written; return how many messages, and how many came once more."""
        stored = rows(self.runtime, OutgoingMessage)
        assert {message.status.value for message in stored} == {"DELIVERED"}
        mails = Counter(str(mail.message["Message-ID"]) for mail in self.mails.mails)
        assert mails.keys() == {f"<{each.id}@hms001.example>" for each in stored if each.channel == "email"}
        # A text message carries no id: whoever gets several gets different ones. Its link goes when the visit begins.
        texts = Counter((unquote(each.path), _said(each.json()["message"])) for each in self.texts.requests)
        received = Counter(path.removeprefix("/") for path, _ in texts)
        assert received == Counter(each.address for each in stored if each.channel == "sms")
        total = len(mails) + len(texts)
        return total, mails.total() + texts.total() - total


def _said(text: str) -> str:
    return text.partition(" Confirm, move")[0]


def marks_are_right(runtime: Runtime, missed: set[UUID]) -> None:
    """Expect exactly these visits to be marked, once each, with penalty, count and one message a channel."""
    logs = [log.appointment_id for log in rows(runtime, NoShowLog, NoShowLog.voided_at.is_(None))]
    penalties = [row.appointment_id for row in rows(runtime, NoShowPenalty, NoShowPenalty.voided_at.is_(None))]
    assert len(logs) == len(penalties) == len(missed)
    assert set(logs) == set(penalties) == missed
    told = Counter(
        (message.key.split(":")[1], message.channel)
        for message in rows(runtime, OutgoingMessage, OutgoingMessage.key.startswith("no_show:"))
    )
    assert set(told.values()) == {1}
    assert {UUID(appointment) for appointment, channel in told if channel == "in_app"} >= missed
    visits = {visit.id: visit for visit in rows(runtime, Appointment)}
    counts = Counter(visits[row_id].patient_id for row_id in missed)
    assert {patient.id: patient.no_show_count for patient in rows(runtime, Patient) if patient.no_show_count} == counts
    for hospital_id in {visit.hospital_id for visit in visits.values()}:
        assert list(drift.check(runtime, hospital_id, Checked())) == []


def let_leases_end(runtime: Runtime) -> None:
    """Set the heartbeats and leases that the dead left back, as if they had died six minutes ago."""
    with runtime.database.writing() as session:
        session.execute(update(JobRun).values(heartbeat_at=runtime.clocks.machine.now() - A_LEASE))
        ended = {"next_attempt_at": runtime.clocks.machine.now(), "lease_until": runtime.clocks.machine.now()}
        session.execute(update(OutgoingMessage).where(OutgoingMessage.status == "SENDING").values(ended))


@pytest.fixture
def seed() -> int:
    """Give the seed of what is killed when, and name it should it fail."""
    chosen = int(os.environ.get("HMS_TEST_FAULT_SEED", "0")) or random.SystemRandom().randrange(1, 10_000)
    sys.stdout.write(f"HMS_TEST_FAULT_SEED={chosen}\n")  # shown when the test fails
    return chosen


def test_worker_and_beat_are_killed_in_the_middle_of_it(
    fresh_postgresql_database: str, redis_url: str, tmp_path: Path, smtp_peer: SmtpPeer, http_peer: HttpPeer, seed: int
) -> None:
    chance = random.Random(seed)
    shared = {"database_url": fresh_postgresql_database, "broker_url": redis_url, "job_batch_size": "1"}
    house = House(tmp_path, shared, smtp_peer, http_peer)
    with ExitStack() as stack:
        house.open(stack, EVENING, SPEED)
        runtime = house.runtime
        make_missed_day(runtime, "HMS001", EVENING, visits=28)
        both = house.hire(stack, "worker", "beat")
        runtime.clocks = demo_clock.start(runtime.settings)
        for _ in range(2):
            for member in both:
                member.start()
            wanted = len(rows(runtime, NoShowLog)) + chance.randint(1, 8)
            end = time.monotonic() + 60
            while len(rows(runtime, NoShowLog)) < wanted:
                assert time.monotonic() < end, house.last_words()
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.05))
            for member in both:
                member.kill()
            let_leases_end(runtime)
        assert house.left()[1] > 0, "all was done before the last kill"
        for member in both:
            member.start()
        house.wait_until_quiet(90)
        missed = {visit.id for visit in rows(runtime, Appointment, Appointment.status == "NO_SHOW")}
        assert len(missed) > 10
        marks_are_right(runtime, missed)
        errors = [run.error_message for run in rows(runtime, JobRun, JobRun.status == RunStatus.FAILED)]
        assert set(errors) == {TIMED_OUT}
        assert len(errors) >= 2
        total, twice = house.arrivals()
        assert total > 2 * len(missed) * 0.8
        assert twice <= 4  # one a channel and kill


@pytest.mark.nightly
@pytest.mark.timeout(2400)
def test_a_clinic_day_on_which_everything_is_killed(
    tmp_path: Path, smtp_peer: SmtpPeer, http_peer: HttpPeer, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as stack:
        house, database = open_house(stack, tmp_path, smtp_peer, http_peer)
        smtp_peer.stall(0.1, at="REPLY", times=None)  # so that who is killed often has a mail in hand
        day = FaultDay(house.runtime, port := free_port(), seed)
        day.fill(OPENING, QUARTERS)
        house.runtime.clocks = demo_clock.start(house.runtime.settings)
        house.hire(stack, *(f"worker {number + 1}" for number in range(WORKERS)))
        house.hire(stack, *(f"beat {number + 1}" for number in range(BEATS)))
        house.hire(stack, "web", port=port)
        noon = OPENING + QUARTERS / 2 * QUARTER
        watch = HealthWatch(day, Desk(port, key=KEY), calls_end=noon, runs=partial(runs_of, database))
        reaper = Reaper(house.members, plan_of(house, seed), seed)
        stack.callback(reaper.stop)
        stack.callback(watch.stop)
        reaper.start()
        watch.start()
        day.live(check=reaper.raise_errors)
        while not reaper.is_done or day.clock.now() < OPENING + (QUARTERS + 1) * QUARTER:
            reaper.raise_errors()
            time.sleep(0.5)
        house.wait_until_quiet(420)
        end = time.monotonic() + 60
        while (last := watch.look()) != "well":
            assert time.monotonic() < end, f"{last}\n{house.last_words()}"
            time.sleep(0.5)
        watch.stop()
        reaper.raise_errors()
        total, twice = house.arrivals()
        with capsys.disabled():
            sys.stdout.write(table(house, day, watch, reaper, total, twice))
        assert day.failed == watch.lies == []
        assert min(watch.told["well"], watch.told["ill"]) > 0
        assert sorted(day.tomorrows()) == sorted(day.booked)
        here = {visit.id for visit in rows(house.runtime, Appointment) if visit.status == "CHECKED_IN"}
        assert here == day.arrived
        marks_are_right(house.runtime, day.visits - day.arrived)
        per_death = 2 * (reaper.killed["worker"] + WORKERS * cluster_deaths(reaper))
        assert twice <= per_death


def open_house(stack: ExitStack, folder: Path, mails: SmtpPeer, texts: HttpPeer) -> tuple[House, str]:
    """Start a database and a broker of the test's own, and set the clock, which stands still as yet."""
    cluster, database = stack.enter_context(mortals.postgres())
    broker, broker_url = stack.enter_context(mortals.redis())
    migrations.upgrade(database)
    shared = {"database_url": database, "broker_url": broker_url, "redis_url": broker_url}
    house = House(folder, shared | {"cron_api_key": KEY, "job_batch_size": "2"}, mails, texts)
    house.open(stack, BEGINS, SPEED)
    house.members += [broker, cluster]
    return house, database


def plan_of(house: House, seed: int) -> dict[str, list[Kill]]:
    """Plan a kill every few seconds, and after noon an outage of all workers and beats, which the health must tell."""
    names = [member.name for member in house.members]
    plan = plan_kills(seed, names, MINUTES * 60, every=EVERY)
    for name in names:
        if name.split()[0] in {"worker", "beat"}:
            plan[name] = sorted([*plan[name], Kill(MINUTES * 60 * 0.7, DARK)], key=lambda kill: kill.at)
    return plan


def runs_of(database: str) -> list[tuple[str, datetime | None]] | None:
    """Read the no-show check's runs, newest first, past HMS; None while the database is away."""
    statement = """SELECT status, completed_at FROM cron_job_runs WHERE job_name = 'NO_SHOW_CHECK'
        ORDER BY started_at DESC, id DESC"""
    try:
        with psycopg.connect(database.replace("+psycopg", ""), connect_timeout=2) as connection:
            return connection.execute(statement).fetchall()
    except psycopg.OperationalError:
        return None


def cluster_deaths(reaper: Reaper) -> int:
    """Count how often all of PostgreSQL's connections broke."""
    return sum(count for what, count in reaper.killed.items() if what.startswith("postgres"))


def table(house: House, day: FaultDay, watch: HealthWatch, reaper: Reaper, total: int, twice: int) -> str:
    """Say what was killed, how often, and what was lost."""
    runs = Counter(run.status.value for run in rows(house.runtime, JobRun))
    reasons = Counter(run.error_message for run in rows(house.runtime, JobRun, JobRun.status == RunStatus.FAILED))
    marked = rows(house.runtime, NoShowLog, NoShowLog.voided_at.is_(None))
    lost_marks = len(day.visits - day.arrived - {log.appointment_id for log in marked})
    lines = ["", f"A clinic's day in {MINUTES:g} minutes, HMS_TEST_FAULT_SEED={day.seed}", ""]
    lines += [f"  {'killed -9':<24}{'times':>6}   {'could not start at once':>24}"]
    for what in sorted(reaper.killed):
        lines.append(f"  {what:<24}{reaper.killed[what]:>6}   {reaper.ended[what] or '':>24}")
    lines += [
        f"  {'together':<24}{reaper.killed.total():>6}",
        "",
        f"  visits {len(day.visits)}: arrived {len(day.arrived)}, marked {len(marked)}, lost {lost_marks}",
        f"  bookings answered {len(day.booked)}: in the books {len(day.tomorrows())}",
        f"  messages {total}: lost 0, twice {twice} (same Message-ID)",
        f"  runs {dict(runs)}, failed by {dict(reasons)}",
        f"  health told {dict(watch.told)}, wrong {len(watch.lies)}",
        f"  monitor's calls {dict(watch.calls)}",
        f"  people's calls answered {day.reception.answered}, tried again {day.reception.lost}",
        f"  all quiet at {day.clock.now().astimezone(ZONE):%H:%M}",
        "",
    ]
    return "\n".join(lines)
