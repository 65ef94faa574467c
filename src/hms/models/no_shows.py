"""No-show logs and penalties."""

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.no_shows import NoShowReason
from hms.models.base import Base, choice_of, new_id


class NoShowLog(Base):
    """The mark of an appointment as missed; late arrival and undo void it. ``created_by`` is null for the sweep.

    ``justified`` goes with the penalty's ``justified_at``; an imported mark may have no penalty.
    """

    __tablename__ = "no_show_logs"
    __table_args__ = (
        UniqueConstraint("appointment_id"),
        Index("ix_no_show_logs_hospital_id_triggered_at", "hospital_id", "triggered_at", "id"),
        Index("ix_no_show_logs_patient_id_triggered_at", "patient_id", "triggered_at", "id"),
        Index("ix_no_show_logs_doctor_id_triggered_at", "doctor_id", "triggered_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctors.id"))
    reason: Mapped[NoShowReason] = mapped_column(choice_of(NoShowReason))
    slot_time: Mapped[time]
    timeout_minutes: Mapped[int]
    triggered_at: Mapped[datetime]
    slot_released: Mapped[bool] = mapped_column(default=False)
    slot_released_at: Mapped[datetime | None]
    notification_sent: Mapped[bool] = mapped_column(default=False)
    justified: Mapped[bool] = mapped_column(default=False)
    voided_at: Mapped[datetime | None]
    notes: Mapped[str | None] = mapped_column(String(400))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))


class NoShowPenalty(Base):
    """One penalty per missed appointment. It counts while neither waived, justified nor voided.

    ``pardoned_at``: an admin unblocked the patient in spite of it, so it counts on, but blocks nobody any more.
    """

    __tablename__ = "patient_no_show_penalties"
    __table_args__ = (
        UniqueConstraint("appointment_id"),
        Index("ix_patient_no_show_penalties_patient_id_created_at", "patient_id", "created_at", "id"),
        Index("ix_patient_no_show_penalties_hospital_id_created_at", "hospital_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    email_sent: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    waived_at: Mapped[datetime | None]
    justified_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    pardoned_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
