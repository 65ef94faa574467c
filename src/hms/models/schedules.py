"""Weekly schedules: when a doctor works, in the hospital's wall time."""

from datetime import time
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.slots import DayOfWeek
from hms.models.base import Base, choice_of, new_id


class DoctorSchedule(Base):
    """One block of a doctor's week, with at most one break."""

    __tablename__ = "doctor_schedules"
    __table_args__ = (
        CheckConstraint("end_time > start_time", name="hours"),
        CheckConstraint(
            "(break_start IS NULL AND break_end IS NULL) OR (break_start IS NOT NULL AND break_end IS NOT NULL"
            " AND break_start >= start_time AND break_end > break_start AND break_end <= end_time)",
            name="break_inside_hours",
        ),
        Index("ix_doctor_schedules_doctor_id_day_of_week", "doctor_id", "day_of_week"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("doctors.id"))
    day_of_week: Mapped[DayOfWeek] = mapped_column(choice_of(DayOfWeek))
    start_time: Mapped[time]
    end_time: Mapped[time]
    break_start: Mapped[time | None]
    break_end: Mapped[time | None]
    is_active: Mapped[bool] = mapped_column(default=True)
