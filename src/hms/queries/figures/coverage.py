"""Which days of a period are kept, and which must be counted from the rows themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import Session

from hms.domain.figures import Wanted, whole_months
from hms.models import FigureMark, FigureProgress

Rows = Select[*tuple[Any, ...]]
"""Some rows, of whatever columns."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The days of ``wanted``. ``through``: the last kept one; ``marked``: kept ones that have changed since.

    ``split``: the first day of a period within; nothing that is added up may reach across.
    """

    hospital_id: UUID
    wanted: Wanted
    through: date | None = None
    marked: Sequence[date] = ()
    split: date | None = None

    @property
    def keeps_some(self) -> bool:
        """Tell whether some day's figures are kept."""
        return self.through is not None and self.through >= self.wanted.first

    @property
    def counts_some(self) -> bool:
        """Tell whether some day must be counted from its rows."""
        return bool(self.marked) or self.through is None or self.through < self.wanted.last

    def kept(self, day: Any) -> ColumnElement[bool]:
        """Build the condition that a kept row's day may be read."""
        if self.through is None:
            return false()
        within = day.between(self.wanted.first, min(self.through, self.wanted.last))
        return and_(within, day.not_in(self.marked)) if self.marked else within

    @property
    def months(self) -> list[tuple[date, date]]:
        """The first and the last day of each month that is kept as a whole."""
        if self.through is None:
            return []
        first, last, split = self.wanted.first, min(self.through, self.wanted.last), self.split
        parts = [(first, last)] if split is None else [(first, split - timedelta(days=1)), (split, last)]
        changed = {day.replace(day=1) for day in self.marked}
        return [month for part in parts for month in whole_months(*part) if month[0] not in changed]

    @property
    def first_days(self) -> list[date]:
        """The first days of those months, under which they are kept."""
        return [begins for begins, _ in self.months]

    @property
    def beside(self) -> list[tuple[date, date]]:
        """The spans of wanted days that are in no month that is kept as a whole, first to last."""
        spans, begins = [], self.wanted.first
        for first, last in self.months:
            if begins < first:
                spans.append((begins, first - timedelta(days=1)))
            begins = last + timedelta(days=1)
        return [*spans, (begins, self.wanted.last)] if begins <= self.wanted.last else spans

    def beside_months(self, day: Any) -> ColumnElement[bool]:
        """Build the condition that a day is wanted, and in no month that is kept as a whole."""
        return or_(false(), *(day.between(begins, ends) for begins, ends in self.beside))

    def counted(self, day: Any) -> ColumnElement[bool]:
        """Build the condition that a row belongs to a day that must be counted."""
        first, last = self.wanted.first, self.wanted.last
        marked = day.in_(self.marked)
        if self.through is not None and self.through >= last:
            return cast(ColumnElement[bool], marked)
        if self.through is not None:
            first = max(first, self.through + timedelta(days=1))
        later = day.between(first, last)
        return or_(later, marked) if self.marked else cast(ColumnElement[bool], later)

    def only(self, doctor_id: Any) -> ColumnElement[bool]:
        """Build the condition that a row is of the doctor who is asked for."""
        return cast(ColumnElement[bool], doctor_id == self.wanted.doctor_id)


def coverage(session: Session, hospital_id: UUID, wanted: Wanted, *, split: date | None = None) -> Coverage:
    """Return which of the wanted days are kept; one statement."""
    p, m = FigureProgress, FigureMark
    within = and_(m.hospital_id == p.hospital_id, m.day.between(wanted.first, wanted.last), m.day <= p.through)
    statement = select(p.through, m.day).outerjoin(m, within).where(p.hospital_id == hospital_id).distinct()
    rows = session.execute(statement).all()
    if not rows:
        return Coverage(hospital_id, wanted)
    marked = sorted(row.day for row in rows if row.day is not None)
    return Coverage(hospital_id, wanted, rows[0].through, marked, split)


def only(hospital_id: UUID, days: Sequence[date]) -> Coverage:
    """Let just these days be counted from their rows."""
    return Coverage(hospital_id, Wanted(min(days), max(days)), date.max, days)
