"""Consultations as doctors, and patients their own, read them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, may, require
from hms.access.scope import not_found
from hms.domain.appointments import Status
from hms.domain.consultations import CLOSED, ConsultationStatus, ParticipantRole
from hms.models import Appointment, Consultation, ConsultationNote, ConsultationParticipant, Doctor, Patient, User


@dataclass(frozen=True, slots=True)
class ConsultationRow:
    """One consultation; ``diagnosis`` and ``prescriptions`` are lists of JSON objects."""

    id: UUID
    appointment_id: UUID
    doctor_id: UUID
    status: ConsultationStatus
    chief_complaint: str | None
    diagnosis: list[dict[str, Any]]
    treatment_notes: str | None
    prescriptions: list[dict[str, Any]]
    abandon_reason: str | None
    started_at: datetime
    completed_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    """One doctor of a consultation; the primary one was not invited, so ``invited_at`` is None."""

    doctor_id: UUID
    role: ParticipantRole
    first_name: str
    last_name: str
    specialization: str
    invited_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConsultationNoteRow:
    """What somebody who takes part added."""

    id: UUID
    author_id: UUID | None
    author_name: str | None
    written_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class JoinedRow:
    """An open consultation that a doctor was asked into."""

    consultation_id: UUID
    role: ParticipantRole
    patient_first: str
    patient_last: str
    doctor_first: str
    doctor_last: str


@dataclass(frozen=True, slots=True)
class EarlierRow:
    """A visit before the present one. What was found is None where it is not the reader's to know."""

    appointment_id: UUID
    consultation_id: UUID | None
    date: date
    status: Status
    doctor_first: str
    doctor_last: str
    specialization: str
    chief_complaint: str | None
    diagnosis: list[dict[str, Any]] | None
    prescriptions: list[dict[str, Any]] | None


def joined(session: Session, actor: Actor) -> list[JoinedRow]:
    """Return the open consultations that the actor was asked into, the latest first, in one statement."""
    require(actor, Permission.CONSULT)
    c, p = Consultation, ConsultationParticipant
    statement = (
        select(c.id, p.role, Patient.first_name, Patient.last_name, User.first_name, User.last_name)
        .join(p, p.consultation_id == c.id)
        .join(Appointment, Appointment.id == c.appointment_id)
        .join(Patient, Patient.id == Appointment.patient_id)
        .join(Doctor, Doctor.id == c.doctor_id)
        .join(User, User.id == Doctor.user_id)
        .where(c.hospital_id == actor.hospital_id, p.doctor_id == actor.doctor_id, c.status.not_in(sorted(CLOSED)))
        .order_by(p.invited_at.desc(), p.id)
    )
    return [JoinedRow(*row) for row in session.execute(statement)]


def earlier(session: Session, actor: Actor, patient_id: UUID, before: datetime, limit: int) -> list[EarlierRow]:
    """Return a patient's visits that began before an instant, the latest first, in one statement.

    That somebody came, and to whom, every doctor sees; what was found only who may read that consultation.
    """
    require(actor, Permission.CONSULT)
    a, c, u = Appointment, Consultation, User
    statement = (
        select(a.id, c.id, a.appointment_date, a.status, u.first_name, u.last_name, Doctor.specialization)
        .add_columns(c.chief_complaint, c.diagnosis, c.prescriptions)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(u, u.id == Doctor.user_id)
        .outerjoin(c, and_(c.appointment_id == a.id, c.status != ConsultationStatus.ABANDONED, readable_by(actor)))
        .where(a.hospital_id == actor.hospital_id, a.patient_id == patient_id, a.starts_at < before)
        .where(a.status.in_([Status.COMPLETED, Status.NO_SHOW]))
        .order_by(a.starts_at.desc(), a.id.desc())
        .limit(limit)
    )
    return [EarlierRow(*row) for row in session.execute(statement)]


def readable_by(actor: Actor) -> ColumnElement[bool]:
    """Build the condition of the consultations that the actor may read, among those of visits that they may see.

    Admins read all, doctors their own and those that they were asked into, patients what was completed; nobody else.
    """
    if may(actor, Permission.CONSULT):
        if actor.doctor_id is None:
            return true()
        invited = exists().where(
            ConsultationParticipant.consultation_id == Consultation.id,
            ConsultationParticipant.doctor_id == actor.doctor_id,
        )
        return or_(Consultation.doctor_id == actor.doctor_id, invited)
    return false() if actor.is_staff else Consultation.status == ConsultationStatus.COMPLETED


def one(session: Session, actor: Actor, consultation_id: UUID) -> ConsultationRow:
    """Return a consultation; FORBIDDEN for who does not consult, NOT_FOUND for another doctor's or hospital's.

    A doctor sees their own consultations, and those that they were invited to.
    """
    require(actor, Permission.CONSULT)
    found = session.scalar(
        select(Consultation).where(Consultation.id == consultation_id, Consultation.hospital_id == actor.hospital_id)
    )
    if found is None or not _visible(session, actor, found):
        raise not_found("Consultation")
    return _row(found)


def of_appointment(session: Session, actor: Actor, appointment_id: UUID) -> list[ConsultationRow]:
    """Return an appointment's consultations, newest first: at most one that is not abandoned."""
    require(actor, Permission.CONSULT)
    found = session.scalars(
        select(Consultation)
        .where(Consultation.appointment_id == appointment_id, Consultation.hospital_id == actor.hospital_id)
        .order_by(Consultation.started_at.desc(), Consultation.id.desc())
    )
    return [_row(consultation) for consultation in found if _visible(session, actor, consultation)]


def participants(session: Session, actor: Actor, consultation_id: UUID) -> list[ParticipantRow]:
    """Return who takes part, the primary doctor first, then as invited; refusals as of ``one``."""
    consultation = one(session, actor, consultation_id)
    p, d, u = ConsultationParticipant, Doctor, User
    people = select(d.id, u.first_name, u.last_name, d.specialization).join(u, u.id == d.user_id)
    primary = session.execute(people.where(d.id == consultation.doctor_id)).one()
    invited = session.execute(
        people.add_columns(p.role, p.invited_at)
        .join(p, p.doctor_id == d.id)
        .where(p.consultation_id == consultation_id)
        .order_by(p.invited_at, p.id)
    )
    rows = [ParticipantRow(row[0], row[4], row[1], row[2], row[3], row[5]) for row in invited]
    return [ParticipantRow(primary[0], ParticipantRole.PRIMARY, *primary[1:], None), *rows]


def notes(session: Session, actor: Actor, consultation_id: UUID) -> list[ConsultationNoteRow]:
    """Return what was added to a consultation, oldest first; refusals as of ``one``."""
    one(session, actor, consultation_id)
    n, u = ConsultationNote, User
    statement = (
        select(n.id, n.author_id, u.first_name, u.last_name, n.written_at, n.text)
        .outerjoin(u, u.id == n.author_id)
        .where(n.consultation_id == consultation_id)
        .order_by(n.written_at, n.id)
    )
    return [
        ConsultationNoteRow(note_id, author, f"{first} {last}" if author else None, at, text)
        for note_id, author, first, last, at, text in session.execute(statement)
    ]


def takes_part(session: Session, consultation_id: UUID, doctor_id: UUID) -> bool:
    """Tell whether a doctor was invited to a consultation."""
    p = ConsultationParticipant
    statement = select(p.id).where(p.consultation_id == consultation_id, p.doctor_id == doctor_id)
    return session.scalar(statement) is not None


def _visible(session: Session, actor: Actor, consultation: Consultation) -> bool:
    if actor.doctor_id is None or consultation.doctor_id == actor.doctor_id:
        return True
    return takes_part(session, consultation.id, actor.doctor_id)


def _row(found: Consultation) -> ConsultationRow:
    return ConsultationRow(
        id=found.id,
        appointment_id=found.appointment_id,
        doctor_id=found.doctor_id,
        status=found.status,
        chief_complaint=found.chief_complaint,
        diagnosis=found.diagnosis,
        treatment_notes=found.treatment_notes,
        prescriptions=found.prescriptions,
        abandon_reason=found.abandon_reason,
        started_at=found.started_at,
        completed_at=found.completed_at,
        version=found.version,
    )
