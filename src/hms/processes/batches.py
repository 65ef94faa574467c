"""Work through many rows in batches, each in its own transaction; one bad row stops nobody else's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from hms.clock import stopwatch
from hms.domain.errors import Code, DomainError
from hms.processes.running import Running, describe
from hms.transaction import Work

log = structlog.get_logger(__name__)

HOPELESS_AFTER = 20
"""So many single failures in a row are no longer bad rows but a broken database."""

AIM = 0.12
"""Seconds that a transaction is meant to take; its locks must not be held for longer than 0.2."""

FIRST = 50
"""So many rows at most in the first transaction, before it is known how fast this database is."""

FEWEST = 10
"""So many rows are tried in any case, however long the ones before have waited for somebody else's lock."""


Place = TypeVar("Place")
Place_co = TypeVar("Place_co", covariant=True)


class Key(Protocol[Place_co]):
    """A row to work on, and its place in the order in which they are worked on."""

    @property
    def id(self) -> UUID:
        """Its identifier."""

    @property
    def place(self) -> Place_co:
        """Behind which the next one stands."""


@dataclass(frozen=True, slots=True)
class Part(Generic[Place]):
    """A part of a job. ``act`` does one batch of (run, limit, after) and tells how many, and where to go on.

    ``keys`` names the same rows in the same order, for going on one by one after a batch has failed; ``noun`` is what
    each of them is.
    """

    name: str
    keys: Callable[[Session, UUID, datetime, int, Place | None], Sequence[Key[Place]]]
    act: Callable[[Work, UUID, int, Place | None], tuple[int, Place | None]]
    noun: str = "appointment"


class Pace:
    """How many rows one transaction takes, at most ``most``: as many as this database does in AIM seconds."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.rows = min(FIRST, most)

    def learn(self, seconds: float) -> None:
        """Learn how long the last transaction took; the next one takes twice as many rows at most."""
        fitting = round(self.rows * AIM / max(seconds, AIM / 2))
        self.rows = min(self._most, max(FEWEST, fitting))


def work_through(run: Running, part: Part[Place]) -> None:
    """Do the whole part; add what was done to the run's items, and what could not be done to its problems."""
    pace = Pace(run.batch_size)
    last = _batch(run, part, pace, None)
    while last is not None:
        last = _batch(run, part, pace, last)


def _batch(run: Running, part: Part[Place], pace: Pace, after: Place | None) -> Place | None:
    began = stopwatch()
    try:
        done, last = run.transact(part.act, run.run_id, pace.rows, after)
    except Exception as error:  # noqa: BLE001 -- whichever row it was, the others go on
        rise_if_lost(error)
        log.warning("A batch failed; going on row by row", part=part.name, error=describe(error))
        return _one_by_one(run, part, pace.rows, after)
    pace.learn(stopwatch() - began)
    run.items += done
    return last


def _one_by_one(run: Running, part: Part[Place], rows: int, after: Place | None) -> Place | None:
    now = run.runtime.clocks.hospital.now()
    keys = run.runtime.read(part.keys, run.hospital_id, now, rows, after)
    failed_in_a_row = 0
    for key in keys:
        try:
            done, _ = run.transact(part.act, run.run_id, 1, after)
        except Exception as error:
            rise_if_lost(error)
            failed_in_a_row += 1
            if failed_in_a_row >= HOPELESS_AFTER:
                raise
            log.exception("One could not be handled", part=part.name, noun=part.noun, id=str(key.id))
            run.problems.append(f"{part.noun} {key.id}: {describe(error)}")
        else:
            failed_in_a_row = 0
            run.items += done
        after = key.place
    return after if keys else None


def rise_if_lost(error: Exception) -> None:
    """Raise the error again if it says that another run has taken over: nothing more may be done."""
    if isinstance(error, DomainError) and error.code is Code.RUN_LOST:
        raise error
