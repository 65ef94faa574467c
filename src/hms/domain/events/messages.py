"""What admins do about messages."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from zoneinfo import ZoneInfo

from hms.domain.events.base import Event
from hms.domain.people import Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTried(Event):
    """An admin wants a ``sample`` message in their own mailbox, in ``language``; it tells of a visit on ``day``."""

    action: ClassVar[str] = "message.tried"
    entity: ClassVar[str] = "message"

    sample: str
    language: str
    day: date
    zone: ZoneInfo
    admin: Contact

    def details(self) -> dict[str, object]:
        """Return which message, and in which language."""
        return {"sample": self.sample, "language": self.language}
