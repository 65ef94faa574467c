"""Who waits today, for whom, and since when: the nurse's queue, a doctor's, and the waiting room's screen."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.appointments import Status
from hms.domain.consultations import ConsultationStatus
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.domain.queues import called_as, turn, waiting_since
from hms.models import Appointment, Consultation, Doctor, Patient, User
from hms.queries.appointments import DoctorBrief, PatientBrief


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A patient who is here. ``position``: 1 for who is next with that doctor, 0 for who is in the room already.

    ``waiting_since``: the later of appointed start and check-in. ``version``: the appointment's. ``consultation_id``:
    of who is with the doctor.
    """

    appointment_id: UUID
    version: int
    status: Status
    position: int
    start_time: time
    starts_at: datetime
    ends_at: datetime
    checked_in_at: datetime
    waiting_since: datetime
    vitals_recorded_at: datetime | None
    reason: str | None
    patient: PatientBrief
    date_of_birth: date | None
    doctor: DoctorBrief
    consultation_id: UUID | None


@dataclass(frozen=True, slots=True)
class DoctorQueue:
    """A doctor's patients who are here: in the room, measured and ready, and those whose vitals are still to come."""

    with_doctor: list[WaitingRow]
    ready: list[WaitingRow]
    before_vitals: list[WaitingRow]


@dataclass(frozen=True, slots=True)
class CalledRow:
    """A patient on the waiting room's screen: as little of the name as it takes to recognise oneself."""

    appointment_id: UUID
    called_as: str
    position: int
    start_time: time


@dataclass(frozen=True, slots=True)
class DoctorLine:
    """Who is with a doctor, and who waits for them, the next one first."""

    doctor: DoctorBrief
    with_doctor: list[CalledRow]
    waiting: list[CalledRow]


def vitals(session: Session, actor: Actor, today: date) -> list[WaitingRow]:
    """Return who waits for vitals, whose turn it is first, in one statement; a doctor's own patients only.

    ``today`` is the hospital's date: who was left checked in on an earlier day is on the review list, not here.
    """
    require(actor, Permission.RECORD_VITALS)
    rows = _here(session, actor, today, actor.doctor_id)
    return [row for row in rows if row.status is Status.CHECKED_IN and row.vitals_recorded_at is None]


def of_doctor(session: Session, actor: Actor, doctor_id: UUID, today: date) -> DoctorQueue:
    """Return a doctor's queue; staff see every doctor's, a doctor their own. Raise FORBIDDEN or NOT_FOUND."""
    require(actor, Permission.SEE_BOARD)
    if actor.role is Role.DOCTOR and actor.doctor_id != doctor_id:
        raise DomainError(Code.FORBIDDEN, "This is another doctor's queue. You may see your own only.")
    rows = _here(session, actor, today, doctor_id)
    if not rows and not _exists(session, actor, doctor_id):
        raise not_found("Doctor")
    waiting = [row for row in rows if row.status is Status.CHECKED_IN]
    return DoctorQueue(
        with_doctor=[row for row in rows if row.status is Status.IN_PROGRESS],
        ready=[row for row in waiting if row.vitals_recorded_at is not None],
        before_vitals=[row for row in waiting if row.vitals_recorded_at is None],
    )


def waiting_room(session: Session, actor: Actor, today: date) -> list[DoctorLine]:
    """Return what a screen in the waiting room shows: each doctor who has somebody here, by name; for staff."""
    require(actor, Permission.SEE_BOARD)
    lines: dict[UUID, DoctorLine] = {}
    for row in _here(session, actor, today, None):
        line = lines.setdefault(row.doctor.id, DoctorLine(row.doctor, [], []))
        called = CalledRow(
            row.appointment_id, called_as(row.patient.first_name, row.patient.last_name), row.position, row.start_time
        )
        (line.waiting if row.position else line.with_doctor).append(called)
    return sorted(lines.values(), key=lambda line: (line.doctor.last_name, line.doctor.first_name, line.doctor.id))


def _here(session: Session, actor: Actor, today: date, doctor_id: UUID | None) -> list[WaitingRow]:
    """Return who is here by turn, with the position among those who wait for the same doctor."""
    statement = _visits(actor, today)
    if doctor_id is not None:
        statement = statement.where(Appointment.doctor_id == doctor_id)
    rows = [_row(row) for row in session.execute(statement)]
    rows.sort(key=lambda row: (*turn(row.starts_at, row.checked_in_at), row.appointment_id))
    waiting: dict[UUID, int] = {}
    placed = []
    for row in rows:
        position = 0
        if row.status is Status.CHECKED_IN:
            position = waiting[row.doctor.id] = waiting.get(row.doctor.id, 0) + 1
        placed.append(replace(row, position=position))
    return placed


def _visits(actor: Actor, today: date) -> Select[Any]:
    a, p, u = Appointment, Patient, User
    consultation = and_(Consultation.appointment_id == a.id, Consultation.status != ConsultationStatus.ABANDONED)
    return (
        select(a.id, a.version, a.status, a.start_time, a.starts_at, a.ends_at, a.checked_in_at)
        .add_columns(a.vitals_recorded_at, a.reason, p.date_of_birth, Consultation.id.label("consultation_id"))
        .add_columns(p.id, p.mrn, p.first_name, p.last_name)
        .add_columns(Doctor.id, u.first_name, u.last_name, Doctor.specialization)
        .join(p, p.id == a.patient_id)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(u, u.id == Doctor.user_id)
        .outerjoin(Consultation, consultation)
        .where(
            a.hospital_id == actor.hospital_id,
            a.appointment_date == today,
            a.status.in_([Status.CHECKED_IN, Status.IN_PROGRESS]),
        )
    )


def _row(row: Row[Any]) -> WaitingRow:
    checked_in_at: datetime = row.checked_in_at or row.starts_at  # an imported visit may lack it
    cells: tuple[Any, ...] = tuple(row)
    return WaitingRow(
        appointment_id=cells[0],
        version=row.version,
        status=row.status,
        position=0,
        start_time=row.start_time,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        checked_in_at=checked_in_at,
        waiting_since=waiting_since(row.starts_at, checked_in_at),
        vitals_recorded_at=row.vitals_recorded_at,
        reason=row.reason,
        patient=PatientBrief(*cells[11:15]),
        date_of_birth=row.date_of_birth,
        doctor=DoctorBrief(*cells[15:19]),
        consultation_id=row.consultation_id,
    )


def _exists(session: Session, actor: Actor, doctor_id: UUID) -> bool:
    statement = select(Doctor.id).where(Doctor.id == doctor_id, Doctor.hospital_id == actor.hospital_id)
    return session.scalar(statement) is not None
