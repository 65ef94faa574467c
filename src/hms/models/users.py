"""Logins: users, their sessions and rotating refresh tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.people import Role
from hms.models.base import Base, choice_of, new_id


class User(Base):
    """A login of one hospital. ``email`` is stored lower-cased and is unique per hospital.

    ``unverified_since`` (machine clock): somebody signed up with this address and has not shown that it is theirs.
    Until then the row only holds the place: not active, no password, no name.
    """

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("hospital_id", "email"),
        UniqueConstraint("hospital_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    email: Mapped[str] = mapped_column(String(254), index=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(choice_of(Role))
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    phone: Mapped[str | None] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(16), default="en")
    is_active: Mapped[bool] = mapped_column(default=True)
    unverified_since: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class LoginSession(Base):
    """One sign-in. Its id travels in access tokens; revoking it ends them at once. Times: machine clock."""

    __tablename__ = "login_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None] = mapped_column(String(64))


class RefreshToken(Base):
    """One refresh token of a session, by its hash. A used one that comes back ends the session."""

    __tablename__ = "refresh_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("login_sessions.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
