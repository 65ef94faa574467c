"""Figures as they are told: counted at most every five minutes, with the time at which they were. And keeping them."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.clock import sleep
from hms.domain.figures import Wanted
from hms.queries.figures import counts, penalties, today, utilisation, waiting
from hms.runtime import Runtime
from hms.services import figures as keeping
from hms.services.figures import Folded, FoldSome

FRESH_SECONDS = 300.0
REFRESHED_SECONDS = 1.0
"""Who asks for new figures gets some that are no older."""
LIMIT_SECONDS = 10.0
"""How long the database may count."""

WAIT_SECONDS, LONGEST_WAITS = 0.2, 100

T = TypeVar("T")
Transact = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Figure(Generic[T]):
    """One kind of figure. ``ask``: how it is counted, at a moment of the hospital's clock; ``kind``: what comes out."""

    name: str
    ask: Callable[[Session, Actor, Wanted, datetime], T]
    kind: type[T]


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """A figure, and how old it is (machine clock)."""

    value: T
    computed_at: datetime
    age: timedelta


def tell(runtime: Runtime, actor: Actor, figure: Figure[T], wanted: Wanted, *, refresh: bool = False) -> Told[T]:
    """Return a figure that is five minutes old at most, or new when ``refresh`` asks for it.

    While somebody else counts it anew, the old one. Raises FORBIDDEN, NOT_FOUND for a doctor of another hospital, and
    BUSY when counting takes too long.
    """
    require(actor, Permission.SEE_FIGURES)
    kind: Any = figure.kind
    adapter, shape = _form_of(kind)

    def count() -> str:
        at, now = runtime.clocks.machine.now(), runtime.clocks.hospital.now()
        value = runtime.measure(figure.ask, LIMIT_SECONDS, actor, wanted, now)
        return f"{at.isoformat()}\n{adapter.dump_json(value).decode()}"

    name = f"hms:figures:{shape}:{actor.hospital_id}:{figure.name}:{wanted.first}:{wanted.last}:{wanted.doctor_id}"
    text = runtime.shelf.get(name, count, REFRESHED_SECONDS if refresh else FRESH_SECONDS)
    at, _, kept = text.partition("\n")
    computed_at = datetime.fromisoformat(at)
    age = max(runtime.clocks.machine.now() - computed_at, timedelta(0))
    return Told(_read(kind, kept), computed_at, age)


@lru_cache(maxsize=64)
def _read(kind: Any, kept: str) -> Any:
    """Read a figure that was written down; the same text is read but once."""
    return _form_of(kind)[0].validate_json(kept)


@lru_cache(maxsize=64)
def _form_of(kind: Any) -> tuple[TypeAdapter[Any], str]:
    """Return how a figure is written down, and a mark of that form: another release may have another one."""
    adapter = TypeAdapter(kind)
    schema = json.dumps(adapter.json_schema(), sort_keys=True)
    return adapter, hashlib.sha256(schema.encode()).hexdigest()[:8]


def keep(transact: Transact, run_id: UUID | None = None, heard: Callable[[int], None] = lambda _days: None) -> bool:
    """Close the days that are over, and count all that changed, a month's days in a transaction; latest months first.

    ``transact`` runs a service with its command; ``heard`` hears how many days more are counted. False when somebody
    who has been writing since before the closing did not end: then the next night goes on.
    """
    transact(keeping.close_days, run_id)
    waited = 0
    while waited < LONGEST_WAITS:
        folded: Folded = transact(keeping.fold_some, FoldSome(run_id))
        heard(folded.days)
        if folded.waits:
            waited += 1
            sleep(WAIT_SECONDS)
        elif not folded.days:
            return True
    return False


def _plain(name: str, count: Callable[[Session, Actor, Wanted], T], kind: type[T]) -> Figure[T]:
    return Figure(name, lambda session, actor, wanted, _now: count(session, actor, wanted), kind)


NO_SHOWS = _plain("no-shows", counts.no_shows, counts.NoShowTotals)
BY_DOCTOR = _plain("by-doctor", counts.by_doctor, counts.ByDoctor)
BY_DAY = _plain("by-day", counts.by_day, counts.Course)
BY_WEEK = _plain("by-week", counts.by_week, counts.Course)
PENALTIES_BY_DOCTOR = _plain("penalties-by-doctor", penalties.by_doctor, penalties.PenaltiesByDoctor)
UTILISATION = _plain("utilisation", utilisation.utilisation, utilisation.Utilisation)
WAITING_TIMES = _plain("waiting-times", waiting.waiting_times, waiting.WaitingTimes)
LEAD_TIMES = _plain("lead-times", waiting.lead_times, waiting.LeadTimes)
REMINDERS = _plain("reminders", waiting.reminders, waiting.Reminders)
DASHBOARD = Figure("dashboard", today.dashboard_stats, today.DashboardStats)


def penalties_by_patient(limit: int) -> Figure[penalties.PenaltiesByPatient]:
    """Return the figure of the ``limit`` patients with most penalties."""

    def ask(session: Session, actor: Actor, wanted: Wanted, _now: datetime) -> penalties.PenaltiesByPatient:
        return penalties.by_patient(session, actor, wanted, limit)

    return Figure(f"penalties-by-patient-{limit}", ask, penalties.PenaltiesByPatient)
