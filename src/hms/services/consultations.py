"""What the doctor does of a visit: start, write, complete, abandon."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hms.access.permissions import Permission
from hms.access.scope import find, not_found
from hms.domain.appointments import Status
from hms.domain.consultations import (
    ConsultationStatus,
    require_codes,
    require_complete,
    require_editable,
    require_reason,
)
from hms.domain.events import AppointmentMoved
from hms.models import Appointment, Consultation
from hms.queries import consultations
from hms.services import lifecycle
from hms.transaction import Work, require_version


@dataclass(frozen=True, slots=True)
class Start:
    """``version``: of the appointment, as the writer saw it."""

    appointment_id: UUID
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What to write down; None leaves a field as it is. ``diagnosis``: [{text, code}]; ``version``: consultation's."""

    consultation_id: UUID
    chief_complaint: str | None = None
    diagnosis: tuple[dict[str, Any], ...] | None = None
    treatment_notes: str | None = None
    prescriptions: tuple[dict[str, Any], ...] | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Abandon:
    """``version``: of the consultation."""

    consultation_id: UUID
    reason: str
    version: int | None = None


def start(work: Work, command: Start) -> UUID:
    """Begin the consultation of a patient who is checked in and return its id; the visit is in progress from now on.

    Doctors start their own appointments' only.
    """
    work.require(Permission.CONSULT)
    appointment = lifecycle.locked(work, command.appointment_id)
    lifecycle.require_own(work, appointment)
    lifecycle.require_seen(work, appointment, command.version)
    _move(work, appointment, Status.IN_PROGRESS, None)
    consultation = Consultation(
        hospital_id=appointment.hospital_id,
        appointment_id=appointment.id,
        doctor_id=appointment.doctor_id,
        status=ConsultationStatus.STARTED,
        diagnosis=[],
        prescriptions=[],
        started_at=work.now,
    )
    work.session.add(consultation)
    work.changed("consultation", "started", consultation, appointment_id=appointment.id)
    return consultation.id


def edit(work: Work, command: Edit) -> None:
    """Write into an open consultation; the first edit makes it IN_PROGRESS, one that says nothing changes nothing."""
    work.require(Permission.CONSULT)
    _, consultation = locked(work, command.consultation_id, command.version)
    fields = _write(consultation, command)
    if not fields:
        return
    consultation.status = ConsultationStatus.IN_PROGRESS
    consultation.version += 1
    work.changed("consultation", "edited", consultation, fields=fields)


def complete(work: Work, command: Edit) -> None:
    """Write the last words and complete consultation and appointment together; CONSULTATION_INCOMPLETE otherwise."""
    work.require(Permission.CONSULT)
    appointment, consultation = locked(work, command.consultation_id, command.version)
    fields = _write(consultation, command)
    require_complete(consultation.chief_complaint, consultation.diagnosis)
    consultation.status = ConsultationStatus.COMPLETED
    consultation.completed_at = work.now
    consultation.version += 1
    work.changed("consultation", "completed", consultation, fields=fields)
    _move(work, appointment, Status.COMPLETED, None)


def abandon(work: Work, command: Abandon) -> None:
    """Give a consultation up, with the reason; the patient is waiting again."""
    work.require(Permission.CONSULT)
    appointment, consultation = locked(work, command.consultation_id, command.version)
    consultation.abandon_reason = require_reason(command.reason)
    consultation.status = ConsultationStatus.ABANDONED
    consultation.version += 1
    work.changed("consultation", "abandoned", consultation)
    _move(work, appointment, Status.CHECKED_IN, consultation.abandon_reason)


def locked(work: Work, consultation_id: UUID, version: int | None) -> tuple[Appointment, Consultation]:
    """Return an open consultation and its visit, both locked, for who leads it: its doctor, or an admin.

    Raises NOT_FOUND, FORBIDDEN (another doctor's), CONSULTATION_CLOSED, STALE_VERSION with the present row.
    """
    appointment, consultation = locked_for_all(work, consultation_id)
    lifecycle.require_own(work, appointment)
    require_editable(consultation.status)
    if version is not None and version != consultation.version:
        require_version(consultation, version, consultations.one(work.session, work.actor, consultation.id))
    return appointment, consultation


def locked_for_all(work: Work, consultation_id: UUID) -> tuple[Appointment, Consultation]:
    """Return a consultation and its visit, both locked; whether the actor takes part is the caller's to ask."""
    appointment_id = work.session.scalar(
        select(Consultation.appointment_id).where(
            Consultation.id == consultation_id, Consultation.hospital_id == work.actor.hospital_id
        )
    )
    if appointment_id is None:
        raise not_found("Consultation")
    appointment = lifecycle.locked(work, appointment_id)
    consultation = find(work.session, work.actor, Consultation, consultation_id, lock=True)
    return appointment, consultation


def _write(consultation: Consultation, command: Edit) -> list[str]:
    """Set what is given; return the fields' names (the audit trail holds no clinical content)."""
    given: dict[str, Any] = {
        "chief_complaint": command.chief_complaint,
        "diagnosis": None if command.diagnosis is None else list(command.diagnosis),
        "treatment_notes": command.treatment_notes,
        "prescriptions": None if command.prescriptions is None else list(command.prescriptions),
    }
    require_codes(command.diagnosis or ())
    written = {name: value for name, value in given.items() if value is not None}
    for name, value in written.items():
        setattr(consultation, name, value)
    return sorted(written)


def _move(work: Work, appointment: Appointment, to: Status, reason: str | None) -> None:
    before = appointment.status
    lifecycle.move(work, appointment, to, reason=reason)
    work.emit(AppointmentMoved(entity_id=appointment.id, before=before, after=to, reason=reason))
