"""Consultations: what the doctor records of a visit."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.consultations import ConsultationStatus, ParticipantRole
from hms.models.base import Base, choice_of, new_id

_OPEN_OR_DONE = "status <> 'ABANDONED'"


class Consultation(Base):
    """One consultation; an appointment has at most one that is not abandoned. Diagnoses: [{text, code}]."""

    __tablename__ = "consultations"
    __table_args__ = (
        Index(
            "uq_consultations_appointment",
            "appointment_id",
            unique=True,
            sqlite_where=text(_OPEN_OR_DONE),
            postgresql_where=text(_OPEN_OR_DONE),
        ),
        Index("ix_consultations_doctor_id", "doctor_id", "started_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id"))
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctors.id"))
    status: Mapped[ConsultationStatus] = mapped_column(choice_of(ConsultationStatus))
    chief_complaint: Mapped[str | None] = mapped_column(String(1000))
    diagnosis: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    treatment_notes: Mapped[str | None] = mapped_column(Text)
    prescriptions: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    abandon_reason: Mapped[str | None] = mapped_column(String(400))
    started_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class ConsultationParticipant(Base):
    """A colleague who was asked to take part; the primary doctor has no row here."""

    __tablename__ = "consultation_participants"
    __table_args__ = (
        UniqueConstraint("consultation_id", "doctor_id"),
        Index("ix_consultation_participants_doctor_id", "doctor_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultations.id"))
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctors.id"))
    role: Mapped[ParticipantRole] = mapped_column(choice_of(ParticipantRole))
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    invited_at: Mapped[datetime]


class ConsultationNote(Base):
    """What a doctor who takes part added; it stays as written."""

    __tablename__ = "consultation_notes"
    __table_args__ = (Index("ix_consultation_notes_consultation_id", "consultation_id", "written_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    consultation_id: Mapped[UUID] = mapped_column(ForeignKey("consultations.id"))
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    written_at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)
