"""Doctors' absences: the list, as far as each may see it, and what a change must know."""

from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, and_, exists, or_, select, tuple_
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, may, require
from hms.access.scope import not_found
from hms.domain.absences import AbsenceStatus, AbsenceType, KnownAbsence, Leave
from hms.domain.errors import Code, DomainError
from hms.domain.intervals import Span
from hms.models import Doctor, DoctorAbsence, DoctorSlot

Position = tuple[date, UUID]


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """One absence, in the hospital's dates and wall times. What the asker may not know is None.

    ``reason`` is for admins and the doctor themself, ``absence_type`` for staff.
    """

    id: UUID
    doctor_id: UUID
    absence_type: AbsenceType | None
    status: AbsenceStatus
    start_date: date
    end_date: date
    is_full_day: bool
    start_time: time | None
    end_time: time | None
    reason: str | None
    version: int

    @property
    def leave(self) -> Leave:
        """The span."""
        return _leave(self.start_date, self.end_date, self.start_time, self.end_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceFilters:
    """Which absences; None: whatever. ``first`` and ``last``: those that touch these days.

    ``with_cancelled``: also those called off; patients never see them.
    """

    doctor_id: UUID | None = None
    first: date | None = None
    last: date | None = None
    with_cancelled: bool = False


def listing(
    session: Session, actor: Actor, filters: AbsenceFilters, *, after: Position | None = None, limit: int | None = None
) -> list[AbsenceRow]:
    """Return absences by start, of one doctor or of all; raise DOCTOR_NOT_FOUND for another hospital's doctor.

    ``after``: the start and id of the last one seen.
    """
    require(actor, Permission.SEE_DOCTORS)
    if filters.doctor_id is not None:
        known = select(exists().where(Doctor.id == filters.doctor_id, Doctor.hospital_id == actor.hospital_id))
        if not session.scalar(known):
            raise DomainError(Code.DOCTOR_NOT_FOUND, "There is no such doctor.")
    b = DoctorAbsence
    statement = _rows(actor).order_by(b.start_date, b.id).limit(limit)
    if filters.doctor_id is not None:
        statement = statement.where(b.doctor_id == filters.doctor_id)
    if not filters.with_cancelled or not _is_staff(actor):
        statement = statement.where(b.status == AbsenceStatus.ACTIVE)
    if filters.first is not None:
        statement = statement.where(b.end_date >= filters.first)
    if filters.last is not None:
        statement = statement.where(b.start_date <= filters.last)
    if after is not None:
        statement = statement.where(tuple_(b.start_date, b.id) > after)
    return [_row(actor, AbsenceRow(*row)) for row in session.execute(statement)]


def one(session: Session, actor: Actor, absence_id: UUID) -> AbsenceRow:
    """Return one absence; raise NOT_FOUND for another hospital's, and to patients for a cancelled one."""
    require(actor, Permission.SEE_DOCTORS)
    row = session.execute(_rows(actor).where(DoctorAbsence.id == absence_id)).one_or_none()
    if row is None or (row.status is AbsenceStatus.CANCELLED and not _is_staff(actor)):
        raise not_found("Absence")
    return _row(actor, AbsenceRow(*row))


def active(session: Session, actor: Actor, doctor_id: UUID, leave: Leave, *, but: UUID | None) -> list[KnownAbsence]:
    """Return the doctor's active absences that touch the days of a span, ``but`` one."""
    b = DoctorAbsence
    statement = select(b.id, b.absence_type, b.start_date, b.end_date, b.start_time, b.end_time).where(
        b.hospital_id == actor.hospital_id,
        b.doctor_id == doctor_id,
        b.status == AbsenceStatus.ACTIVE,
        b.end_date >= leave.first,
        b.start_date <= leave.last,
    )
    rows = session.execute(statement)
    return [KnownAbsence(row[0], row[1], _leave(*row[2:])) for row in rows if row[0] != but]


def cover_of_slot() -> ScalarSelect[UUID]:
    """Build the choice of the active absence, if any, that covers a slot of an enclosing statement on slots."""
    b, s = DoctorAbsence, DoctorSlot
    return (
        select(b.id)
        .where(
            b.doctor_id == s.doctor_id,
            b.status == AbsenceStatus.ACTIVE,
            b.start_date <= s.slot_date,
            b.end_date >= s.slot_date,
            or_(b.is_full_day, and_(b.start_time < s.end_time, b.end_time > s.start_time)),
        )
        .order_by(b.id)
        .limit(1)
        .correlate(s)
        .scalar_subquery()
    )


def _rows(actor: Actor) -> Select[UUID, UUID, AbsenceType, AbsenceStatus, date, date, bool, time, time, str, int]:
    b = DoctorAbsence
    return (
        select(b.id, b.doctor_id, b.absence_type, b.status, b.start_date, b.end_date, b.is_full_day)
        .add_columns(b.start_time, b.end_time, b.reason, b.version)
        .where(b.hospital_id == actor.hospital_id)
    )


def _row(actor: Actor, row: AbsenceRow) -> AbsenceRow:
    if may(actor, Permission.EDIT_ANY_SCHEDULE) or actor.doctor_id == row.doctor_id:
        return row
    return AbsenceRow(
        id=row.id,
        doctor_id=row.doctor_id,
        absence_type=row.absence_type if _is_staff(actor) else None,
        status=row.status,
        start_date=row.start_date,
        end_date=row.end_date,
        is_full_day=row.is_full_day,
        start_time=row.start_time,
        end_time=row.end_time,
        reason=None,
        version=row.version,
    )


def _is_staff(actor: Actor) -> bool:
    return actor.is_staff or actor.is_system


def _leave(first: date, last: date, start: time | None, end: time | None) -> Leave:
    return Leave(first, last, Span(start, end) if start is not None and end is not None else None)
