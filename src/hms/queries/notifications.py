"""What a person was told."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, tuple_
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.scope import own_patients
from hms.domain.messages import Priority
from hms.models import Notification


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """One notification as its reader sees it. ``metadata`` is JSON-ready; its ``language`` is that of the texts."""

    id: UUID
    type: str
    title: str
    message: str
    priority: Priority
    metadata: dict[str, Any]
    created_at: datetime
    read_at: datetime | None


def addressed_to(actor: Actor) -> ColumnElement[bool]:
    """Build the condition that a notification is for the one signed in or for a patient whose record is theirs."""
    mine = Notification.user_id == actor.user_id
    if actor.patient_ids:
        mine = or_(mine, own_patients(actor, Notification.patient_id))
    return and_(Notification.hospital_id == actor.hospital_id, mine)


def listing(
    session: Session, actor: Actor, *, unread: bool, after: tuple[datetime, UUID] | None, limit: int
) -> list[NotificationRow]:
    """Return up to ``limit`` of the caller's notifications, newest first, that come after the given one."""
    n = Notification
    statement = (
        select(n.id, n.type, n.title, n.message, n.priority, n.notification_metadata, n.created_at, n.read_at)
        .where(addressed_to(actor))
        .order_by(n.created_at.desc(), n.id.desc())
        .limit(limit)
    )
    if unread:
        statement = statement.where(n.read_at.is_(None))
    if after is not None:
        statement = statement.where(tuple_(n.created_at, n.id) < after)
    rows = [NotificationRow(*row) for row in session.execute(statement)]
    return [replace(row, metadata=_for_programs(row.metadata)) for row in rows]


def _for_programs(metadata: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only the writing of text messages needs."""
    return {key: value for key, value in metadata.items() if key != "short"}
