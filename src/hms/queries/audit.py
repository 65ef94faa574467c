"""The audit trail, as admins read it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.models import AuditEntry, User


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to which row, when. ``actor_name`` is None for the system. ``details`` are JSON-ready."""

    seq: int
    at: datetime
    actor_id: UUID | None
    actor_name: str | None
    actor_role: str
    action: str
    entity: str
    entity_id: UUID
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What to look for; None: whatever. ``action`` is its beginning, such as ``appointment.`` or a whole one."""

    entity: str | None = None
    entity_id: UUID | None = None
    actor_id: UUID | None = None
    action: str | None = None


def listing(session: Session, actor: Actor, filters: AuditFilters, *, before: int | None, limit: int) -> list[AuditRow]:
    """Return up to ``limit`` rows of the hospital, newest first, with a lower number than ``before``."""
    require(actor, Permission.SEE_AUDIT)
    a = AuditEntry
    statement = (
        select(a.seq, a.at, a.actor_id, a.actor_role, a.action, a.entity, a.entity_id, a.details)
        .add_columns(User.first_name, User.last_name)
        .outerjoin(User, User.id == a.actor_id)
        .where(a.hospital_id == actor.hospital_id)
        .order_by(a.seq.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(a.seq < before)
    if filters.entity is not None:
        statement = statement.where(a.entity == filters.entity)
    if filters.entity_id is not None:
        statement = statement.where(a.entity_id == filters.entity_id)
    if filters.actor_id is not None:
        statement = statement.where(a.actor_id == filters.actor_id)
    if filters.action is not None:
        statement = statement.where(a.action.startswith(filters.action, autoescape=True))
    return [
        AuditRow(
            seq=row.seq,
            at=row.at,
            actor_id=row.actor_id,
            actor_name=f"{row.first_name} {row.last_name}" if row.first_name is not None else None,
            actor_role=row.actor_role,
            action=row.action,
            entity=row.entity,
            entity_id=row.entity_id,
            details=row.details,
        )
        for row in session.execute(statement)
    ]
