"""Vitals: what a nurse measured of a visit. A correction is another row; the earlier ones stay."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hms.models.base import Base, new_id

PRESENT = "superseded_at IS NULL"


class Vitals(Base):
    """One set of measurements (units: domain.vitals); of a visit one at most is not superseded."""

    __tablename__ = "vitals"
    __table_args__ = (
        Index(
            "uq_vitals_appointment_id_present",
            "appointment_id",
            unique=True,
            sqlite_where=text(PRESENT),
            postgresql_where=text(PRESENT),
        ),
        Index("ix_vitals_appointment_id", "appointment_id", "recorded_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id"))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    superseded_at: Mapped[datetime | None]
    correction_reason: Mapped[str | None] = mapped_column(String(400))
    systolic: Mapped[int | None]
    diastolic: Mapped[int | None]
    heart_rate: Mapped[int | None]
    temperature: Mapped[float | None]
    sp_o2: Mapped[int | None]
    respiratory_rate: Mapped[int | None]
    weight: Mapped[float | None]
    height: Mapped[float | None]
    pain: Mapped[int | None]
