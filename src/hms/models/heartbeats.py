"""Heartbeats: when HMS was at work."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from hms.models.base import Base, new_id


class Heartbeat(Base):
    """One span in which a hospital's HMS beat without a pause: from ``first_at`` to ``last_at`` (hospital clock).

    Spans may overlap: two machines that begin at the same moment each write their own.
    """

    __tablename__ = "heartbeats"
    __table_args__ = (
        CheckConstraint("last_at >= first_at", name="span"),
        Index("ix_heartbeats_hospital_id_last_at", "hospital_id", "last_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
