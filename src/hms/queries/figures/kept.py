"""Whether the figures that are kept still are what their rows say."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from hms.domain.figures import SpanKind, Wanted, whole_months
from hms.models import (
    Appointment,
    DoctorSlot,
    FigureDay,
    FigureHospitalDay,
    FigureMark,
    FigureMonth,
    FigurePenalty,
    FigureProgress,
    FigureSpan,
)
from hms.queries.drift import Drift
from hms.queries.figures.coverage import Rows, only
from hms.queries.figures.facts import FACTS, PENALTIES, counted, counted_penalties
from hms.queries.figures.measures import total
from hms.queries.figures.spans import counted as counted_spans


def closed_days(session: Session, hospital_id: UUID) -> list[date]:
    """Return the closed days of a hospital, first to last; none before housekeeping has run."""
    through = session.scalar(select(FigureProgress.through).where(FigureProgress.hospital_id == hospital_id))
    if through is None:
        return []
    firsts = [
        session.scalar(select(func.min(day)).where(owner == hospital_id))
        for owner, day in (
            (Appointment.hospital_id, Appointment.appointment_date),
            (DoctorSlot.hospital_id, DoctorSlot.slot_date),
            (FigureDay.hospital_id, FigureDay.day),
        )
    ]
    known = [day for day in firsts if day is not None]
    return list(Wanted(min(known), through).each_day()) if known else []


def differing(session: Session, hospital_id: UUID, days: Sequence[date]) -> list[Drift]:
    """Compare some closed days' figures with their rows; a day that waits to be counted anew is left out."""
    m = FigureMark
    marked = set(session.scalars(select(m.day).where(m.hospital_id == hospital_id, m.day.in_(days)).distinct()))
    found = _sums(session, hospital_id, days)
    if unmarked := [day for day in days if day not in marked]:
        found += _counts(session, hospital_id, unmarked)
    return found


def _counts(session: Session, hospital_id: UUID, days: Sequence[date]) -> list[Drift]:
    f, s = FigureDay, FigureSpan
    kept_days = select(f.day, f.doctor_id, *(getattr(f, name) for name in FACTS)).where(f.hospital_id == hospital_id)
    kept_spans = select(s.day, s.kind, s.length, s.visits, s.missed).where(s.hospital_id == hospital_id)
    of = only(hospital_id, days)
    wrong = _unlike(session, kept_days.where(f.day.in_(days)), counted(of, FACTS), 2)
    found = [Drift("the kept figures are not what the visits say", doctor_id=key[1], day=key[0]) for key in wrong]
    p = FigurePenalty
    kept_penalties = select(p.day, p.doctor_id, p.patient_id, *(getattr(p, name) for name in PENALTIES))
    kept_penalties = kept_penalties.where(p.hospital_id == hospital_id, p.day.in_(days))
    wrong = _unlike(session, kept_penalties, [counted_penalties(of)], 3)
    found += [
        Drift("the kept penalties are not what the visits say", patient_id=key[2], doctor_id=key[1], day=key[0])
        for key in wrong
    ]
    wrong = _unlike(session, kept_spans.where(s.day.in_(days)), counted_spans(of, list(SpanKind)), 3)
    return found + [
        Drift("the kept times are not what the visits say", day=day) for day in sorted({key[0] for key in wrong})
    ]


def _sums(session: Session, hospital_id: UUID, days: Sequence[date]) -> list[Drift]:
    """Compare what is added up with the kept days themselves."""
    f, h, m = FigureDay, FigureHospitalDay, FigureMonth
    own, facts = f.hospital_id == hospital_id, [getattr(f, name) for name in FACTS]
    kept = select(h.day, *(getattr(h, name) for name in FACTS)).where(h.hospital_id == hospital_id, h.day.in_(days))
    wrong = _unlike(session, kept, [select(f.day, *facts).where(own, f.day.in_(days))], 1)
    found = [Drift("the kept sum of all doctors is not what was added up", day=key[0]) for key in wrong]
    for month in sorted({day.replace(day=1) for day in days}):
        ends = next(whole_months(month, date.max))[1]
        sums = select(m.doctor_id, *(getattr(m, name) for name in FACTS))
        sums = sums.where(m.hospital_id == hospital_id, m.month == month)
        wrong = _unlike(session, sums, [select(f.doctor_id, *facts).where(own, f.day.between(month, ends))], 1)
        found += [
            Drift("the kept sum of the month is not what was added up", doctor_id=key[0], day=month) for key in wrong
        ]
    return found


def _unlike(session: Session, kept: Rows, parts: Sequence[Rows], keys: int) -> list[tuple[Any, ...]]:
    """Return the keys, the first ``keys`` columns, under which other numbers are kept than are counted."""
    rows = union_all(*parts).subquery()
    columns = list(rows.c)
    summed = select(*columns[:keys], *(total(column) for column in columns[keys:])).group_by(*columns[:keys])

    def numbers(statement: Rows) -> dict[tuple[Any, ...], tuple[int, ...]]:
        return {tuple(row[:keys]): tuple(map(int, row[keys:])) for row in session.execute(statement)}

    now, then = numbers(summed), numbers(kept)
    return sorted((key for key in now.keys() | then.keys() if now.get(key) != then.get(key)), key=str)
