"""The worst of peers, relays killed at random: every message arrives once, what was in flight twice, none three times.

`HMS_TEST_FAULT_SEED` plays a night again.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.parser import BytesHeaderParser
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.messages import PROBABLY_ARRIVED, Channel, Notice, Priority
from hms.domain.people import Contact, Role
from hms.models import Hospital, Patient, new_id
from hms.models.bulk import insert_rows
from hms.outbox.record import record_notices
from hms.runtime import Runtime
from hms.services.messages import resend
from hms.transaction import Work
from tests.support.factories import LONG_AGO, actor_of, make_hospital, make_user
from tests.support.forks import FORKS
from tests.support.http import run_http_peer
from tests.support.letters import messages
from tests.support.smtp import run_smtp_peer
from tests.support.storm import StormyHttp, StormySmtp, Way, Weather, relay

ROUND = timedelta(hours=2)
MOST_ROUNDS = 30
# Apprise loads its mail plugin, which loads a module that Python 3.13 drops.
pytestmark = [
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
    pytest.mark.timeout(1800),
]


@pytest.fixture(params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest) -> str:
    """Give each storm a database of its own."""
    url: str = request.getfixturevalue(f"fresh_{request.param}_database")
    return url


@dataclass
class Storm:
    """One storm: its peers, and how it went."""

    runtime: Runtime
    mail: StormySmtp
    sms: StormyHttp
    folder: Path
    chance: Random
    clock: FixedClock
    kills: int = 0
    rounds: int = 0

    def blow(self, workers: int, kills: int) -> None:
        """Let relays work, kill some, and move the clock on until nothing waits."""
        while waiting := sum(message.status not in ("DELIVERED", "FAILED") for message in messages(self.runtime)):
            assert self.rounds < MOST_ROUNDS
            # A relay that finds nothing to do costs as much as one with fifty messages.
            relays = [self._start(number) for number in range(min(workers, 1 + waiting // 50))]
            for number in range(kills):
                if self._kill(relays, after=self.chance.randrange(1, 60)):
                    relays.append(self._start(workers + number))
            for one, _ in relays:
                one.join()
                assert one.exitcode in (0, -signal.SIGKILL)
            self.clock.advance(ROUND)
            self.rounds += 1

    def send_again(self) -> int:
        """Do what admins do about messages that were given up and never came; return how many that are.

        A server may drop a mail that it took whole, without a word, twice; or a relay be killed just before one leaves.
        """
        arrived = self.arrived
        missed = [message for message in messages(self.runtime) if not arrived[message.address or ""]]
        for message in missed:
            assert (message.status, message.last_error) == ("FAILED", PROBABLY_ARRIVED)
            with self.runtime.reading() as session:
                hospital = session.get_one(Hospital, message.hospital_id)
            admin = actor_of(make_user(self.runtime, hospital, Role.HOSPITAL_ADMIN))
            self.runtime.transact(admin, resend, message.id)
        return len(missed)

    @property
    def arrived(self) -> Counter[str]:
        """How often a message came to each address."""
        return self.mail.weather.taken + self.sms.weather.taken

    def incidents(self) -> Counter[str]:
        """Count what was in flight, by message: broken off, or in the hands of a relay that was killed."""
        found: Counter[str] = Counter()
        for path in self.folder.glob("*.journal"):
            told = Way("", 0, "", "", path).told()
            found.update(message for sign, message in told if sign == "!")
            if path.with_suffix(".killed").exists() and told and told[-1][0] == ">":
                found[told[-1][1]] += 1
        return found

    def _start(self, number: int) -> tuple[Any, Path]:
        journal = self.folder / f"{self.rounds}-{number}.journal"
        url = self.runtime.settings.effective_database_url
        way = Way(url, self.mail.port, self.mail.ca_file, self.sms.netloc, journal)
        now = self.runtime.clocks.hospital.now()
        process = FORKS.Process(target=relay, args=(way, now, self.clock.now()), daemon=True)
        process.start()
        return process, journal

    def _kill(self, relays: list[tuple[Any, Path]], after: int) -> bool:
        """Kill a relay that has so much behind it; False when all are done before."""
        while alive := [(one, journal) for one, journal in relays if one.is_alive()]:
            one, journal = self.chance.choice(alive)
            if len(Way("", 0, "", "", journal).told()) >= after:
                journal.with_suffix(".killed").touch()
                os.kill(one.pid, signal.SIGKILL)
                one.join()
                self.kills += one.exitcode == -signal.SIGKILL
                return True
            time.sleep(0.01)
        return False


@pytest.fixture
def storm(runtime: Runtime, tmp_path: Path, machine_clock: FixedClock) -> Iterator[Storm]:
    seed = int(os.environ.get("HMS_TEST_FAULT_SEED") or random.SystemRandom().randrange(2**32))
    print(f"HMS_TEST_FAULT_SEED={seed}")  # noqa: T201 -- so that a failure can be played again
    chance = Random(seed)
    (tmp_path / "journals").mkdir()
    with run_smtp_peer(tmp_path, StormySmtp) as mail, run_http_peer(StormyHttp) as sms:
        mail.weather, sms.weather = (Weather(Random(chance.random())) for _ in range(2))
        yield Storm(runtime, mail, sms, tmp_path / "journals", chance, machine_clock)


def fill(storm: Storm, count: int) -> dict[UUID, str]:
    """Put so many messages in line, most by mail and some as text, each to somebody else; return who gets which."""
    houses = [make_hospital(storm.runtime, f"HMS00{number}") for number in range(1, 4)]
    for number, hospital in enumerate(houses):
        actor = Actor.system(hospital.id)
        storm.runtime.transact(actor, _tell, hospital, range(number, count, len(houses)), storm.chance)
    return {message.id: message.address or "" for message in messages(storm.runtime)}


def _tell(work: Work, hospital: Hospital, numbers: range, chance: Random) -> None:
    people: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "hospital_id": hospital.id,
            "mrn": f"{hospital.code}-P{number}",
            "first_name": "Roy",
            "last_name": f"P{number}",
            "email": f"p{number}@home.example",
            "phone": f"+9198000{number:05d}",
            "created_at": LONG_AGO,
        }
        for number in numbers
    ]
    insert_rows(work.session, Patient, people)
    notices = [
        Notice(
            cause=f"storm:{person['id']}",
            recipient=Contact("Roy", patient_id=person["id"], email=person["email"], phone=person["phone"]),
            type="APPOINTMENT_REMINDER",
            title="Appointment Reminder",
            message="Your appointment is today.",
            channels=frozenset({Channel.SMS if place % 5 == 0 else Channel.EMAIL}),
            priority=chance.choice(list(Priority)),
            is_new=True,
        )
        for place, person in enumerate(people)
    ]
    record_notices(work.session, work.actor, work.now, work.machine_now, notices)


def check(storm: Storm, expected: dict[UUID, str], again: int) -> Counter[int]:
    """Fail for whatever is lost, comes too often or under two names; return how many came how often."""
    left = [message for message in messages(storm.runtime) if message.status != "DELIVERED"]
    assert {(message.status, message.last_error) for message in left} <= {("FAILED", PROBABLY_ARRIVED)}
    incidents, arrived = storm.incidents(), storm.arrived
    assert set(arrived) == set(expected.values())
    too_often = {
        address: (arrived[address], incidents[str(message_id)])
        for message_id, address in expected.items()
        if not 1 <= arrived[address] <= min(2, 1 + incidents[str(message_id)])
    }
    assert too_often == {}
    marks: dict[str, set[str]] = {}
    heads = BytesHeaderParser()
    for mail in storm.mail.mails:
        marks.setdefault(mail.recipients[0], set()).add(heads.parsebytes(mail.content)["Message-ID"])
    assert {len(seen) for seen in marks.values()} == {1}
    twice = sum(times > 1 for times in arrived.values())
    print(  # noqa: T201 -- the figures of the run
        f"{len(expected)} messages, {storm.kills} kills, {storm.rounds} rounds, {len(incidents)} in flight, "
        f"{twice} arrived twice, none more often, {len(left)} given up as probably arrived, {again} sent again by hand"
    )
    assert storm.kills >= 1
    assert sum(storm.mail.weather.struck.values()) >= len(expected) // 50
    return Counter(arrived.values())


def brave(storm: Storm, expected: dict[UUID, str], *, workers: int, kills: int) -> Counter[int]:
    storm.blow(workers, kills)
    assert max(storm.arrived.values()) == 2
    if again := storm.send_again():
        storm.mail.weather.share = storm.sms.weather.share = 0
        storm.blow(workers, 0)
    return check(storm, expected, again)


def test_five_hundred_messages_through_a_storm(storm: Storm) -> None:
    storm.mail.weather.share = storm.sms.weather.share = 0.03
    came = brave(storm, fill(storm, 500), workers=2, kills=1)
    assert came.total() == 500
    assert set(came) == {1, 2}


@pytest.mark.nightly
def test_ten_thousand_messages_through_a_storm(storm: Storm) -> None:
    storm.mail.weather.stalls = storm.sms.weather.stalls = 20
    came = brave(storm, fill(storm, 10_000), workers=3, kills=12)
    assert came.total() == 10_000
    assert set(came) == {1, 2}
