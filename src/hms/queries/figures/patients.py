"""The patients with most penalties over months and years, from the days that are kept of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from hms.models import FigureHospitalDay, FigurePatient, FigurePenalty
from hms.queries.figures.coverage import Coverage, Rows
from hms.queries.figures.facts import PENALTIES, counted_penalties
from hms.queries.figures.measures import days_within, total

SHORT = 31
"""Over so few days, what is kept by patient and day is added up as quickly."""
MOST_COUNTED = 14
"""With more days than these to be counted from their rows, all are added up together."""
LOOKED_AT = 20
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
    patients = session.scalar(select(func.count()).select_from(_F).where(_touches(of), _has_any(of))) or 0
    patients += len(changed) - sum(struck > 0 for struck, _ in held.values())
    ranked = _ranked(session, of, changes, changed, limit)
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


def _ranked(
    session: Session, of: Coverage, without: Mapping[UUID, Any], changed: Sequence[Ranked], limit: int
) -> list[Ranked]:
    """Return the first ones of all.

    Nobody has more penalties of the period than ever. So those with most of them ever are looked at first: if as many
    as are wanted have more of the period than the others ever had, nobody else needs a look; else whoever ever had as
    many as the last one of these.
    """
    at_once = LOOKED_AT * limit
    most_ever = select(_F.patient_id, *_within(of), _F.penalties).where(_F.hospital_id == of.hospital_id)
    rows = session.execute(most_ever.order_by(_F.penalties.desc()).limit(at_once)).all()
    seen = [(one, struck, counting) for one, struck, counting, _ in rows if one not in without and struck > 0]
    found = _first([*seen, *changed], limit)
    least = found[-1][1] if len(found) == limit else 1
    if len(rows) < at_once or least > rows[-1][3]:
        return found
    penalties, counting = _within(of)
    others = _each(of, _F.penalties >= least, penalties >= least)
    others = others.order_by(penalties.desc(), counting.desc(), _F.patient_id).limit(limit + len(without))
    unchanged = [(one, struck, counts) for one, struck, counts in session.execute(others) if one not in without]
    return _first([*unchanged, *changed], limit)


def _first(rows: Sequence[Ranked], limit: int) -> list[Ranked]:
    return sorted(rows, key=lambda row: (-row[1], -row[2], row[0]))[:limit]


def _each(of: Coverage, *where: ColumnElement[bool]) -> Rows:
    """Build the rows (patient_id, penalties, counting) of the period."""
    return select(_F.patient_id, *_within(of)).where(_touches(of), *where)


def _within(of: Coverage) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Build a patient's kept penalties of the period, and how many of them count."""
    first, last = of.wanted.first, _last(of)
    whole = _F.first_day >= first if _is_open(of) else and_(_F.first_day >= first, _F.last_day <= last)
    days, cleared = days_within(_F.days, first, last), days_within(_F.cleared_days, first, last)
    return case((whole, _F.penalties), else_=days), case((whole, _F.penalties_counting), else_=days - cleared)


def _has_any(of: Coverage) -> ColumnElement[bool]:
    """Build the condition that a row that touches the period has a day in it: surely so with one end in it."""
    if _is_open(of):
        return true()
    first, last = of.wanted.first, _last(of)
    return or_(_F.first_day >= first, _F.last_day <= last, days_within(_F.days, first, last) > 0)


def _touches(of: Coverage) -> ColumnElement[bool]:
    since = and_(_F.hospital_id == of.hospital_id, _F.last_day >= of.wanted.first)
    return since if _is_open(of) else and_(since, _F.first_day <= _last(of))


def _is_open(of: Coverage) -> bool:
    """Tell whether no kept day comes after the period, so that nothing needs a look at its end."""
    return of.through is not None and of.through <= of.wanted.last


def _last(of: Coverage) -> date:
    """Return the last day of the period that is kept, or the one before it."""
    return of.wanted.last if of.through is None else max(min(of.through, of.wanted.last), of.wanted.first - _DAY)


_DAY = timedelta(days=1)
