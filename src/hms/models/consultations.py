"""Consultations: what the doctor records of a visit."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.consultations import ConsultationStatus
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
