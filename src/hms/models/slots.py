"""Bookable slots, generated from the weekly schedules."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hms.models.base import Base, new_id


class DoctorSlot(Base):
    """One bookable span. Wall times are the hospital's; ``starts_at``/``ends_at`` are the instants."""

    __tablename__ = "doctor_slots"
    __table_args__ = (
        UniqueConstraint("doctor_id", "starts_at"),
        Index("ix_doctor_slots_doctor_id_slot_date", "doctor_id", "slot_date"),
        CheckConstraint("ends_at > starts_at", name="span"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctors.id"))
    slot_date: Mapped[date]
    start_time: Mapped[time]
    end_time: Mapped[time]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    blocked_manually: Mapped[bool] = mapped_column(default=False)
    blocked_reason: Mapped[str | None] = mapped_column(String(400))
    absence_id: Mapped[UUID | None] = mapped_column(ForeignKey("doctor_absences.id"), index=True)

    @property
    def is_blocked(self) -> bool:
        """Blocked by hand or by an absence."""
        return self.blocked_manually or self.absence_id is not None
