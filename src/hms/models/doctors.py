"""Doctors: a login plus specialization and calendar figures."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hms.models.base import Base, new_id
from hms.models.users import User


class Doctor(Base):
    """A doctor's calendar figures. ``slot_duration`` in minutes."""

    __tablename__ = "doctors"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "user_id"], ["users.hospital_id", "users.id"]),
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("user_id"),
        CheckConstraint("slot_duration BETWEEN 5 AND 480", name="slot_duration"),
        CheckConstraint("max_patients_per_day BETWEEN 0 AND 500", name="max_patients_per_day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"), index=True)
    user_id: Mapped[UUID]
    specialization: Mapped[str] = mapped_column(String(100))
    slot_duration: Mapped[int] = mapped_column(default=30)
    max_patients_per_day: Mapped[int] = mapped_column(default=30)
    is_available: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]

    user: Mapped[User] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="Doctor.user_id == User.id",
        foreign_keys="Doctor.user_id",
    )
