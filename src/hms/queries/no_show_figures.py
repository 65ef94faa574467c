"""No-shows in numbers, and the penalties that they cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.appointments import Status
from hms.domain.no_shows import NoShowReason
from hms.domain.people import PatientStatus
from hms.models import Appointment, Doctor, NoShowLog, NoShowPenalty, Patient, User
from hms.queries import standings

_CAME = (Status.CHECKED_IN, Status.IN_PROGRESS, Status.COMPLETED)


@dataclass(frozen=True, slots=True)
class Period:
    """Visits from ``first`` to ``last`` (hospital dates), of one doctor or patient when given.

    ``reason``: which of the marks to count; the visits beside them stay what they are.
    """

    first: date
    last: date
    doctor_id: UUID | None = None
    patient_id: UUID | None = None
    reason: NoShowReason | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """Visits of a period. ``no_show_rate``: those counted, among all that took place or were missed ("18.2%").

    ``by_reason`` and ``slots_released`` are of the missed ones; ``justified`` of them were found excusable.
    """

    first: date
    last: date
    appointments: int
    attended: int
    no_shows: int
    cancelled: int
    no_show_rate: str
    by_reason: Mapping[NoShowReason, int]
    slots_released: int
    justified: int


@dataclass(frozen=True, slots=True)
class PenaltyFilter:
    """Which penalties: struck in [``since``, ``until``), of one patient or doctor; ``counting``: that count, or not."""

    since: datetime | None = None
    until: datetime | None = None
    patient_id: UUID | None = None
    doctor_id: UUID | None = None
    counting: bool | None = None


@dataclass(frozen=True, slots=True)
class PenaltyRow:
    """One penalty with its visit, mark and patient. ``counts``: neither waived, justified nor voided."""

    id: UUID
    appointment_id: UUID
    patient_id: UUID
    email_sent: bool
    created_at: datetime
    waived_at: datetime | None
    justified_at: datetime | None
    voided_at: datetime | None
    date: date
    start_time: time
    mrn: str
    first_name: str
    last_name: str
    no_show_count: int
    patient_status: PatientStatus
    log_id: UUID
    reason: NoShowReason
    doctor_id: UUID
    doctor_first_name: str
    doctor_last_name: str
    version: int

    @property
    def counts(self) -> bool:
        """Tell whether the patient's count includes it."""
        return self.waived_at is None and self.justified_at is None and self.voided_at is None


def stats(session: Session, actor: Actor, period: Period) -> Stats:
    """Count a period's visits and no-shows in two statements; a doctor sees only their own."""
    require(actor, Permission.SEE_NO_SHOW_STATS)
    wanted = _visits_of(actor, period)
    by_status = select(Appointment.status, func.count()).where(wanted).group_by(Appointment.status)
    states: dict[Status, int] = {status: number for status, number in session.execute(by_status)}  # noqa: C416
    log = NoShowLog
    grouped = (log.reason, log.slot_released, log.justified)
    counted = (
        select(*grouped, func.count())
        .join(Appointment, Appointment.id == log.appointment_id)
        .where(wanted, log.voided_at.is_(None))
        .group_by(*grouped)
    )
    if period.reason is not None:
        counted = counted.where(log.reason == period.reason)
    marks = session.execute(counted).all()
    attended, all_missed = sum(states.get(status, 0) for status in _CAME), states.get(Status.NO_SHOW, 0)
    missed = all_missed if period.reason is None else sum(row[3] for row in marks)
    return Stats(
        first=period.first,
        last=period.last,
        appointments=sum(states.values()),
        attended=attended,
        no_shows=missed,
        cancelled=states.get(Status.CANCELLED, 0),
        no_show_rate=f"{100 * missed / (attended + all_missed):.1f}%" if attended + all_missed else "0.0%",
        by_reason={reason: sum(row[3] for row in marks if row[0] is reason) for reason in NoShowReason},
        slots_released=sum(number for _, released, _, number in marks if released),
        justified=sum(number for _, _, justified, number in marks if justified),
    )


def penalties(
    session: Session, actor: Actor, wanted: PenaltyFilter, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[PenaltyRow]:
    """Return up to ``limit`` penalties of the hospital, newest first, after the given one."""
    require(actor, Permission.FORGIVE)
    p = NoShowPenalty
    statement = _penalties(actor).order_by(p.created_at.desc(), p.id.desc()).limit(limit)
    for condition in _wanted(wanted):
        statement = statement.where(condition)
    if after is not None:
        statement = statement.where(tuple_(p.created_at, p.id) < after)
    return [PenaltyRow(*row) for row in session.execute(statement)]


def penalty(session: Session, actor: Actor, penalty_id: UUID) -> PenaltyRow:
    """Return one penalty; raise NOT_FOUND."""
    require(actor, Permission.FORGIVE)
    row = session.execute(_penalties(actor).where(NoShowPenalty.id == penalty_id)).one_or_none()
    if row is None:
        raise not_found("Penalty")
    return PenaltyRow(*row)


def penalty_of(session: Session, actor: Actor, appointment_id: UUID) -> PenaltyRow | None:
    """Return the penalty of an appointment, or None when its mark has none."""
    require(actor, Permission.FORGIVE)
    row = session.execute(_penalties(actor).where(NoShowPenalty.appointment_id == appointment_id)).one_or_none()
    return None if row is None else PenaltyRow(*row)


def _wanted(wanted: PenaltyFilter) -> list[ColumnElement[bool]]:
    p = NoShowPenalty
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(p.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(p.created_at < wanted.until)
    if wanted.patient_id is not None:
        conditions.append(p.patient_id == wanted.patient_id)
    if wanted.doctor_id is not None:
        conditions.append(NoShowLog.doctor_id == wanted.doctor_id)
    if wanted.counting is not None:
        counting = standings.counts(None)
        conditions.append(counting if wanted.counting else ~counting)
    return conditions


def _visits_of(actor: Actor, period: Period) -> ColumnElement[bool]:
    a = Appointment
    wanted = and_(a.hospital_id == actor.hospital_id, a.appointment_date.between(period.first, period.last))
    doctors = [doctor_id for doctor_id in (actor.doctor_id, period.doctor_id) if doctor_id is not None]
    wanted = and_(wanted, *(a.doctor_id == doctor_id for doctor_id in doctors))
    return wanted if period.patient_id is None else and_(wanted, a.patient_id == period.patient_id)


def _penalties(actor: Actor) -> Select[Any]:
    p, a = NoShowPenalty, Appointment
    return (
        select(p.id, p.appointment_id, p.patient_id, p.email_sent, p.created_at)
        .add_columns(p.waived_at, p.justified_at, p.voided_at, a.appointment_date, a.start_time)
        .add_columns(Patient.mrn, Patient.first_name, Patient.last_name, Patient.no_show_count, Patient.status)
        .add_columns(NoShowLog.id, NoShowLog.reason, NoShowLog.doctor_id, User.first_name, User.last_name, p.version)
        .join(a, a.id == p.appointment_id)
        .join(NoShowLog, NoShowLog.appointment_id == p.appointment_id)
        .join(Patient, Patient.id == p.patient_id)
        .join(Doctor, Doctor.id == NoShowLog.doctor_id)
        .join(User, User.id == Doctor.user_id)
        .where(p.hospital_id == actor.hospital_id)
    )
