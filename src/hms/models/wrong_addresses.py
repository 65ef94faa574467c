"""Addresses at which people cannot be reached."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.messages import Channel
from hms.models.base import Base, choice_of, new_id


class WrongAddress(Base):
    """One person's address that was refused for good, or cannot be read. It counts while it is still their address.

    ``since``: when it was first found wrong (hospital clock).
    """

    __tablename__ = "wrong_addresses"
    __table_args__ = (
        CheckConstraint("(patient_id IS NULL) <> (user_id IS NULL)", name="person"),
        UniqueConstraint("patient_id", "channel"),
        UniqueConstraint("user_id", "channel"),
        Index("ix_wrong_addresses_hospital_id", "hospital_id", "since", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    channel: Mapped[Channel] = mapped_column(choice_of(Channel))
    address: Mapped[str] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(String(400))
    since: Mapped[datetime]
