"""A clinic's day in real processes: who comes, who does not, who books; and whether all of it is as it should be.

Time is the demo's clock, which all processes share. What people do goes over HTTP, and is tried until it is answered.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPException
from random import Random
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import UUID

from hms.access.tokens import Audience, Signer
from hms.clock import ScaledClock
from hms.domain.people import Role
from hms.models import Appointment, Doctor, Hospital, LoginSession
from hms.runtime import Runtime
from tests.support.factories import add, make_doctor, make_hospital, make_patient, make_user
from tests.support.visits import make_visit, rows

LONG = timedelta(days=30)
QUARTER = timedelta(minutes=15)
DOCTORS, REGULARS, BOOKERS = 6, 60, 40
PATIENCE = 240.0
AT_DESK = 4


@dataclass
class Desk:
    """Somebody at a desk with a bearer token. ``lost``: calls without an answer, which were then tried again."""

    port: int
    token: str = ""
    key: str = ""
    answered: int = 0
    lost: int = 0

    def once(self, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any] | None:
        """Send one request; None when there is no answer, or one that says to come again."""
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        headers |= {"x-cron-api-key": self.key} if self.key else {}
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"http://127.0.0.1:{self.port}/api/v1{path}", data, headers, method=method)
        try:
            with urlopen(request, timeout=20) as answer:  # noqa: S310
                status, said = answer.status, json.load(answer)
        except HTTPError as refused:
            with refused:
                status = refused.code
                said = json.load(refused) if status < 500 else None
        except (OSError, HTTPException, ValueError):
            status, said = 0, None
        if said is None or (status == 409 and said["error"]["code"] == "BUSY"):
            self.lost += 1
            return None
        self.answered += 1
        return status, said

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> tuple[int, Any]:
        """Send a request until it is answered."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if (answer := self.once(method, path, body, key)) is not None:
                return answer
            time.sleep(0.25)
        raise AssertionError(f"{method} {path} was not answered in {PATIENCE} s")


@dataclass
class FaultDay:
    """The day's visits and what people do about them. ``arrived``: whose check-in was answered well."""

    runtime: Runtime
    port: int
    seed: int
    hospital: Hospital = field(init=False)
    doctors: list[Doctor] = field(init=False)
    visits: set[UUID] = field(default_factory=set)
    arrived: set[UUID] = field(default_factory=set)
    booked: list[UUID] = field(default_factory=list)
    agenda: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hospital = make_hospital(self.runtime)
        self.doctors = [
            make_doctor(self.runtime, self.hospital, slot_duration=15, pause=None, max_patients_per_day=40)
            for _ in range(DOCTORS)
        ]
        self.reception, self.admin = (self.desk(role) for role in (Role.RECEPTIONIST, Role.HOSPITAL_ADMIN))

    @property
    def clock(self) -> ScaledClock:
        """The clock that all processes share."""
        assert isinstance(self.runtime.clocks.hospital, ScaledClock)
        return self.runtime.clocks.hospital

    def desk(self, role: Role) -> Desk:
        """Sign somebody in, without a password."""
        user = make_user(self.runtime, self.hospital, role)
        now = self.runtime.clocks.machine.now()
        session = LoginSession(hospital_id=self.hospital.id, user_id=user.id, created_at=now, expires_at=now + LONG)
        add(self.runtime, session)
        token = Signer(self.runtime.secret_key).issue(Audience.API, session.id, user.id, now, LONG)
        return Desk(self.port, token)

    def fill(self, opening: datetime, quarters: int) -> None:
        """Book so many quarters of an hour from ``opening`` on, and plan who comes and who books for tomorrow."""
        chance = Random(self.seed)
        regulars = [make_patient(self.runtime, self.hospital) for _ in range(REGULARS)]
        bookers = [make_patient(self.runtime, self.hospital) for _ in range(BOOKERS)]
        for quarter in range(quarters):
            starts = opening + quarter * QUARTER
            for number, doctor in enumerate(self.doctors):
                if chance.random() < 0.25:
                    continue
                patient = regulars[(quarter * DOCTORS + number) % REGULARS]
                visit = make_visit(self.runtime, self.hospital, doctor, patient, starts)
                self.visits.add(visit)
                if chance.random() < 0.4:
                    comes = starts - timedelta(minutes=chance.randint(1, 20))
                    self.agenda.append((comes, lambda visit=visit: self._check_in(visit)))  # type: ignore[misc]
            tomorrow = starts + timedelta(days=1)
            for number in range(2):
                doctor, patient = (
                    self.doctors[(quarter + 3 * number) % DOCTORS],
                    bookers[(2 * quarter + number) % BOOKERS],
                )
                calls = starts + timedelta(minutes=chance.randint(0, 14))
                self.agenda.append((calls, lambda d=doctor, p=patient, at=tomorrow: self._book(d.id, p.id, at)))  # type: ignore[misc]

    def live(self, check: Callable[[], None]) -> None:
        """Let people do what they do, each in their minute, and return when all of it is answered.

        ``check`` is called between, and raises when going on makes no sense.
        """
        with ThreadPoolExecutor(AT_DESK) as desks:
            done: list[Future[None]] = []
            for at, deed in sorted(self.agenda, key=lambda planned: planned[0]):
                wait = (at - self.clock.now()).total_seconds() / self.clock.speed
                time.sleep(max(0.0, wait))
                check()
                done.append(desks.submit(deed))
            for each in done:
                each.result()

    def _check_in(self, visit: UUID) -> None:
        status, said = self.reception.ask("PATCH", f"/appointments/{visit}/status", {"status": "CHECKED_IN"})
        if status == 409:  # marked before anybody answered, or checked in by a call whose answer was lost
            status, said = self.reception.ask("GET", f"/appointments/{visit}")
        if status != 200:
            self.failed.append(f"check-in: {status} {said}")
        elif said["data"]["status"] == "CHECKED_IN":
            self.arrived.add(visit)

    def _book(self, doctor: UUID, patient: UUID, at: datetime) -> None:
        local = at.astimezone(self.hospital.zone)
        body = {"doctorId": str(doctor), "patientId": str(patient)}
        body |= {"date": f"{local:%Y-%m-%d}", "startTime": f"{local:%H:%M}"}
        status, said = self.reception.ask("POST", "/appointments", body, key=f"{doctor} {at.isoformat()}")
        if status == 201:
            self.booked.append(UUID(said["data"]["id"]))
        else:
            self.failed.append(f"booking: {status} {said}")

    def tomorrows(self) -> list[UUID]:
        """Return the appointments that were made on the day."""
        return [visit.id for visit in rows(self.runtime, Appointment) if visit.id not in self.visits]


@dataclass
class HealthWatch:
    """Asks for the health all day, and holds every answer against the runs as the database has them.

    ``told``: how often well, ill, or nothing (the web or the database was away); ``lies``: answers that were wrong.
    Until ``calls_end`` a monitor outside calls the trigger, as the one on AWS does; ``calls`` counts its answers.
    """

    day: FaultDay
    monitor: Desk
    calls_end: datetime
    runs: Callable[[], list[tuple[str, datetime | None]] | None]
    told: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    lies: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to ask."""
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        called = 0.0
        while not self._stop.wait(0.5):
            self.look()
            now = self.day.clock.now()
            if now < self.calls_end and time.monotonic() - called > 300 / self.day.clock.speed:
                called = time.monotonic()
                answer = self.monitor.once("POST", "/no-show/external-trigger")
                self.calls[str(answer[0]) if answer else "no answer or 503"] += 1

    def look(self) -> str:
        """Ask once and return what was told."""
        before, asked = self.runs(), self.day.clock.now()
        answer = self.day.admin.once("GET", "/no-show/cron-health")
        answered, after = self.day.clock.now(), self.runs()
        if answer is None:
            word = "no answer"
        else:
            word = "well" if answer[1]["data"]["isHealthy"] else "ill"
            expected = {is_well(before, at) for at in (asked, answered)} if before is not None else set()
            if before == after and len(expected) == 1 and (word == "well") not in expected:
                self.lies.append(f"{answered:%H:%M:%S} {answer[1]['data']['healthMessage']}: {before and before[:5]}")
        self.told[word] += 1
        return word


def is_well(runs: list[tuple[str, datetime | None]], now: datetime) -> bool:
    """Judge the no-show check of Kolkata by rules §6, from its runs, newest first: (status, completed at)."""
    closed = [run for run in runs if run[0] != "RUNNING"]
    if [status for status, _ in closed[:3]] == ["FAILED"] * 3:
        return False
    local = now + timedelta(hours=5, minutes=30)
    if not (7, 15) <= (local.hour, local.minute) < (23, 0):
        return True
    success = next((completed for status, completed in closed if status == "COMPLETED"), None)
    return success is not None and now - success <= timedelta(minutes=15)
