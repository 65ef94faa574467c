"""Mailed links to logins, for who holds one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.people import LinkPurpose
from hms.models import LoginLink, User


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link. ``password_hash``: of the password that was chosen with it; ``actor``: the login that it opens."""

    id: UUID
    actor: Actor
    email: str
    password_hash: str | None
    expires_at: datetime
    used_at: datetime | None


def one(session: Session, link_id: UUID, purpose: LinkPurpose) -> LinkRow | None:
    """Return the link with this id, used or not; None when there is none for this purpose."""
    statement = (
        select(LoginLink.id, LoginLink.hospital_id, User.id, User.role, User.email, LoginLink.password_hash)
        .add_columns(LoginLink.expires_at, LoginLink.used_at)
        .join(User, User.id == LoginLink.user_id)
        .where(LoginLink.id == link_id, LoginLink.purpose == purpose)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        return None
    found, hospital_id, user_id, role, email, password_hash, expires_at, used_at = row
    return LinkRow(found, Actor(hospital_id, role, user_id=user_id), email, password_hash, expires_at, used_at)
