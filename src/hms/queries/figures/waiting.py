"""How long patients waited, how long ahead they booked, and what reminders do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.figures import (
    LEAD_BANDS,
    WAIT_BANDS,
    WAITS,
    Band,
    SpanKind,
    Wanted,
    percent,
    quantile,
    written,
)
from hms.queries.figures.asking import allow
from hms.queries.figures.coverage import coverage
from hms.queries.figures.facts import facts
from hms.queries.figures.measures import total
from hms.queries.figures.spans import measured

EFFECTS = ("attended", "missed", "reminded_attended", "reminded_missed", "confirmed_attended", "confirmed_missed")


@dataclass(frozen=True, slots=True)
class InBand:
    """How many visits took from ``first`` to ``last`` minutes or days; ``last`` is None for all longer ones."""

    first: int
    last: int | None
    visits: int
    no_shows: int
    no_show_rate: str


@dataclass(frozen=True, slots=True)
class Spread:
    """How a length is spread over visits. ``median`` and ``p90`` are None when none was measured."""

    visits: int
    median: int | None
    p90: int | None


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait, in whole minutes: in the period, and in as many days before."""

    now: Spread
    before: Spread
    bands: Sequence[InBand]


@dataclass(frozen=True, slots=True)
class WaitingTimes:
    """From check-in to vitals, from vitals to the doctor, and from check-in to the doctor."""

    first: date
    last: date
    to_vitals: Wait
    to_doctor: Wait
    to_begin: Wait


@dataclass(frozen=True, slots=True)
class LeadTimes:
    """How many whole days ahead visits were booked, and how many of them were missed."""

    first: date
    last: date
    now: Spread
    before: Spread
    bands: Sequence[InBand]


@dataclass(frozen=True, slots=True)
class Kept:
    """Visits that took place, and missed ones."""

    attended: int
    no_shows: int
    no_show_rate: str

    @classmethod
    def of(cls, attended: int, missed: int) -> "Kept":
        """Build with the rate that follows."""
        return cls(attended, missed, written(percent(missed, attended + missed)))


@dataclass(frozen=True, slots=True)
class Effect:
    """The visits of a period by whether the patient was reminded, and by whether they had confirmed."""

    reminded: Kept
    not_reminded: Kept
    confirmed: Kept
    not_confirmed: Kept


@dataclass(frozen=True, slots=True)
class Reminders:
    """What reminders and confirmations go with, in the period and in as many days before."""

    first: date
    last: date
    now: Effect
    before: Effect


Measured = tuple[bool, SpanKind, int, int, int]


def waiting_times(session: Session, actor: Actor, wanted: Wanted) -> WaitingTimes:
    """Return medians, nineties and bands of the three waits; two statements."""
    allow(session, actor, wanted)
    found = measured(session, actor.hospital_id, wanted, WAITS)
    waits = {kind: [row for row in found if row[1] is kind] for kind in WAITS}
    to_vitals, to_doctor, to_begin = (
        Wait(_spread(waits[kind], True), _spread(waits[kind], False), _bands(waits[kind], WAIT_BANDS)) for kind in WAITS
    )
    return WaitingTimes(wanted.first, wanted.last, to_vitals, to_doctor, to_begin)


def lead_times(session: Session, actor: Actor, wanted: Wanted) -> LeadTimes:
    """Return how long ahead visits were booked, and how that goes with missing them; two statements."""
    allow(session, actor, wanted)
    found = measured(session, actor.hospital_id, wanted, [SpanKind.LEAD])
    now, before = _spread(found, True), _spread(found, False)
    return LeadTimes(wanted.first, wanted.last, now, before, _bands(found, LEAD_BANDS))


def reminders(session: Session, actor: Actor, wanted: Wanted) -> Reminders:
    """Compare visits of which the patient was reminded, or which they confirmed, with the others; two statements."""
    allow(session, actor, wanted)
    rows = facts(coverage(session, actor.hospital_id, wanted.with_before), EFFECTS)
    now = (rows.c.day >= wanted.first).label("now")
    statement = select(now, *(total(rows.c[name]) for name in EFFECTS)).group_by(now)
    found = {bool(row[0]): [int(number) for number in row[1:]] for row in session.execute(statement)}
    nothing = [0] * len(EFFECTS)
    return Reminders(wanted.first, wanted.last, _effect(found.get(True, nothing)), _effect(found.get(False, nothing)))


def _effect(numbers: Sequence[int]) -> Effect:
    attended, missed, reminded_came, reminded_missed, confirmed_came, confirmed_missed = numbers
    return Effect(
        reminded=Kept.of(reminded_came, reminded_missed),
        not_reminded=Kept.of(attended - reminded_came, missed - reminded_missed),
        confirmed=Kept.of(confirmed_came, confirmed_missed),
        not_confirmed=Kept.of(attended - confirmed_came, missed - confirmed_missed),
    )


def _spread(found: Iterable[Measured], now: bool) -> Spread:
    counted = [(length, visits) for is_now, _, length, visits, _ in found if is_now is now]
    return Spread(sum(visits for _, visits in counted), quantile(counted, 0.5), quantile(counted, 0.9))


def _bands(found: Iterable[Measured], bands: Sequence[Band]) -> list[InBand]:
    present = [row for row in found if row[0]]
    rows = []
    for band in bands:
        within = [(visits, missed) for _, _, length, visits, missed in present if band.holds(length)]
        visits, missed = sum(number for number, _ in within), sum(number for _, number in within)
        rows.append(InBand(band.first, band.last, visits, missed, written(percent(missed, visits))))
    return rows
