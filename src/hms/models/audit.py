"""The audit trail: one append-only row per change."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hms.models.base import SEQUENCE, Base


class AuditEntry(Base):
    """Who did what to which row, when. ``seq`` rises, so it also tells open pages that something changed."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_hospital_id_seq", "hospital_id", "seq"),
        Index("ix_audit_log_entity_id", "entity_id"),
    )

    seq: Mapped[int] = mapped_column(SEQUENCE, primary_key=True, autoincrement=True)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    actor_role: Mapped[str] = mapped_column(String(24))
    action: Mapped[str] = mapped_column(String(64))
    entity: Mapped[str] = mapped_column(String(32))
    entity_id: Mapped[UUID]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
