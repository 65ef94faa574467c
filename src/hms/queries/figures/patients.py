"""The patients with most penalties over months and years, from the days that are kept of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Integer, Subquery, and_, case, cast, func, or_, select, union_all
from sqlalchemy.orm import Session

from hms.models import FigureHospitalDay, FigurePatient, FigurePenalty
from hms.queries.figures.coverage import Coverage, Rows
from hms.queries.figures.facts import PENALTIES, counted_penalties
from hms.queries.figures.measures import days_within, total

SHORT = timedelta(days=31)
"""What is kept by patient and day is added up quicker over so short a period."""
MANY_MARKED = 31
"""With more days to be counted anew than these, all is counted as it is kept by day."""

_F = FigurePatient


@dataclass(frozen=True, slots=True)
class Most:
    """How many patients have penalties in the period, how many those are, and who has most, the first ones first."""

    patients: int
    numbers: Sequence[int]
    ids: Sequence[UUID]


def is_gathered(of: Coverage) -> bool:
    """Tell whether the period is best read by patient."""
    long = of.wanted.last - of.wanted.first > SHORT
    return long and of.wanted.doctor_id is None and of.keeps_some and len(of.marked) <= MANY_MARKED


def most(session: Session, of: Coverage, limit: int) -> Most:
    """Find the ``limit`` patients with most penalties in the period; two statements."""
    each = _each(of)
    patients = select(func.count()).select_from(each).scalar_subquery()
    ranked = (
        select(each.c.patient_id)
        .order_by(each.c.penalties.desc(), each.c.penalties_counting.desc(), each.c.patient_id)
        .limit(limit)
        .subquery()
    )
    found = session.execute(select(ranked.c.patient_id, patients)).all()
    numbers = [int(number) for number in session.execute(_totals(of)).one()]
    return Most(found[0][1] if found else 0, numbers, [row[0] for row in found])


def _totals(of: Coverage) -> Rows:
    h = FigureHospitalDay
    parts: list[Rows] = [select(*(getattr(h, name) for name in PENALTIES))]
    parts[0] = parts[0].where(h.hospital_id == of.hospital_id, of.kept(h.day))
    if of.counts_some:
        counted = counted_penalties(of).subquery()
        parts.append(select(*(counted.c[name] for name in PENALTIES)))
    rows = union_all(*parts).subquery()
    return select(*(total(rows.c[name]) for name in PENALTIES))


def _each(of: Coverage) -> Subquery:
    """Build the rows (patient_id, penalties, penalties_counting) of all who have any in the period."""
    penalties, counting = _within(of)
    # Whoever's first or last day lies within has one without a look at the days between.
    sure = or_(_F.first_day >= of.wanted.first, _F.last_day <= _last(of), penalties > 0)
    kept = select(_F.patient_id, penalties.label("penalties"), counting.label("penalties_counting"))
    kept = kept.where(_touches(of), sure)
    if not of.counts_some:
        return kept.subquery()
    changes = _changes(of)
    kept = kept.where(_F.patient_id.not_in(select(changes.c.patient_id)))
    now = changes.c.penalties + func.coalesce(penalties, 0)
    changed = (
        select(changes.c.patient_id, now, changes.c.penalties_counting + func.coalesce(counting, 0))
        .outerjoin(_F, and_(_F.patient_id == changes.c.patient_id, _touches(of)))
        .where(now > 0)
    )
    return union_all(kept, changed).subquery()


def _within(of: Coverage) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Build a patient's kept penalties of the period, and how many of them count."""
    first, last = of.wanted.first, _last(of)
    whole = and_(_F.first_day >= first, _F.last_day <= last)
    days, cleared = days_within(_F.days, first, last), days_within(_F.cleared_days, first, last)
    penalties = case((whole, _F.penalties), (_F.patient_id.is_not(None), days))
    return penalties, case((whole, _F.penalties_counting), (_F.patient_id.is_not(None), days - cleared))


def _touches(of: Coverage) -> ColumnElement[bool]:
    return and_(_F.hospital_id == of.hospital_id, _F.last_day >= of.wanted.first, _F.first_day <= _last(of))


def _changes(of: Coverage) -> CTE:
    """Build what patients have on days that are counted now, less what is kept of these."""
    p = FigurePenalty
    counted = counted_penalties(of).subquery()
    parts: list[Rows] = [select(counted.c.patient_id, counted.c.penalties, counted.c.penalties_counting)]
    if of.marked:
        gone = select(p.patient_id, -p.penalties, -p.penalties_counting)
        parts.append(gone.where(p.hospital_id == of.hospital_id, p.day.in_(of.marked)))
    rows = union_all(*parts).subquery()
    sums = (cast(func.sum(rows.c[name]), Integer).label(name) for name in ("penalties", "penalties_counting"))
    return select(rows.c.patient_id, *sums).group_by(rows.c.patient_id).cte("changes")


def _last(of: Coverage) -> date:
    """Return the last day of the period that is kept."""
    return min(of.through, of.wanted.last) if of.through is not None else of.wanted.last
