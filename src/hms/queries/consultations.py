"""Consultations as doctors, and patients their own, read them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.consultations import ConsultationStatus
from hms.models import Consultation


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


def one(session: Session, actor: Actor, consultation_id: UUID) -> ConsultationRow:
    """Return a consultation; FORBIDDEN for who does not consult, NOT_FOUND for another doctor's or hospital's."""
    require(actor, Permission.CONSULT)
    found = session.scalar(
        select(Consultation).where(Consultation.id == consultation_id, Consultation.hospital_id == actor.hospital_id)
    )
    if found is None or not _visible(actor, found):
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
    return [_row(consultation) for consultation in found if _visible(actor, consultation)]


def _visible(actor: Actor, consultation: Consultation) -> bool:
    return actor.doctor_id is None or consultation.doctor_id == actor.doctor_id


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
