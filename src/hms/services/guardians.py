"""Guardians: let a login act for a patient whom its owner looks after, and end that."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select

from hms.access.permissions import Permission
from hms.access.scope import find, not_found
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.people import Role
from hms.models import Patient, PatientGuardian, User
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class Guardianship:
    """A patient and the login that looks after them."""

    patient_id: UUID
    user_id: UUID


@dataclass(frozen=True, slots=True)
class NewGuardian:
    """A patient, and the address of the login that is to look after them."""

    patient_id: UUID
    email: str


def link(work: Work, command: NewGuardian) -> UUID:
    """Let the login act for the patient from its next request on, and return its id; again changes nothing.

    Raises NOT_FOUND for the patient, or VALIDATION when no active patient's login has that address, or it is the
    patient's own.
    """
    work.require(Permission.LINK_GUARDIANS)
    patient = find(work.session, work.actor, Patient, command.patient_id, lock=True)
    wanted = select(User.id).where(
        User.hospital_id == work.actor.hospital_id,
        User.email == command.email.strip().lower(),
        User.role == Role.PATIENT,
        User.is_active,
    )
    user_id = work.session.scalar(wanted)
    if user_id is None:
        reason = "is not the address of a patient's login at this hospital"
        raise DomainError(Code.VALIDATION, f"This {reason}. Ask them to sign up first.", [Detail("email", reason)])
    if user_id == patient.user_id:
        reason = "is this patient's own login"
        raise DomainError(Code.VALIDATION, f"This {reason}, which needs no link.", [Detail("email", reason)])
    g = PatientGuardian
    if work.session.scalar(select(g.id).where(g.user_id == user_id, g.patient_id == patient.id)) is None:
        row = PatientGuardian(
            hospital_id=patient.hospital_id,
            user_id=user_id,
            patient_id=patient.id,
            created_by=work.actor.user_id,
            created_at=work.now,
        )
        work.session.add(row)
        work.changed("patient", "guardian_linked", patient, user_id=user_id)
    return user_id


def unlink(work: Work, command: Guardianship) -> None:
    """End it at once; raise NOT_FOUND when the login does not act for the patient."""
    work.require(Permission.LINK_GUARDIANS)
    patient = find(work.session, work.actor, Patient, command.patient_id, lock=True)
    g = PatientGuardian
    gone = delete(g).where(g.patient_id == patient.id, g.user_id == command.user_id).returning(g.id)
    if work.session.scalar(gone) is None:
        raise not_found("Guardian")
    work.changed("patient", "guardian_unlinked", patient, user_id=command.user_id)
