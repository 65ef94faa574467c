"""What happens to logins by mailed links."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hms.domain.events.base import Event
from hms.domain.people import Contact, LinkPurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLinkMade(Event):
    """A link goes to a login's address. ``is_known``: somebody wanted to sign up with an address that has a login."""

    action: ClassVar[str] = "login_link.made"
    entity: ClassVar[str] = "user"

    link_id: UUID
    purpose: LinkPurpose
    contact: Contact
    is_known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReset(Event):
    """Somebody chose a new password by a mailed link, and all sessions of the login ended."""

    action: ClassVar[str] = "user.password_reset"
    entity: ClassVar[str] = "user"

    link_id: UUID
    contact: Contact
