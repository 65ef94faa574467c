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
    FigureDoctorSpan,
    FigureHospitalDay,
    FigureMark,
    FigureMonth,
    FigurePatient,
    FigurePenalty,
    FigureProgress,
    FigureSpan,
    FigureSpanMonth,
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
    """Compare the figures of all closed ``days`` of a month with their rows.

    A day that waits to be counted anew is left out, and what is counted of its month.
    """
    m = FigureMark
    marked = set(session.scalars(select(m.day).where(m.hospital_id == hospital_id, m.day.in_(days)).distinct()))
    found = _sums(session, hospital_id, days)
    if unmarked := [day for day in days if day not in marked]:
        found += _counts(session, hospital_id, unmarked)
    for month in whole_months(days[0].replace(day=1), days[-1]):
        found += _month_sums(session, hospital_id, *month)
        if not marked:
            found += _month_counts(session, hospital_id, *month)
    return found


def differing_patients(session: Session, hospital_id: UUID, first: UUID, last: UUID) -> list[Drift]:
    """Compare the days that are gathered of each patient from ``first`` to ``last`` with those that are kept."""
    f, p = FigurePatient, FigurePenalty
    days: dict[UUID, list[date]] = {}
    cleared: dict[UUID, list[date]] = {}
    kept = select(p.patient_id, p.day, p.penalties, p.penalties_counting).order_by(p.patient_id, p.day)
    kept = kept.where(p.hospital_id == hospital_id, p.patient_id.between(first, last))
    for patient_id, day, struck, counting in session.execute(kept):
        days.setdefault(patient_id, []).extend([day] * struck)
        cleared.setdefault(patient_id, []).extend([day] * (struck - counting))
    expected = {
        one: (own[0], own[-1], len(own), len(own) - len(cleared[one]), _written(own), _written(cleared[one]))
        for one, own in days.items()
    }
    gathered = select(f.patient_id, f.first_day, f.last_day, f.penalties, f.penalties_counting, f.days, f.cleared_days)
    gathered = gathered.where(f.hospital_id == hospital_id, f.patient_id.between(first, last))
    found = {row[0]: (*row[1:5], _written(row[5]), _written(row[6])) for row in session.execute(gathered)}
    return [
        Drift("the gathered penalties are not those kept", patient_id=one)
        for one in sorted(found.keys() | expected.keys())
        if found.get(one) != expected.get(one)
    ]


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
    """Compare what is added up over all doctors with the kept days themselves."""
    f, h = FigureDay, FigureHospitalDay
    facts = [getattr(f, name) for name in FACTS]
    kept = select(h.day, *(getattr(h, name) for name in FACTS)).where(h.hospital_id == hospital_id, h.day.in_(days))
    each = select(f.day, *facts).where(f.hospital_id == hospital_id, f.day.in_(days))
    wrong = _unlike(session, kept, [each], 1)
    return [Drift("the kept sum of all doctors is not what was added up", day=key[0]) for key in wrong]


def _month_sums(session: Session, hospital_id: UUID, begins: date, ends: date) -> list[Drift]:
    """Compare what is added up over a month with its kept days."""
    f, m, s, t = FigureDay, FigureMonth, FigureSpan, FigureSpanMonth
    sums = select(m.doctor_id, *(getattr(m, name) for name in FACTS))
    sums = sums.where(m.hospital_id == hospital_id, m.month == begins)
    each = select(f.doctor_id, *(getattr(f, name) for name in FACTS))
    each = each.where(f.hospital_id == hospital_id, f.day.between(begins, ends))
    wrong = _unlike(session, sums, [each], 1)
    found = [Drift("the kept sum of the month is not what was added up", doctor_id=key[0], day=begins) for key in wrong]
    times = select(t.kind, t.length, t.visits, t.missed).where(t.hospital_id == hospital_id, t.month == begins)
    days = select(s.kind, s.length, s.visits, s.missed)
    days = days.where(s.hospital_id == hospital_id, s.day.between(begins, ends))
    if _unlike(session, times, [days], 2):
        found.append(Drift("the kept times of the month are not what was added up", day=begins))
    return found


def _month_counts(session: Session, hospital_id: UUID, begins: date, ends: date) -> list[Drift]:
    """Compare the times that are kept of each doctor's month with the visits."""
    d = FigureDoctorSpan
    kept = select(d.doctor_id, d.kind, d.length, d.visits, d.missed)
    kept = kept.where(d.hospital_id == hospital_id, d.month == begins)
    of = only(hospital_id, list(Wanted(begins, ends).each_day()))
    wrong = {key[0] for key in _unlike(session, kept, counted_spans(of, list(SpanKind), by="doctor_id"), 3)}
    what = "the kept times of a doctor's month are not what the visits say"
    return [Drift(what, doctor_id=doctor_id, day=begins) for doctor_id in sorted(wrong)]


def _written(days: Sequence[date | str]) -> list[str]:
    """Give a list of days one form: SQLite keeps their text."""
    return sorted(map(str, days))


def _unlike(session: Session, kept: Rows, parts: Sequence[Rows], keys: int) -> list[tuple[Any, ...]]:
    """Return the keys, the first ``keys`` columns, under which other numbers are kept than are counted."""
    rows = union_all(*parts).subquery()
    columns = list(rows.c)
    summed = select(*columns[:keys], *(total(column) for column in columns[keys:])).group_by(*columns[:keys])

    def numbers(statement: Rows) -> dict[tuple[Any, ...], tuple[int, ...]]:
        return {tuple(row[:keys]): tuple(map(int, row[keys:])) for row in session.execute(statement)}

    now, then = numbers(summed), numbers(kept)
    return sorted((key for key in now.keys() | then.keys() if now.get(key) != then.get(key)), key=str)
