"""Keeping the figures of closed days: which days are closed, and counting again those that have changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Subquery,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    union_all,
)
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
from hms.models.base import Base
from hms.models.bulk import insert_rows
from hms.queries.figures.coverage import only
from hms.queries.figures.facts import FACTS, PENALTIES, counted, counted_penalties
from hms.queries.figures.spans import counted as counted_spans
from hms.services import job_runs
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class FoldSome:
    """Up to ``limit`` marked days under run ``run_id``."""

    run_id: UUID
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Folded:
    """How many days were counted. ``waits``: writers from before the closing are still at work; ask again soon."""

    days: int = 0
    waits: bool = False


def close_days(work: Work, run_id: UUID) -> int:
    """Close all days before today (hospital clock), each marked as one to be counted; return how many are new.

    From now on whoever changes a row of theirs leaves a mark. A day that was closed stays closed.
    """
    job_runs.renew(work, run_id)
    last = work.today - timedelta(days=1)
    progress = work.session.get(FigureProgress, work.actor.hospital_id)
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
    """Count some marked days anew, the latest first, and keep what comes out.

    First their marks go, then the rows are read: what commits in between leaves a mark again.
    """
    job_runs.renew(work, command.run_id)
    m = FigureMark
    own = m.hospital_id == work.actor.hospital_id
    if not work.session.scalar(select(exists().where(own))):
        return Folded()
    if not _all_leave_marks(work):
        return Folded(waits=True)
    some = select(m.day).where(own).distinct().order_by(m.day.desc()).limit(command.limit)
    days = work.session.scalars(some).all()
    if days:
        work.session.execute(delete(m).where(own, m.day.in_(days)).execution_options(synchronize_session=False))
        _count(work.session, work.actor.hospital_id, days)
    return Folded(len(days))


def _first_day(work: Work) -> date | None:
    """Return the first day that has a visit or a slot."""
    a, s = Appointment, DoctorSlot
    firsts = (
        work.session.scalar(select(func.min(a.appointment_date)).where(a.hospital_id == work.actor.hospital_id)),
        work.session.scalar(select(func.min(s.slot_date)).where(s.hospital_id == work.actor.hospital_id)),
    )
    return min((day for day in firsts if day is not None), default=None)


def _all_leave_marks(work: Work) -> bool:
    """Tell whether every writer who is still at work has seen which days are closed, and so leaves marks.

    PostgreSQL lets many write at once. The first look after the closing notes which transaction comes next; when all
    before that one have ended, nobody is left who may have looked too early.
    """
    if work.session.get_bind().dialect.name != "postgresql":
        return True  # one writer at a time
    progress = work.session.get_one(FigureProgress, work.actor.hospital_id)
    oldest, upcoming = work.session.execute(_TRANSACTIONS).one()
    if progress.settled_from is None:
        progress.settled_from = upcoming
        return False
    return bool(oldest >= progress.settled_from)


_TRANSACTIONS = text(
    "SELECT pg_snapshot_xmin(at)::text::bigint, pg_snapshot_xmax(at)::text::bigint FROM pg_current_snapshot() AS at"
)


def _count(session: Session, hospital_id: UUID, days: Sequence[date]) -> None:
    """Put the figures of the days, as their rows say now, in the place of those kept, and add them up anew."""
    months = sorted({day.replace(day=1) for day in days})
    for gone in (
        delete(FigureDay).where(FigureDay.hospital_id == hospital_id, FigureDay.day.in_(days)),
        delete(FigureSpan).where(FigureSpan.hospital_id == hospital_id, FigureSpan.day.in_(days)),
        delete(FigurePenalty).where(FigurePenalty.hospital_id == hospital_id, FigurePenalty.day.in_(days)),
        delete(FigureHospitalDay).where(FigureHospitalDay.hospital_id == hospital_id, FigureHospitalDay.day.in_(days)),
        delete(FigureMonth).where(FigureMonth.hospital_id == hospital_id, FigureMonth.month.in_(months)),
    ):
        session.execute(gone.execution_options(synchronize_session=False))
    of = only(hospital_id, days)
    rows = union_all(*counted(of, FACTS)).subquery()
    _store(session, FigureDay, hospital_id, rows, {"day": rows.c.day, "doctor_id": rows.c.doctor_id}, FACTS)
    spans = union_all(*counted_spans(of, list(SpanKind))).subquery()
    keys = {name: spans.c[name] for name in ("day", "kind", "length")}
    _store(session, FigureSpan, hospital_id, spans, keys, ("visits", "missed"))
    struck = counted_penalties(of).subquery()
    keys = {name: struck.c[name] for name in ("day", "doctor_id", "patient_id")}
    _store(session, FigurePenalty, hospital_id, struck, keys, PENALTIES)
    kept = select(FigureDay).where(FigureDay.hospital_id == hospital_id)
    each = kept.where(FigureDay.day.in_(days)).subquery()
    _store(session, FigureHospitalDay, hospital_id, each, {"day": each.c.day}, FACTS)
    for month in months:
        whole = kept.where(FigureDay.day.between(month, next(whole_months(month, date.max))[1])).subquery()
        keys = {"month": literal(month), "doctor_id": whole.c.doctor_id}
        _store(session, FigureMonth, hospital_id, whole, keys, FACTS)


def _store(
    session: Session,
    model: type[Base],
    hospital_id: UUID,
    rows: Subquery,
    keys: Mapping[str, ColumnElement[Any]],
    names: Sequence[str],
) -> None:
    """Insert the sums of rows by key."""
    sums = (cast(func.sum(rows.c[name]), Integer) for name in names)
    summed = select(literal(hospital_id), *keys.values(), *sums).group_by(
        *(rows.c[key] for key in keys if key in rows.c)
    )
    session.execute(insert(model).from_select(["hospital_id", *keys, *names], summed))
