"""Doctors' absences, full days or part of one day."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.absences import AbsenceStatus, AbsenceType
from hms.models.base import Base, choice_of, new_id


class DoctorAbsence(Base):
    """A span in which a doctor does not see patients."""

    __tablename__ = "doctor_absences"
    __table_args__ = (
        CheckConstraint("end_date >= start_date", name="dates"),
        CheckConstraint(
            "(is_full_day AND start_time IS NULL AND end_time IS NULL)"
            " OR (NOT is_full_day AND start_date = end_date AND end_time > start_time)",
            name="part_of_day",
        ),
        Index("ix_doctor_absences_doctor_id_end_date", "doctor_id", "end_date"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctors.id"))
    absence_type: Mapped[AbsenceType] = mapped_column(choice_of(AbsenceType))
    status: Mapped[AbsenceStatus] = mapped_column(choice_of(AbsenceStatus), default=AbsenceStatus.ACTIVE)
    start_date: Mapped[date]
    end_date: Mapped[date]
    is_full_day: Mapped[bool] = mapped_column(default=True)
    start_time: Mapped[time | None]
    end_time: Mapped[time | None]
    reason: Mapped[str | None] = mapped_column(String(400))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
