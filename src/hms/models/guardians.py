"""Who acts for whom: logins that look after patients other than themselves."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hms.models.base import Base, new_id


class PatientGuardian(Base):
    """One login that may act for one patient: a child, or somebody cared for. Staff link and unlink."""

    __tablename__ = "patient_guardians"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "user_id"], ["users.hospital_id", "users.id"]),
        ForeignKeyConstraint(["hospital_id", "patient_id"], ["patients.hospital_id", "patients.id"]),
        UniqueConstraint("user_id", "patient_id"),
        Index("ix_patient_guardians_patient_id", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    user_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
