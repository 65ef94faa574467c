"""Mail server and SMS provider at their worst, while the relays between them and the outbox are killed at random.

Each round, relays in processes of their own deliver what is due; some are killed -9 on the way. Then the machine's
clock jumps past every lease and pause, and the next round begins, until nothing waits. A relay writes down what it has
in hand before it sends, and what broke off while it sent: only these may arrive once more.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from hms.clock import Clocks, FixedClock
from hms.gateways.composing import Sender
from hms.gateways.protocols import DeliveryUnclearError, Gateways, HandingOver, unnoted
from hms.gateways.sms import AppriseSms
from hms.gateways.smtp import SmtpMail
from hms.processes.delivery import CHANNELS, DeliveryReport, deliver_due
from hms.runtime import build
from hms.settings import Settings
from tests.support.http import Answer, HttpPeer, ReceivedRequest
from tests.support.smtp import Fault, SmtpPeer, Stage

MOST_FAULTS = 2
"""How often one message may be refused: once more its answer may get lost, and then it arrives."""
PATIENCE, TOO_LATE = 0.5, 0.8
REFUSALS = ("451 4.3.0 Try again later", "450 4.2.1 Busy", "421 4.3.2 Closing")
MOST_CUTS = 3
"""How often the answer to one message may get lost, were it ever sent so often."""


@dataclass
class Weather:
    """What goes wrong, by chance. ``share``: of the steps of a message; ``stalls``: how many late answers are left."""

    chance: Random
    share: float = 0.05
    stalls: int = 1
    struck: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def strikes(self, address: str) -> bool:
        """Decide whether something goes wrong at this step of the message to an address."""
        with self._guard:
            if self.struck[address] >= MOST_FAULTS or self.chance.random() >= self.share:
                return False
            self.struck[address] += 1
            return True

    def take(self, address: str) -> None:
        """Note that a message arrived, whether its sender learns of it or not."""
        with self._guard:
            self.taken[address] += 1

    def cuts(self, address: str) -> bool:
        """Decide whether the word that a message was taken gets lost: every other time for whom it was lost before."""
        with self._guard:
            if self.cut[address] >= MOST_CUTS or self.chance.random() >= (0.5 if self.cut[address] else self.share):
                return False
            self.cut[address] += 1
            return True

    def is_late(self) -> bool:
        """Decide whether an answer shall come too late."""
        with self._guard:
            self.stalls -= 1
            return self.stalls >= 0


@dataclass
class StormySmtp(SmtpPeer):
    """A mail server that refuses, stalls and hangs up at every stage of the dialogue."""

    weather: Weather = field(default_factory=lambda: Weather(Random(0)))

    def take_fault(self, stage: Stage, recipient: str = "") -> Fault | None:
        weather = self.weather
        if stage == "REPLY":
            weather.take(recipient)
            if not weather.cuts(recipient):
                return None
            return Fault(stage, seconds=TOO_LATE) if weather.is_late() else Fault(stage, hang_up=True)
        if stage == "AUTH" or not weather.strikes(recipient or f"{stage} {weather.chance.random()}"):
            return None
        return weather.chance.choice([Fault(stage, reply=weather.chance.choice(REFUSALS)), Fault(stage, hang_up=True)])


@dataclass
class StormyHttp(HttpPeer):
    """An SMS provider that refuses, is away, hangs up or answers late."""

    weather: Weather = field(default_factory=lambda: Weather(Random(0)))

    def take(self, request: ReceivedRequest) -> Answer:
        weather, number = self.weather, request.path.rpartition("/")[2].partition("?")[0]
        if weather.strikes(number):
            return Answer(status=weather.chance.choice([400, 503, 429]))
        weather.take(number)
        if not weather.cuts(number):
            return Answer()
        return Answer(seconds=TOO_LATE) if weather.is_late() else Answer(status=None)


@dataclass(frozen=True)
class Way:
    """How a relay of its own process reaches database and peers. ``journal``: where it writes what it has in hand."""

    url: str
    smtp_port: int
    ca_file: str
    sms_netloc: str
    journal: Path

    def told(self) -> list[tuple[str, str]]:
        """Return what was in hand (">") and what broke off ("!"), in order, by message."""
        if not self.journal.exists():
            return []
        lines = self.journal.read_text().splitlines()
        return [(line[0], line[2:]) for line in lines if len(line) == 38]


def relay(way: Way, hospital_now: datetime, machine_now: datetime) -> None:
    """Deliver until nothing is due."""
    os.environ["SSL_CERT_FILE"] = way.ca_file
    mail = SmtpMail("localhost", way.smtp_port, Sender("no-reply@hms.example"), "hms", "open sesame", PATIENCE)
    sms = AppriseSms(f"json://{way.sms_netloc}/{{to}}?format=text&rto={PATIENCE}&cto={PATIENCE}")
    gateways = Gateways(mail=Journalled(mail, way.journal), sms=Journalled(sms, way.journal))
    clocks = Clocks(FixedClock(hospital_now), FixedClock(machine_now))
    settings = Settings(_env_file=None, database_url=way.url, sqlite_synchronous="OFF")
    runtime = build(settings, clocks=clocks, gateways=gateways)
    for channel in CHANNELS:
        while deliver_due(runtime, (channel,)) != DeliveryReport():
            pass
    runtime.close()


class Journalled:
    """A gateway that writes down what is in hand."""

    def __init__(self, gateway: Any, journal: Path) -> None:
        self._gateway, self._journal = gateway, journal
        self._connection: Any = None

    @contextmanager
    def connected(self) -> Iterator[Journalled]:
        """Connect for real."""
        with self._gateway.connected() as self._connection:
            yield self

    def send(self, message: Any, handing_over: HandingOver = unnoted, /) -> None:
        """Send for real."""
        self._write(">", message)
        try:
            self._connection.send(message, handing_over)
        except DeliveryUnclearError:
            self._write("!", message)
            raise

    def _write(self, sign: str, message: Any) -> None:
        # One write of one line: a process that is killed leaves it whole or not at all.
        line = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(line, f"{sign} {message.message_id}\n".encode())
        os.close(line)
