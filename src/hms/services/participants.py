"""Colleagues in a consultation: invite a doctor, let one go, add a note."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from hms.access.permissions import Permission
from hms.access.scope import not_found
from hms.domain.consultations import ParticipantRole, require_editable, require_invitable
from hms.domain.errors import Code, DomainError
from hms.domain.events import ParticipantInvited
from hms.domain.people import Contact
from hms.models import ConsultationNote, ConsultationParticipant, Doctor
from hms.queries import consultations as queries
from hms.services import lifecycle
from hms.services.consultations import locked, locked_for_all
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class Invite:
    """``role``: any but PRIMARY."""

    consultation_id: UUID
    doctor_id: UUID
    role: ParticipantRole


@dataclass(frozen=True, slots=True)
class Dismiss:
    """Whom to let go of which consultation."""

    consultation_id: UUID
    doctor_id: UUID


@dataclass(frozen=True, slots=True)
class AddNote:
    """What to add."""

    consultation_id: UUID
    text: str


def invite(work: Work, command: Invite) -> UUID:
    """Ask a doctor to take part and return the participant's id; by the primary doctor or an admin.

    CONSULTATION_CLOSED for one that is over, DOCTOR_NOT_FOUND, DOCTOR_INACTIVE, ALREADY_EXISTS for the primary
    doctor and for who takes part already, VALIDATION for a second PRIMARY. The doctor is told at once.
    """
    work.require(Permission.CONSULT)
    appointment, consultation = locked(work, command.consultation_id, None)
    doctor = _doctor(work, command.doctor_id)
    require_invitable(
        command.role,
        is_primary=doctor.id == consultation.doctor_id,
        takes_part=queries.takes_part(work.session, consultation.id, doctor.id),
    )
    row = ConsultationParticipant(
        hospital_id=consultation.hospital_id,
        consultation_id=consultation.id,
        doctor_id=doctor.id,
        role=command.role,
        invited_by=work.actor.user_id,
        invited_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    user = doctor.user
    name = f"{user.first_name} {user.last_name}"
    invited = ParticipantInvited(
        entity_id=consultation.id,
        participant_id=row.id,
        doctor_id=doctor.id,
        doctor=Contact(name=name, user_id=user.id, email=user.email, phone=user.phone, language=user.language),
        role=command.role.value,
        visit=lifecycle.visit_of(appointment),
    )
    work.emit(invited)
    return row.id


def dismiss(work: Work, command: Dismiss) -> None:
    """Let an invited doctor go; NOT_FOUND for who takes no part. What they wrote stays."""
    work.require(Permission.CONSULT)
    _, consultation = locked(work, command.consultation_id, None)
    p = ConsultationParticipant
    row = work.session.scalar(select(p).where(p.consultation_id == consultation.id, p.doctor_id == command.doctor_id))
    if row is None:
        raise not_found("Participant")
    work.session.delete(row)
    work.changed("consultation", "participant_dismissed", consultation, doctor_id=command.doctor_id)


def add_note(work: Work, command: AddNote) -> UUID:
    """Add a note to an open consultation and return its id; for its doctor, invited doctors and admins."""
    work.require(Permission.CONSULT)
    _, consultation = locked_for_all(work, command.consultation_id)
    # Under the lock: who was let go meanwhile finds no such consultation.
    queries.one(work.session, work.actor, consultation.id)
    require_editable(consultation.status)
    note = ConsultationNote(
        hospital_id=consultation.hospital_id,
        consultation_id=consultation.id,
        author_id=work.actor.user_id,
        written_at=work.now,
        text=command.text,
    )
    work.session.add(note)
    work.session.flush()
    work.changed("consultation", "note_added", consultation, note_id=note.id)
    return note.id


def _doctor(work: Work, doctor_id: UUID) -> Doctor:
    doctor = work.session.scalar(
        select(Doctor)
        .where(Doctor.id == doctor_id, Doctor.hospital_id == work.actor.hospital_id)
        .options(joinedload(Doctor.user))
    )
    if doctor is None:
        raise DomainError(Code.DOCTOR_NOT_FOUND, "There is no such doctor.")
    if not doctor.user.is_active:
        raise DomainError(Code.DOCTOR_INACTIVE, "This doctor no longer works here. Please ask another one.")
    return doctor
