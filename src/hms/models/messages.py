"""Notifications as people see them, and the outgoing messages that carry them (transactional outbox)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.messages import Channel, MessageStatus, Priority
from hms.models.base import Base, choice_of, new_id

_WAITING = "status IN ('PENDING', 'SENDING')"


class Notification(Base):
    """One thing told to one person: a login (``user_id``), a patient, or a patient with a login."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint("user_id IS NOT NULL OR patient_id IS NOT NULL", name="recipient"),
        Index("ix_notifications_user_id", "user_id", "created_at"),
        Index("ix_notifications_patient_id", "patient_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id"))
    type: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    message: Mapped[str] = mapped_column(Text)
    priority: Mapped[Priority] = mapped_column(choice_of(Priority))
    notification_metadata: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class OutgoingMessage(Base):
    """One notification on one channel. ``key`` (cause, recipient, channel) is unique for ever.

    ``queued_at``, ``next_attempt_at`` and ``lease_until`` follow the machine clock. ``lease`` names the holder's claim:
    only who holds it may settle the message. While it is claimed, ``next_attempt_at`` is the lease's end: a holder
    that died leaves a message that is simply due again. ``in_hand``: the holder is handing it over, so that it may have
    arrived should the holder die; ``unclear``: how often it may have arrived without anybody knowing. ``id`` also makes
    the mail's Message-ID, so a repeat is recognisable.
    """

    __tablename__ = "outgoing_messages"
    __table_args__ = (
        UniqueConstraint("key"),
        Index(
            "ix_outgoing_messages_waiting",
            "channel",
            "rank",
            "hospital_id",
            "next_attempt_at",
            "id",
            sqlite_where=text(_WAITING),
            postgresql_where=text(_WAITING),
        ),
        Index("ix_outgoing_messages_hospital_id_status", "hospital_id", "status", "created_at"),
        Index("ix_outgoing_messages_notification_id", "notification_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    notification_id: Mapped[UUID] = mapped_column(ForeignKey("notifications.id"))
    key: Mapped[str] = mapped_column(String(200))
    channel: Mapped[Channel] = mapped_column(choice_of(Channel))
    address: Mapped[str | None] = mapped_column(String(254))
    status: Mapped[MessageStatus] = mapped_column(choice_of(MessageStatus))
    rank: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=0)
    unclear: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    in_hand: Mapped[bool] = mapped_column(default=False, server_default=false())
    queued_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(400))
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
