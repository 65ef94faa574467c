"""The patients with most penalties over months and years, from the days that are kept of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from hms.models import FigureHospitalDay, FigurePatient, FigurePenalty
from hms.queries.figures.coverage import Coverage, Rows
from hms.queries.figures.facts import PENALTIES, counted_penalties
from hms.queries.figures.measures import days_within, total

SHORT = 31
"""Over so few days, what is kept by patient and day is added up as quickly."""
MOST_COUNTED = 14
"""With more days than these to be counted from their rows, all are added up together."""
LOOKED_AT = 4
"""So many times as many patients as are wanted are looked at first, those with most penalties ever."""

_F = FigurePatient
Ranked = tuple[UUID, int, int]
"""A patient, their penalties of the period, and how many of them count."""


@dataclass(frozen=True, slots=True)
class Most:
    """How many patients have penalties in the period, what those are, and who has most, the first ones first."""

    patients: int
    numbers: Sequence[int]
    ids: Sequence[UUID]


def is_gathered(of: Coverage) -> bool:
    """Tell whether the period is best read by patient."""
    if of.wanted.doctor_id is not None or of.wanted.days <= SHORT or not of.keeps_some:
        return False
    return len(of.marked) + (of.wanted.last - _last(of)).days <= MOST_COUNTED


def most(session: Session, of: Coverage, limit: int) -> Most:
    """Find the ``limit`` patients with most penalties in the period; up to six statements."""
    live = [list(row) for row in session.execute(_live(of))] if of.counts_some else []
    changes = _changes(session, of, live)
    held = {one: (struck, counting) for one, struck, counting in session.execute(_each(of, _F.patient_id.in_(changes)))}
    now = {
        one: (struck + held.get(one, (0, 0))[0], counting + held.get(one, (0, 0))[1])
        for one, (struck, counting) in changes.items()
    }
    changed = [(one, *numbers) for one, numbers in now.items() if numbers[0] > 0]
    spread = session.execute(_spread(of)).all()
    patients = sum(number for _, number in spread) - sum(struck > 0 for struck, _ in held.values()) + len(changed)
    ranked = _ranked(session, of, changes, changed, limit, _first_bound([(row[0], row[1]) for row in spread], limit))
    kept = session.execute(_kept_totals(of)).one()
    numbers = [int(before) + sum(row[place] for row in live) for place, before in enumerate(kept, start=1)]
    return Most(patients, numbers, [one for one, _, _ in ranked])


def _live(of: Coverage) -> Rows:
    rows = counted_penalties(of).subquery()
    return select(rows.c.patient_id, *(rows.c[name] for name in PENALTIES))


def _changes(session: Session, of: Coverage, live: Sequence[Sequence[Any]]) -> Mapping[UUID, tuple[int, int]]:
    """Return what patients have on days that are counted now, less what is kept of these."""
    changes: dict[UUID, tuple[int, int]] = {}
    for patient_id, struck, counting in [*(row[:3] for row in live), *_outdated(session, of)]:
        before = changes.get(patient_id, (0, 0))
        changes[patient_id] = before[0] + struck, before[1] + counting
    return changes


def _outdated(session: Session, of: Coverage) -> Iterator[Sequence[Any]]:
    p = FigurePenalty
    if of.marked:
        gone = select(p.patient_id, -p.penalties, -p.penalties_counting)
        yield from session.execute(gone.where(p.hospital_id == of.hospital_id, p.day.in_(of.marked)))


def _kept_totals(of: Coverage) -> Rows:
    h = FigureHospitalDay
    return select(*(total(getattr(h, name)) for name in PENALTIES)).where(
        h.hospital_id == of.hospital_id, of.kept(h.day)
    )


def _spread(of: Coverage) -> Rows:
    """Build how many patients have kept penalties in the period, by how many they ever had."""
    return select(_F.penalties, func.count()).where(_touches(of), _has_any(of)).group_by(_F.penalties)


def _first_bound(spread: Sequence[tuple[int, int]], limit: int) -> int:
    """Return how many penalties ever those have had who are looked at first."""
    seen = 0
    for penalties, number in sorted(spread, reverse=True):
        seen += number
        if seen >= LOOKED_AT * limit:
            return penalties
    return 1


def _ranked(
    session: Session, of: Coverage, without: Mapping[UUID, Any], changed: Sequence[Ranked], limit: int, bound: int
) -> list[Ranked]:
    """Return the first ones of all.

    Whoever ever had fewer penalties than ``bound`` has no more of the period. So those who had more are enough, if as
    many as are wanted have ``bound`` of the period; else one of these numbers is the next bound.
    """
    while True:
        penalties, counting = _within(of)
        order = (penalties.desc(), counting.desc(), _F.patient_id)
        rows = session.execute(
            _each(of, _F.penalties >= bound, _has_any(of)).order_by(*order).limit(limit + len(without))
        )
        unchanged = [(one, struck, counts) for one, struck, counts in rows if one not in without]
        found = sorted([*unchanged, *changed], key=lambda row: (-row[1], -row[2], row[0]))[:limit]
        least = found[-1][1] if len(found) == limit else 1
        if bound == 1 or least >= bound:
            return found
        bound = least


def _each(of: Coverage, *where: ColumnElement[bool]) -> Rows:
    """Build the rows (patient_id, penalties, counting) of the period."""
    return select(_F.patient_id, *_within(of)).where(_touches(of), *where)


def _within(of: Coverage) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Build a patient's kept penalties of the period, and how many of them count."""
    first, last = of.wanted.first, _last(of)
    whole = and_(_F.first_day >= first, _F.last_day <= last)
    days, cleared = days_within(_F.days, first, last), days_within(_F.cleared_days, first, last)
    return case((whole, _F.penalties), else_=days), case((whole, _F.penalties_counting), else_=days - cleared)


def _has_any(of: Coverage) -> ColumnElement[bool]:
    """Build the condition that a row that touches the period has a day in it: surely so with one end in it."""
    first, last = of.wanted.first, _last(of)
    return or_(_F.first_day >= first, _F.last_day <= last, days_within(_F.days, first, last) > 0)


def _touches(of: Coverage) -> ColumnElement[bool]:
    return and_(_F.hospital_id == of.hospital_id, _F.last_day >= of.wanted.first, _F.first_day <= _last(of))


def _last(of: Coverage) -> date:
    """Return the last day of the period that is kept, or the one before it."""
    return of.wanted.last if of.through is None else max(min(of.through, of.wanted.last), of.wanted.first - _DAY)


_DAY = timedelta(days=1)
