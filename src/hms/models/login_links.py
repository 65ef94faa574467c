"""Links that are mailed to prove an address: verify a new login, or choose a new password."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hms.domain.people import LinkPurpose
from hms.models.base import Base, choice_of, new_id


class LoginLink(Base):
    """One link, used once. All times are the machine clock's.

    The link itself is this row's id, signed when it is mailed; knowing the id opens nothing. ``password_hash`` and
    ``person``: what somebody who signs up chose and said. They become a login and a patient only when the same person
    shows that the address is theirs, so nobody can prepare a login for somebody else's address.
    """

    __tablename__ = "login_links"
    __table_args__ = (
        Index("ix_login_links_user_id", "user_id", "purpose"),
        Index("ix_login_links_expires_at", "hospital_id", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hospital_id: Mapped[UUID] = mapped_column(ForeignKey("hospitals.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[LinkPurpose] = mapped_column(choice_of(LinkPurpose))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    person: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
