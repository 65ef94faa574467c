"""Book from processes of their own, many threads each, all at one moment: see `Bookers`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from multiprocessing.synchronize import Barrier
from threading import Barrier as ThreadBarrier
from threading import Thread
from typing import Self
from uuid import UUID

from hms.access.actors import Actor
from hms.clock import Clocks, FixedClock
from hms.domain.errors import DomainError
from hms.runtime import Runtime, build
from hms.services import bookings
from hms.services.bookings import Book
from hms.settings import Settings
from tests.support.forks import FORKS

BOOKED = "BOOKED"
PATIENCE = 60
_MEETING: list[Barrier] = []


@dataclass(frozen=True)
class Client:
    """Somebody who books one time."""

    actor: Actor
    patient_id: UUID
    doctor_id: UUID
    day: date
    start: time


class Bookers:
    """Processes that wait to book; use it as a context manager, for as many races as there are."""

    def __init__(self, processes: int = 4, threads: int = 10) -> None:
        self._processes, self._threads = processes, threads
        self._pool = FORKS.Pool(processes, _meet_at, (FORKS.Barrier(processes),))

    def race(self, url: str, now: datetime, clients: Sequence[Client]) -> list[str]:
        """Let all clients book at once; return each one's outcome: BOOKED, or the code of the refusal."""
        # Nobody passes the barrier before all have a share, so each process takes one.
        shares = [(url, now, clients[number :: self._processes], self._threads) for number in range(self._processes)]
        outcomes = self._pool.starmap_async(_work, shares, chunksize=1).get(PATIENCE)
        return [outcome for share in outcomes for outcome in share]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._pool.terminate()
        self._pool.join()


def _meet_at(barrier: Barrier) -> None:
    _MEETING.append(barrier)


def _work(url: str, now: datetime, clients: Sequence[Client], threads: int) -> list[str]:
    settings = Settings(_env_file=None, database_url=url, database_pool_size=threads, sqlite_synchronous="OFF")
    runtime = build(settings, clocks=Clocks(FixedClock(now), FixedClock(now)))
    outcomes: list[str] = []
    together = ThreadBarrier(threads, action=_meet)

    def go(share: Sequence[Client]) -> None:
        with runtime.reading() as session:
            session.connection()
        together.wait(PATIENCE)
        outcomes.extend(_book(runtime, client) for client in share)

    pool = [Thread(target=go, args=(clients[number::threads],)) for number in range(threads)]
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join(PATIENCE)
    runtime.close()
    return outcomes


def _meet() -> None:
    _MEETING[0].wait(PATIENCE)


def _book(runtime: Runtime, client: Client) -> str:
    command = Book(patient_id=client.patient_id, doctor_id=client.doctor_id, day=client.day, start=client.start)
    try:
        runtime.transact(client.actor, bookings.book, command)
    except DomainError as error:
        return error.code.value
    return BOOKED
