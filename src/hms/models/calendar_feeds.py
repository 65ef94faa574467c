"""Private calendar addresses: who reads one knows its secret, of which only a hash is kept."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hms.models.base import Base, new_id


class CalendarFeed(Base):
    """The present address of one doctor's or one patient's calendar; ``created_at`` is the machine clock's."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "doctor_id"], ["doctors.hospital_id", "doctors.id"]),
        ForeignKeyConstraint(["hospital_id", "patient_id"], ["patients.hospital_id", "patients.id"]),
        CheckConstraint("(doctor_id IS NULL) <> (patient_id IS NULL)", name="owner"),
        UniqueConstraint("digest"),
        UniqueConstraint("doctor_id"),
        UniqueConstraint("patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    doctor_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
