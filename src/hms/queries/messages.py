"""Outgoing messages, as admins see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.messages import Channel, MessageStatus
from hms.models import Notification, OutgoingMessage


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One notification on one channel. ``last_error``: why the last try failed."""

    id: UUID
    channel: Channel
    address: str | None
    status: MessageStatus
    attempts: int
    next_attempt_at: datetime
    last_error: str | None
    created_at: datetime
    delivered_at: datetime | None
    type: str
    title: str


@dataclass(frozen=True, slots=True)
class MessageFilters:
    """What to look for; None: whatever. In-app messages are left out unless asked for by their channel."""

    status: MessageStatus | None = None
    channel: Channel | None = None


def listing(
    session: Session, actor: Actor, filters: MessageFilters, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[MessageRow]:
    """Return up to ``limit`` of the hospital's messages, newest first, that come after the given one."""
    m = OutgoingMessage
    statement = _messages(actor).order_by(m.created_at.desc(), m.id.desc()).limit(limit)
    if filters.status is not None:
        statement = statement.where(m.status == filters.status)
    if filters.channel is not None:
        statement = statement.where(m.channel == filters.channel)
    else:
        statement = statement.where(m.channel != Channel.IN_APP)
    if after is not None:
        statement = statement.where(tuple_(m.created_at, m.id) < after)
    return [MessageRow(*row) for row in session.execute(statement)]


def one(session: Session, actor: Actor, message_id: UUID) -> MessageRow:
    """Return one of the hospital's messages; raise NOT_FOUND otherwise."""
    row = session.execute(_messages(actor).where(OutgoingMessage.id == message_id)).one_or_none()
    if row is None:
        raise not_found("Message")
    return MessageRow(*row)


def _messages(actor: Actor) -> Select[Any]:
    require(actor, Permission.SEE_MESSAGES)
    m, n = OutgoingMessage, Notification
    return (
        select(m.id, m.channel, m.address, m.status, m.attempts, m.next_attempt_at, m.last_error, m.created_at)
        .add_columns(m.delivered_at, n.type, n.title)
        .join(n, n.id == m.notification_id)
        .where(m.hospital_id == actor.hospital_id)
    )
