"""What is missed, what was marked, and what stood against marking."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, ColumnExpressionArgument, Select, or_, select, text
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.absences import AbsenceStatus
from hms.domain.evidence import Evidence
from hms.domain.intervals import Span
from hms.domain.no_shows import Missed, NoShowReason, ReviewReason, review_reason
from hms.domain.slots import Absence, DayOfWeek, Holiday
from hms.models import (
    Appointment,
    Doctor,
    DoctorAbsence,
    HospitalHoliday,
    NoShowLog,
    Patient,
    User,
)
from hms.queries import evidence, hospitals, schedules, visits
from hms.queries.hospitals import HospitalRules
from hms.queries.visits import OpenVisit

# In the index's own words: SQLite takes a partial index only for conditions that it finds in the statement's text.
_IS_SWEPT = text("appointments.status IN ('SCHEDULED', 'CONFIRMED') AND NOT appointments.under_review")

Position = tuple[datetime, UUID]
"""A place in the order of (due or triggered instant, id)."""


class DueKey(NamedTuple):
    """A due appointment before it is locked."""

    id: UUID
    patient_id: UUID
    due_at: datetime

    @property
    def place(self) -> Position:
        """Where it stands among the due."""
        return self.due_at, self.id


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the sweep may not mark: what a human must decide on, and why; and what ``waits`` for evidence."""

    reviews: dict[UUID, ReviewReason] = field(default_factory=dict)
    waits: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class DueRow:
    """What a dry run shows of a due appointment; ``review`` is None for one that would be marked."""

    appointment_id: UUID
    patient_name: str
    mrn: str
    doctor_name: str
    day: date
    start: time
    due_at: datetime
    review: ReviewReason | None


@dataclass(frozen=True, slots=True)
class LogRow:
    """One no-show log with the names that lists show; ``date`` and ``slot_time`` are the hospital's."""

    id: UUID
    appointment_id: UUID
    reason: NoShowReason
    slot_time: time
    timeout_minutes: int
    triggered_at: datetime
    slot_released: bool
    slot_released_at: datetime | None
    notification_sent: bool
    justified: bool
    voided_at: datetime | None
    notes: str | None
    created_by: UUID | None
    patient_id: UUID
    patient_first_name: str
    patient_last_name: str
    mrn: str
    doctor_id: UUID
    doctor_first_name: str
    doctor_last_name: str
    date: date
    version: int


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What to list: triggered in [``since``, ``until``), of one doctor, patient or reason; voided ones on demand."""

    since: datetime | None = None
    until: datetime | None = None
    doctor_id: UUID | None = None
    patient_id: UUID | None = None
    reason: NoShowReason | None = None
    with_voided: bool = False


def is_due(now: datetime) -> tuple[ColumnExpressionArgument[bool], ...]:
    """Build the conditions of what the sweep takes; the index ix_appointments_due holds just these rows."""
    return (_IS_SWEPT, Appointment.no_show_due_at <= now)


def due_keys(
    session: Session, hospital_id: UUID, now: datetime, limit: int, after: Position | None = None
) -> list[DueKey]:
    """Return the next due appointments in the order of (due instant, id), without locking them."""
    statement = (
        select(Appointment.id, Appointment.patient_id, Appointment.no_show_due_at)
        .where(Appointment.hospital_id == hospital_id, *is_due(now))
        .order_by(Appointment.no_show_due_at, Appointment.id)
        .limit(limit)
    )
    if after is not None:
        due_at, row_id = after
        same = (Appointment.no_show_due_at == due_at) & (Appointment.id > row_id)
        statement = statement.where(
            Appointment.no_show_due_at >= due_at, or_(Appointment.no_show_due_at > due_at, same)
        )
    return [DueKey._make(row) for row in session.execute(statement)]


def judge(session: Session, hospital: HospitalRules, now: datetime, appointments: Sequence[OpenVisit]) -> Judgement:
    """Return which of the due appointments a human must decide on, and why (rules §2, §5); and which have to wait.

    The evidence gate, where the hospital has switched it on, weighs what nothing else stands against.
    """
    if not appointments:
        return Judgement()
    doctor_ids = {appointment.doctor_id for appointment in appointments}
    holidays = _holidays(session, hospital.id)
    days = {appointment.appointment_date for appointment in appointments}
    absences = _absences(session, doctor_ids, min(days))
    weeks = schedules.blocks_of(session, doctor_ids, {DayOfWeek.of(day) for day in days})
    catch_up = hospital.policy.no_show_catch_up
    reasons: dict[UUID, ReviewReason | None] = {
        appointment.id: review_reason(
            _missed(appointment),
            now=now,
            catch_up=catch_up,
            holidays=holidays,
            absences=absences.get(appointment.doctor_id, ()),
            week=weeks.get(appointment.doctor_id, ()),
        )
        for appointment in appointments
    }
    waits: set[UUID] = set()
    if hospital.policy.evidence_gate:
        markable = [appointment for appointment in appointments if reasons[appointment.id] is None]
        for row_id, found in evidence.weighed(session, hospital, now, markable, weeks).items():
            if found is Evidence.NOT_YET:
                waits.add(row_id)
            elif found is not Evidence.ENOUGH:
                reasons[row_id] = ReviewReason(found.value)
    reviews = {row_id: reason for row_id, reason in reasons.items() if reason is not None}
    return Judgement(reviews, frozenset(waits))


def would_sweep(session: Session, hospital_id: UUID, now: datetime, limit: int = 1000) -> list[DueRow]:
    """Return what the sweep would do now, in its order (for a dry run); what waits for evidence is left out."""
    hospital = hospitals.rules(session, hospital_id)
    appointments = visits.due(session, hospital_id, *is_due(now), limit=limit)
    judgement = judge(session, hospital, now, appointments)
    return [
        DueRow(
            appointment_id=row.id,
            patient_name=row.told.patient.name,
            mrn=row.mrn,
            doctor_name=row.told.doctor_name,
            day=row.appointment_date,
            start=row.start_time,
            due_at=row.no_show_due_at,
            review=judgement.reviews.get(row.id),
        )
        for row in appointments
        if row.id not in judgement.waits
    ]


def logs(
    session: Session, actor: Actor, wanted: LogFilter, after: Position | None = None, limit: int = 50
) -> list[LogRow]:
    """Return logs that stand (not voided), newest first; a doctor sees only their own. ``after``: the last row seen."""
    require(actor, Permission.SEE_NO_SHOW_LOGS)
    statement = _logs_of(actor).where(*_wanted(wanted))
    if after is not None:
        at, row_id = after
        same = (NoShowLog.triggered_at == at) & (NoShowLog.id < row_id)
        statement = statement.where(NoShowLog.triggered_at <= at, or_(NoShowLog.triggered_at < at, same))
    newest = statement.order_by(NoShowLog.triggered_at.desc(), NoShowLog.id.desc()).limit(limit)
    return [LogRow(*row) for row in session.execute(newest)]


def log_of(session: Session, actor: Actor, appointment_id: UUID) -> LogRow | None:
    """Return the log of an appointment, voided or not, or None; a doctor sees only their own."""
    row = session.execute(_logs_of(actor).where(NoShowLog.appointment_id == appointment_id)).one_or_none()
    return LogRow(*row) if row else None


def log(session: Session, actor: Actor, log_id: UUID) -> LogRow:
    """Return one log, voided or not; a doctor sees only their own. Raise NOT_FOUND."""
    row = session.execute(_logs_of(actor).where(NoShowLog.id == log_id)).one_or_none()
    if row is None:
        raise not_found("NoShow")
    return LogRow(*row)


def _logs_of(actor: Actor) -> Select[Any]:
    n = NoShowLog
    statement = (
        select(n.id, n.appointment_id, n.reason, n.slot_time, n.timeout_minutes, n.triggered_at, n.slot_released)
        .add_columns(n.slot_released_at, n.notification_sent, n.justified, n.voided_at, n.notes, n.created_by)
        .add_columns(n.patient_id, Patient.first_name, Patient.last_name, Patient.mrn)
        .add_columns(n.doctor_id, User.first_name, User.last_name, Appointment.appointment_date, n.version)
        .join(Patient, Patient.id == n.patient_id)
        .join(Doctor, Doctor.id == n.doctor_id)
        .join(User, User.id == Doctor.user_id)
        .join(Appointment, Appointment.id == n.appointment_id)
        .where(n.hospital_id == actor.hospital_id)
    )
    return statement.where(n.doctor_id == actor.doctor_id) if actor.doctor_id else statement


def _wanted(wanted: LogFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if not wanted.with_voided:
        conditions.append(NoShowLog.voided_at.is_(None))
    if wanted.reason is not None:
        conditions.append(NoShowLog.reason == wanted.reason)
    if wanted.since is not None:
        conditions.append(NoShowLog.triggered_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(NoShowLog.triggered_at < wanted.until)
    if wanted.doctor_id is not None:
        conditions.append(NoShowLog.doctor_id == wanted.doctor_id)
    if wanted.patient_id is not None:
        conditions.append(NoShowLog.patient_id == wanted.patient_id)
    return conditions


def _missed(appointment: OpenVisit) -> Missed:
    return Missed(
        day=appointment.appointment_date,
        wall=Span(appointment.start_time, appointment.end_time),
        due_at=appointment.no_show_due_at,
        imported=appointment.imported,
    )


def _holidays(session: Session, hospital_id: UUID) -> list[Holiday]:
    rows = session.execute(
        select(HospitalHoliday.date, HospitalHoliday.is_recurring).where(
            HospitalHoliday.hospital_id == hospital_id, HospitalHoliday.is_active
        )
    )
    return [Holiday(*row) for row in rows]


def _absences(session: Session, doctor_ids: Collection[UUID], since: date) -> dict[UUID, list[Absence]]:
    rows = session.execute(
        select(
            DoctorAbsence.doctor_id,
            DoctorAbsence.id,
            DoctorAbsence.start_date,
            DoctorAbsence.end_date,
            DoctorAbsence.start_time,
            DoctorAbsence.end_time,
        ).where(
            DoctorAbsence.doctor_id.in_(doctor_ids),
            DoctorAbsence.status == AbsenceStatus.ACTIVE,
            DoctorAbsence.end_date >= since,
        )
    )
    found: dict[UUID, list[Absence]] = {}
    for doctor_id, row_id, first, last, start, end in rows:
        part = Span(start, end) if start and end else None
        found.setdefault(doctor_id, []).append(Absence(row_id, first, last, part))
    return found
