"""Blocks by hand, and the unblock that also lifts what the count has set."""

from dataclasses import dataclass
from uuid import UUID

from hms.access.permissions import Permission
from hms.access.scope import find
from hms.domain.errors import Code, DomainError
from hms.domain.events import Changed, PatientBlocked, PatientUnblocked
from hms.domain.no_shows import require_note
from hms.domain.people import PatientStatus
from hms.models import Patient
from hms.queries import patients
from hms.services import penalties
from hms.transaction import Work, require_version


@dataclass(frozen=True, slots=True)
class Block:
    """A patient to block or unblock, and why; ``version``: the patient's, as the writer saw it."""

    patient_id: UUID
    note: str
    version: int | None = None


def block(work: Work, command: Block) -> None:
    """Keep a patient from booking until somebody unblocks them, whatever their count; the note becomes the reason.

    A block that the count had set becomes one by hand. CONFLICT for an inactive patient.
    """
    note, patient = _begin(work, command)
    if patient.status is PatientStatus.BLOCKED and not patient.blocked_by_count:
        return
    _require(work, patient, command)
    was_blocked = patient.status is PatientStatus.BLOCKED
    if not was_blocked:
        patient.status, patient.blocked_at = PatientStatus.BLOCKED, work.now
    patient.blocked_reason, patient.blocked_by_count = note, False
    patient.version += 1
    if was_blocked:  # nothing changes for the patient, so nobody is told again
        work.emit(Changed(entity_id=patient.id, noun="patient", verb="blocked", values={"reason": note}))
        return
    work.emit(
        PatientBlocked(
            entity_id=patient.id, patient=patient.contact, reason=note, version=patient.version, by_count=False
        )
    )


def unblock(work: Work, command: Block) -> None:
    """Let a patient book again. It holds until their next penalty; CONFLICT for an inactive patient."""
    note, patient = _begin(work, command)
    if patient.status is PatientStatus.ACTIVE:
        return
    _require(work, patient, command)
    patient.status = PatientStatus.ACTIVE
    patient.blocked_at = patient.blocked_reason = None
    patient.blocked_by_count = False
    patient.version += 1
    work.session.flush()
    penalties.pardon(work, [patient.id])
    work.emit(
        PatientUnblocked(
            entity_id=patient.id, patient=patient.contact, version=patient.version, by_count=False, note=note
        )
    )


def _begin(work: Work, command: Block) -> tuple[str, Patient]:
    work.require(Permission.FORGIVE)
    return require_note(command.note), find(work.session, work.actor, Patient, command.patient_id, lock=True)


def _require(work: Work, patient: Patient, command: Block) -> None:
    require_version(patient, command.version, patients.one(work.session, work.actor, patient.id))
    if patient.status is PatientStatus.INACTIVE:
        raise DomainError(
            Code.CONFLICT, "This patient's record is inactive, so nobody can book for it. Make it active first."
        )
