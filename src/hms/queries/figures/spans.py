"""How long things took, as numbers of visits a length: the one place that says how it is measured."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    String,
    and_,
    cast,
    func,
    literal,
    not_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from hms.domain.appointments import Status
from hms.domain.figures import SpanKind, Wanted
from hms.models import Appointment, FigureDoctorSpan, FigureSpan, FigureSpanMonth
from hms.queries.figures.coverage import Coverage, Rows, coverage
from hms.queries.figures.facts import CAME
from hms.queries.figures.measures import days_between, many, minutes_between, total

Columns = ReadOnlyColumnCollection[str, Any]
_ENDS = {
    SpanKind.TO_VITALS: ("checked_in_at", "vitals_recorded_at"),
    SpanKind.TO_DOCTOR: ("vitals_recorded_at", "started_at"),
    SpanKind.TO_BEGIN: ("checked_in_at", "started_at"),
}


def measured(
    session: Session, hospital_id: UUID, wanted: Wanted, kinds: Sequence[SpanKind]
) -> list[tuple[bool, SpanKind, int, int, int]]:
    """Return (is it of ``wanted``, kind, length, visits, missed) of the period and the one before; two statements.

    Of a single doctor only whole months are kept; the days beside them are counted from their few visits.
    """
    of = coverage(session, hospital_id, wanted.with_before, split=wanted.first)
    rows = union_all(*(_of_hospital(of, kinds) if wanted.doctor_id is None else _of_doctor(of, kinds))).subquery()
    now = (rows.c.day >= wanted.first).label("now")
    grouped = (now, rows.c.kind, rows.c.length)
    statement = select(*grouped, total(rows.c.visits), total(rows.c.missed)).group_by(*grouped)
    found = session.execute(statement)
    return [(bool(row[0]), SpanKind(row[1]), row[2], int(row[3]), int(row[4])) for row in found]


def counted(
    of: Coverage, kinds: Sequence[SpanKind], by: str = "day", days: ColumnElement[bool] | None = None
) -> list[Rows]:
    """Build the rows (``by``, kind, length, visits, missed) from the visits themselves.

    ``by``: "day" or "doctor_id". ``days``: of visits of which days; by default those that must be counted.
    """
    a = Appointment
    key = {"day": a.appointment_date, "doctor_id": a.doctor_id}[by]
    visits = (
        select(key.label(by), a.status, a.imported, a.booked_at, a.starts_at)
        .add_columns(a.checked_in_at, a.vitals_recorded_at, a.started_at)
        .where(a.hospital_id == of.hospital_id, of.counted(a.appointment_date) if days is None else days)
        .where(a.status.in_([*CAME, Status.NO_SHOW]))
    )
    if of.wanted.doctor_id is not None:
        visits = visits.where(of.only(a.doctor_id))
    read = visits.cte("visits")  # once, whatever is measured
    return [_measured(read, kind, by) for kind in kinds]


def _measured(visits: CTE, kind: SpanKind, by: str) -> Rows:
    v = visits.c
    length, condition = _lead(v) if kind is SpanKind.LEAD else _wait(v, kind)
    rows = select(v[by], cast(length, Integer).label("length"), v.status).where(condition).subquery()
    numbers = (cast(func.count(), Integer).label("visits"), many(rows.c.status == Status.NO_SHOW).label("missed"))
    grouped = (rows.c[by], rows.c.length)
    return select(rows.c[by], literal(kind.value).label("kind"), rows.c.length, *numbers).group_by(*grouped)


def _of_hospital(of: Coverage, kinds: Sequence[SpanKind]) -> list[Rows]:
    f, m = FigureSpan, FigureSpanMonth
    days = select(f.day, type_coerce(f.kind, String()).label("kind"), f.length, f.visits, f.missed)
    days = days.where(f.hospital_id == of.hospital_id, of.kept(f.day), of.beside_months(f.day), f.kind.in_(kinds))
    months = select(m.month.label("day"), type_coerce(m.kind, String()).label("kind"), m.length, m.visits, m.missed)
    months = months.where(m.hospital_id == of.hospital_id, m.month.in_(of.first_days), m.kind.in_(kinds))
    return [days, months, *counted(of, kinds)] if of.counts_some else [days, months]


def _of_doctor(of: Coverage, kinds: Sequence[SpanKind]) -> list[Rows]:
    m = FigureDoctorSpan
    months = select(m.month.label("day"), type_coerce(m.kind, String()).label("kind"), m.length, m.visits, m.missed)
    months = months.where(m.hospital_id == of.hospital_id, of.only(m.doctor_id))
    months = months.where(m.month.in_(of.first_days), m.kind.in_(kinds))
    return [months, *counted(of, kinds, days=of.beside_months(Appointment.appointment_date))]


def _wait(v: Columns, kind: SpanKind) -> tuple[Any, Any]:
    begin, end = (v[name] for name in _ENDS[kind])
    return minutes_between(begin, end), and_(v.status.in_(CAME), begin.is_not(None), end >= begin)


def _lead(v: Columns) -> tuple[Any, Any]:
    return days_between(v.booked_at, v.starts_at), not_(and_(v.imported, v.booked_at == v.starts_at))
