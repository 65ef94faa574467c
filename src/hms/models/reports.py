"""Monthly reports, as they stood when they were written."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hms.models.base import Base, new_id


class MonthlyReport(Base):
    """One doctor's month; ``month`` is its first day. ``lines``: [date, start, patient, diagnosis, treatment] each.

    What happens to the visits later changes no report. ``written_at``: hospital clock.
    """

    __tablename__ = "monthly_reports"
    __table_args__ = (
        UniqueConstraint("doctor_id", "month"),
        Index("ix_monthly_reports_hospital_id_month", "hospital_id", "month"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctors.id"))
    month: Mapped[date]
    specialization: Mapped[str] = mapped_column(String(100))
    appointments: Mapped[int]
    completed: Mapped[int]
    no_shows: Mapped[int]
    treatments: Mapped[int]
    lines: Mapped[list[list[str]]] = mapped_column(JSON)
    written_at: Mapped[datetime]
