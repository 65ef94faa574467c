"""What is counted of each doctor's day: the one place that says how (in words: domain/figures.py)."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, exists, func, literal, not_, or_, select, union_all
from sqlalchemy.orm import aliased

from hms.domain.appointments import Status
from hms.domain.no_shows import NoShowReason
from hms.models import (
    Appointment,
    AppointmentEvent,
    AuditEntry,
    Doctor,
    DoctorSlot,
    FigureDay,
    FigureHospitalDay,
    FigureMonth,
    FigurePenalty,
    NoShowLog,
    NoShowPenalty,
)
from hms.queries import standings
from hms.queries.figures.coverage import Coverage, Rows
from hms.queries.figures.measures import many, minutes_between

KEYS = ("hospital_id", "day", "doctor_id")
FACTS: tuple[str, ...] = tuple(column.name for column in FigureDay.__table__.columns if column.name not in KEYS)
"""All that is counted, by the columns that keep it."""
CAME = (Status.CHECKED_IN, Status.IN_PROGRESS, Status.COMPLETED)

_A, _N, _P = Appointment, NoShowLog, NoShowPenalty
_OF_SLOTS = frozenset({"slots_offered", "minutes_offered"})


def facts(of: Coverage, names: Sequence[str]) -> Subquery:
    """Build the rows (day, …names) of a period; a day may come in several rows, to be added up."""
    h = FigureHospitalDay
    kept = select(h.day, *(getattr(h, name) for name in names)).where(h.hospital_id == of.hospital_id, of.kept(h.day))
    if of.wanted.doctor_id is not None:
        kept = _kept(of, names, of.kept(FigureDay.day))
    return _together(of, names, [kept], by_doctor=of.wanted.doctor_id is not None)


def facts_by_doctor(of: Coverage, names: Sequence[str]) -> Subquery:
    """Build the rows (day, doctor_id, …names) of a period, to be added up; whole months come as their first day."""
    m = FigureMonth
    parts = [_kept(of, names, and_(of.kept(FigureDay.day), of.beside_months(FigureDay.day)))]
    if months := of.first_days:
        whole = select(m.month.label("day"), m.doctor_id, *(getattr(m, name) for name in names))
        whole = whole.where(m.hospital_id == of.hospital_id, m.month.in_(months))
        parts.append(whole if of.wanted.doctor_id is None else whole.where(of.only(m.doctor_id)))
    return _together(of, names, parts, by_doctor=True)


def _together(of: Coverage, names: Sequence[str], kept: Sequence[Rows], *, by_doctor: bool) -> Subquery:
    parts = list(kept) if of.keeps_some else []
    if of.counts_some or not parts:
        columns = ("day", "doctor_id", *names) if by_doctor else ("day", *names)
        for part in counted(of, names):
            rows = part.subquery()
            parts.append(select(*(rows.c[name] for name in columns)))
    return union_all(*parts).subquery("facts")


def counted(of: Coverage, names: Sequence[str]) -> list[Rows]:
    """Build the rows (day, doctor_id, …names) from visits and slots themselves, of days that must be counted."""
    parts = [_visits(of, names)]
    if not _OF_SLOTS.isdisjoint(names):
        parts.append(_slots(of, names))
    return parts


def _kept(of: Coverage, names: Sequence[str], days: ColumnElement[bool]) -> Rows:
    f = FigureDay
    statement = select(f.day, f.doctor_id, *(getattr(f, name) for name in names))
    statement = statement.where(f.hospital_id == of.hospital_id, days)
    return statement if of.wanted.doctor_id is None else statement.where(of.only(f.doctor_id))


def _visits(of: Coverage, names: Sequence[str]) -> Rows:
    known = _of_visits()
    statement = (
        select(_A.appointment_date.label("day"), _A.doctor_id, *(known[name].label(name) for name in names))
        .select_from(_A)
        .outerjoin(_N, and_(_N.appointment_id == _A.id, _N.voided_at.is_(None)))
        .outerjoin(_P, _P.appointment_id == _A.id)
        .where(_A.hospital_id == of.hospital_id, of.counted(_A.appointment_date))
        .group_by(_A.appointment_date, _A.doctor_id)
    )
    return statement if of.wanted.doctor_id is None else statement.where(of.only(_A.doctor_id))


def _slots(of: Coverage, names: Sequence[str]) -> Rows:
    s, holder = DoctorSlot, aliased(Appointment)
    offered = or_(not_(or_(s.blocked_manually, s.absence_id.is_not(None))), holder.id.is_not(None))
    known = {"slots_offered": many(offered), "minutes_offered": many(offered, minutes_between(s.starts_at, s.ends_at))}
    # By their doctors: slots have no index by hospital, and need none.
    statement = (
        select(s.slot_date.label("day"), s.doctor_id, *(known.get(name, literal(0)).label(name) for name in names))
        .join(Doctor, Doctor.id == s.doctor_id)
        .outerjoin(holder, and_(holder.slot_id == s.id, holder.holds_slot))
        .where(Doctor.hospital_id == of.hospital_id, of.counted(s.slot_date))
        .group_by(s.slot_date, s.doctor_id)
    )
    return statement if of.wanted.doctor_id is None else statement.where(of.only(s.doctor_id))


@cache  # building them takes as long as some figures take to be read
def _of_visits() -> Mapping[str, ColumnElement[int]]:
    came, missed, marked = _A.status.in_(CAME), _A.status == Status.NO_SHOW, _N.id.is_not(None)
    struck = _P.id.is_not(None)
    reminded = exists().where(AuditEntry.entity_id == _A.id, AuditEntry.action == "appointment.reminded")
    events = AppointmentEvent
    confirmed = exists().where(events.appointment_id == _A.id, events.to_status == Status.CONFIRMED)
    slotless = and_(_A.holds_slot, _A.slot_id.is_(None))
    released, taken_since = _released(), _taken_since()
    taken = _taken()
    return {
        "appointments": many(literal(value=True)),
        "attended": many(came),
        "missed": many(missed),
        "cancelled": many(_A.status == Status.CANCELLED),
        "marked_auto": many(and_(marked, _N.reason == NoShowReason.AUTO_TIMEOUT)),
        "marked_staff": many(and_(marked, _N.reason == NoShowReason.MANUAL_STAFF)),
        "marked_doctor": many(and_(marked, _N.reason == NoShowReason.MANUAL_DOCTOR)),
        "marked_called": many(and_(marked, _N.reason == NoShowReason.PATIENT_CALLED)),
        "marks_released": many(and_(marked, _N.slot_released)),
        "marks_justified": many(and_(marked, _N.justified)),
        "penalties": many(struck),
        "penalties_counting": many(and_(struck, standings.counts(None))),
        "penalties_waived": many(_P.waived_at.is_not(None)),
        "penalties_justified": many(_P.justified_at.is_not(None)),
        "penalties_voided": many(_P.voided_at.is_not(None)),
        "reminded_attended": many(and_(came, reminded)),
        "reminded_missed": many(and_(missed, reminded)),
        "confirmed_attended": many(and_(came, confirmed)),
        "confirmed_missed": many(and_(missed, confirmed)),
        "slots_offered": many(slotless),
        "minutes_offered": many(slotless, _A.duration_minutes),
        "visits_held": many(_A.holds_slot),
        "minutes_booked": many(_A.holds_slot, _A.duration_minutes),
        "released": many(released),
        "rebooked": many(and_(released, taken_since)),
        "minutes_lost": many(and_(missed, or_(_A.holds_slot, not_(taken))), _A.duration_minutes),
    }


PENALTIES = ("penalties", "penalties_counting", "penalties_waived", "penalties_justified", "penalties_voided")


def penalties_by_patient(of: Coverage, only: Sequence[UUID] | None = None) -> Subquery:
    """Build the rows (day, doctor_id, patient_id, …PENALTIES) of a period, at most one a doctor's day and patient.

    ``only``: of these patients.
    """
    f = FigurePenalty
    kept = select(f.day, f.doctor_id, f.patient_id, *(getattr(f, name) for name in PENALTIES))
    kept = kept.where(f.hospital_id == of.hospital_id, of.kept(f.day))
    if of.wanted.doctor_id is not None:
        kept = kept.where(of.only(f.doctor_id))
    counted = counted_penalties(of)
    if only is not None:
        kept, counted = kept.where(f.patient_id.in_(only)), counted.where(_A.patient_id.in_(only))
    parts: list[Rows] = [kept] if of.keeps_some else []
    if of.counts_some or not parts:
        parts.append(counted)
    return union_all(*parts).subquery("penalties")


def counted_penalties(of: Coverage) -> Rows:
    """Build the same rows from the penalties themselves, of the days that must be counted."""
    known = _of_visits()
    keys = (_A.appointment_date.label("day"), _A.doctor_id, _A.patient_id)
    statement = (
        select(*keys, *(known[name].label(name) for name in PENALTIES))
        .join(_P, _P.appointment_id == _A.id)
        .where(_A.hospital_id == of.hospital_id, of.counted(_A.appointment_date))
        .group_by(_A.appointment_date, _A.doctor_id, _A.patient_id)
    )
    return statement if of.wanted.doctor_id is None else statement.where(of.only(_A.doctor_id))


def _released() -> ColumnElement[bool]:
    cancelled = and_(_A.status == Status.CANCELLED, _A.cancelled_at < _A.ends_at)
    return or_(cancelled, and_(_A.status == Status.NO_SHOW, func.coalesce(_N.slot_released, literal(value=False))))


def _taken_since() -> ColumnElement[bool]:
    return _taken(func.coalesce(_N.slot_released_at, _A.cancelled_at))


def _taken(since: ColumnElement[Any] | None = None) -> ColumnElement[bool]:
    """Build the condition that another visit holds some of a visit's time, booked since it was given free."""
    other = aliased(Appointment)
    found = exists().where(
        other.doctor_id == _A.doctor_id,
        other.appointment_date == _A.appointment_date,
        other.holds_slot,
        other.id != _A.id,
        other.starts_at < _A.ends_at,
        other.ends_at > _A.starts_at,
    )
    return found if since is None else found.where(other.booked_at >= since)
