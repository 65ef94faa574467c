"""Keeping the figures of closed days: which days are closed, and counting again those that have changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Subquery, cast, delete, func, literal, select, text, union_all
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
    FigurePenalty,
    FigureProgress,
    FigureSpan,
    FigureSpanMonth,
    Hospital,
)
from hms.models.base import Base
from hms.models.bulk import insert_rows
from hms.queries.figures.coverage import only
from hms.queries.figures.facts import FACTS, PENALTIES, counted, counted_penalties
from hms.queries.figures.spans import counted as counted_spans
from hms.services import job_runs
from hms.services.figures_patients import gather, patients_of
from hms.transaction import Work

SPANS = ("visits", "missed")


@dataclass(frozen=True, slots=True)
class FoldSome:
    """Up to ``limit`` marked days of one month; under run ``run_id``, if it is part of one."""

    run_id: UUID | None = None
    limit: int = 31


@dataclass(frozen=True, slots=True)
class Folded:
    """How many days were counted. ``waits``: writers from before the closing are still at work; ask again soon."""

    days: int = 0
    waits: bool = False


def close_days(work: Work, run_id: UUID | None = None) -> int:
    """Close all days before today (hospital clock), each marked as one to be counted; return how many are new.

    From now on whoever changes a row of theirs leaves a mark. A day that was closed stays closed.
    """
    if run_id is not None:
        job_runs.renew(work, run_id)
    last = work.today - timedelta(days=1)
    h, p = Hospital, FigureProgress
    work.session.execute(select(h.id).where(h.id == work.actor.hospital_id).with_for_update(key_share=True))
    progress = work.session.scalar(select(p).where(p.hospital_id == work.actor.hospital_id).with_for_update())
    known = progress.through if progress is not None else None
    first = known + timedelta(days=1) if known is not None else _first_day(work)
    if first is None or first > last:
        return 0
    if progress is None:
        work.session.add(FigureProgress(hospital_id=work.actor.hospital_id, through=last))
    else:
        progress.through, progress.settled_from = last, None
    days = list(Wanted(first, last).each_day())
    insert_rows(work.session, FigureMark, [{"hospital_id": work.actor.hospital_id, "day": day} for day in days])
    return len(days)


def fold_some(work: Work, command: FoldSome) -> Folded:
    """Count some marked days of the latest month that has any anew, and keep what comes out; one at a time does.

    First their marks go, then the rows are read: what commits in between leaves a mark again.
    """
    if command.run_id is not None:
        job_runs.renew(work, command.run_id)
    m, p = FigureMark, FigureProgress
    own = m.hospital_id == work.actor.hospital_id
    progress = work.session.scalar(select(p).where(p.hospital_id == work.actor.hospital_id).with_for_update())
    latest = work.session.scalar(select(func.max(m.day)).where(own))
    if progress is None or latest is None:
        return Folded()
    if not _all_leave_marks(work.session, progress):
        return Folded(waits=True)
    if work.session.get_bind().dialect.name == "postgresql":
        # One day's rows lie together: looking up what belongs to them beats reading all of a table.
        work.session.execute(text("SET LOCAL random_page_cost = 1.1"))
    some = select(m.day).where(own, m.day >= latest.replace(day=1)).distinct()
    days = work.session.scalars(some.order_by(m.day.desc()).limit(command.limit)).all()
    if days:
        work.session.execute(delete(m).where(own, m.day.in_(days)).execution_options(synchronize_session=False))
        _count(work.session, progress, days)
    return Folded(len(days))


def _first_day(work: Work) -> date | None:
    """Return the first day that has a visit or a slot."""
    a, s = Appointment, DoctorSlot
    firsts = (
        work.session.scalar(select(func.min(a.appointment_date)).where(a.hospital_id == work.actor.hospital_id)),
        work.session.scalar(select(func.min(s.slot_date)).where(s.hospital_id == work.actor.hospital_id)),
    )
    return min((day for day in firsts if day is not None), default=None)


def _all_leave_marks(session: Session, progress: FigureProgress) -> bool:
    """Tell whether every writer who is still at work has seen which days are closed, and so leaves marks.

    PostgreSQL lets many write at once. The first look after the closing notes which transaction comes next; when all
    before that one have ended, nobody is left who may have looked too early.
    """
    if session.get_bind().dialect.name != "postgresql":
        return True  # one writer at a time
    oldest, upcoming = session.execute(_TRANSACTIONS).one()
    if progress.settled_from is None:
        progress.settled_from = upcoming
        return False
    return bool(oldest >= progress.settled_from)


_TRANSACTIONS = text(
    "SELECT pg_snapshot_xmin(at)::text::bigint, pg_snapshot_xmax(at)::text::bigint FROM pg_current_snapshot() AS at"
)


def _count(session: Session, progress: FigureProgress, days: Sequence[date]) -> None:
    """Put the figures of the days of a month, as their rows say now, in the place of those kept; add them up anew."""
    hospital_id, month = progress.hospital_id, min(days).replace(day=1)
    before = patients_of(session, hospital_id, days)
    for kept in (FigureDay, FigureSpan, FigurePenalty, FigureHospitalDay):
        _forget(session, kept, kept.hospital_id == hospital_id, kept.day.in_(days))
    of = only(hospital_id, days)
    rows = union_all(*counted(of, FACTS)).subquery()
    _store(session, FigureDay, hospital_id, rows, {"day": rows.c.day, "doctor_id": rows.c.doctor_id}, FACTS)
    spans = union_all(*counted_spans(of, list(SpanKind))).subquery()
    keys = {name: spans.c[name] for name in ("day", "kind", "length")}
    _store(session, FigureSpan, hospital_id, spans, keys, SPANS)
    struck = counted_penalties(of).subquery()
    keys = {name: struck.c[name] for name in ("day", "doctor_id", "patient_id")}
    _store(session, FigurePenalty, hospital_id, struck, keys, PENALTIES)
    gather(session, hospital_id, days, before)
    f = FigureDay
    each = select(f).where(f.hospital_id == hospital_id, f.day.in_(days)).subquery()
    _store(session, FigureHospitalDay, hospital_id, each, {"day": each.c.day}, FACTS)
    for summed in (FigureMonth, FigureSpanMonth, FigureDoctorSpan):
        _forget(session, summed, summed.hospital_id == hospital_id, summed.month == month)
    for begins, ends in whole_months(month, min(progress.through, month + timedelta(days=31))):
        _add_up(session, hospital_id, begins, ends)


def _add_up(session: Session, hospital_id: UUID, begins: date, ends: date) -> None:
    """Keep what a month makes, all of whose days are closed."""
    f, s = FigureDay, FigureSpan
    month = literal(begins)
    days = select(f).where(f.hospital_id == hospital_id, f.day.between(begins, ends)).subquery()
    _store(session, FigureMonth, hospital_id, days, {"month": month, "doctor_id": days.c.doctor_id}, FACTS)
    spans = select(s).where(s.hospital_id == hospital_id, s.day.between(begins, ends)).subquery()
    keys = {"month": month, "kind": spans.c.kind, "length": spans.c.length}
    _store(session, FigureSpanMonth, hospital_id, spans, keys, SPANS)
    of = only(hospital_id, list(Wanted(begins, ends).each_day()))
    waits = union_all(*counted_spans(of, list(SpanKind), by="doctor_id")).subquery()
    keys = {"doctor_id": waits.c.doctor_id, "month": month, "kind": waits.c.kind, "length": waits.c.length}
    _store(session, FigureDoctorSpan, hospital_id, waits, keys, SPANS)


def _forget(session: Session, model: type[Base], *where: ColumnElement[bool]) -> None:
    session.execute(delete(model).where(*where).execution_options(synchronize_session=False))


def _store(
    session: Session,
    model: type[Base],
    hospital_id: UUID,
    rows: Subquery,
    keys: Mapping[str, ColumnElement[Any]],
    names: Sequence[str],
) -> None:
    """Insert the sums of rows by key.

    They come and go once more: what is read to be inserted at once PostgreSQL does not read with several processes.
    """
    sums = (cast(func.sum(rows.c[name]), Integer) for name in names)
    grouped = [column for name, column in keys.items() if name in rows.c]
    found = session.execute(select(*keys.values(), *sums).group_by(*grouped))
    columns = [*keys, *names]
    insert_rows(session, model, [dict(zip(columns, row, strict=True)) for row in found], {"hospital_id": hospital_id})
