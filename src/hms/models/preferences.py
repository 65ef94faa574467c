"""Which messages people do not want."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.messages import Channel
from hms.models.base import Base, choice_of, new_id


class OptOut(Base):
    """One person's wish not to be told on one channel. Who has none wants all; a patient's are not the login's."""

    __tablename__ = "opt_outs"
    __table_args__ = (
        CheckConstraint("(patient_id IS NULL) <> (user_id IS NULL)", name="person"),
        UniqueConstraint("patient_id", "channel"),
        UniqueConstraint("user_id", "channel"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    channel: Mapped[Channel] = mapped_column(choice_of(Channel))
    created_at: Mapped[datetime]
