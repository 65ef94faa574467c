"""Doctors' weekly schedules, the calendars made of them, and the appointments that a change leaves outside."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.absences import AbsenceStatus
from hms.domain.errors import Code, DomainError
from hms.domain.events import Visit
from hms.domain.intervals import Span
from hms.domain.schedules import fits
from hms.domain.slots import Absence, Calendar, DayOfWeek, Holiday, WeeklyBlock
from hms.models import Appointment, Doctor, DoctorAbsence, DoctorSchedule, HospitalHoliday
from hms.queries import visits
from hms.queries.hospitals import HospitalRules

_ORDER = {day: number for number, day in enumerate(DayOfWeek)}


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """One row of a doctor's week, in wall times of the hospital."""

    id: UUID
    doctor_id: UUID
    block: WeeklyBlock


def week(session: Session, actor: Actor, doctor_id: UUID) -> list[ScheduleRow]:
    """Return a doctor's weekly rows, Monday first; raise DOCTOR_NOT_FOUND for another hospital's."""
    known = select(exists().where(Doctor.id == doctor_id, Doctor.hospital_id == actor.hospital_id))
    if not session.scalar(known):
        raise DomainError(Code.DOCTOR_NOT_FOUND, "There is no such doctor.")
    s = DoctorSchedule
    statement = select(s.id, s.day_of_week, s.start_time, s.end_time, s.break_start, s.break_end, s.is_active).where(
        s.doctor_id == doctor_id
    )
    rows = [ScheduleRow(row[0], doctor_id, WeeklyBlock(*row[1:])) for row in session.execute(statement)]
    return sorted(rows, key=lambda row: (_ORDER[row.block.day_of_week], row.block.start))


def calendars(
    session: Session, hospital: HospitalRules, doctor_ids: Collection[UUID], first: date, last: date
) -> dict[UUID, Calendar]:
    """Return each doctor's calendar from ``first`` to ``last``, in four statements whatever their number.

    Doctors of other hospitals are left out. An absence of another doctor is nobody's here.
    """
    chosen = and_(Doctor.hospital_id == hospital.id, Doctor.id.in_(doctor_ids))
    durations = session.execute(select(Doctor.id, Doctor.slot_duration).where(chosen)).all()
    closed = holidays(session, hospital.id, first, last)
    blocks = blocks_of(session, doctor_ids)
    away = _absences(session, doctor_ids, first, last)
    zone = hospital.zone
    return {
        doctor_id: Calendar(zone, minutes, tuple(blocks[doctor_id]), closed, tuple(away[doctor_id]))
        for doctor_id, minutes in durations
    }


def holidays(session: Session, hospital_id: UUID, first: date, last: date) -> tuple[Holiday, ...]:
    """Return the active holidays that may close a day from ``first`` to ``last``: all recurring ones are among them."""
    h = HospitalHoliday
    statement = select(h.date, h.is_recurring).where(closing_between(hospital_id, first, last))
    return tuple(Holiday(day, is_recurring) for day, is_recurring in session.execute(statement))


def closing_between(
    hospital_id: UUID | BindParameter[UUID], first: date | BindParameter[date], last: date | BindParameter[date]
) -> ColumnElement[bool]:
    """Build the condition of ``holidays``."""
    h = HospitalHoliday
    return and_(h.hospital_id == hospital_id, h.is_active, or_(h.is_recurring, h.date.between(first, last)))


def blocks_of(
    session: Session, doctor_ids: Collection[UUID], days: Collection[DayOfWeek] | None = None
) -> dict[UUID, list[WeeklyBlock]]:
    """Return the active weekly rows of each doctor, all or only those of some days of the week."""
    s = DoctorSchedule
    statement = select(s.doctor_id, s.day_of_week, s.start_time, s.end_time, s.break_start, s.break_end).where(
        s.doctor_id.in_(doctor_ids), s.is_active
    )
    if days is not None:
        statement = statement.where(s.day_of_week.in_(sorted(days)))
    blocks: dict[UUID, list[WeeklyBlock]] = defaultdict(list)
    for doctor_id, day, start, end, break_start, break_end in session.execute(statement):
        blocks[doctor_id].append(WeeklyBlock(day, start, end, break_start, break_end))
    return blocks


def outside(
    session: Session, actor: Actor, doctor_id: UUID, blocks: Sequence[WeeklyBlock], now: datetime
) -> list[Visit]:
    """Return the doctor's future open visits that do not lie inside ``blocks``, by start.

    With the rows that a doctor wishes for, this is the preview of a schedule change.
    """
    return visits.ahead(
        session, actor, now, Appointment.doctor_id == doctor_id, keep=lambda day, wall: not fits(blocks, day, wall)
    )


def _absences(session: Session, doctor_ids: Collection[UUID], first: date, last: date) -> dict[UUID, list[Absence]]:
    b = DoctorAbsence
    statement = select(b.doctor_id, b.id, b.start_date, b.end_date, b.start_time, b.end_time).where(
        b.doctor_id.in_(doctor_ids), b.status == AbsenceStatus.ACTIVE, b.end_date >= first, b.start_date <= last
    )
    absences: dict[UUID, list[Absence]] = defaultdict(list)
    for doctor_id, absence_id, start_date, end_date, start, end in session.execute(statement):
        part = Span(start, end) if start is not None and end is not None else None
        absences[doctor_id].append(Absence(absence_id, start_date, end_date, part))
    return absences
