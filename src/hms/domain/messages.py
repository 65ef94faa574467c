"""What people are told, and by which way."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from hms.domain.people import Contact


class Priority(StrEnum):
    """How urgent a notification is."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"


RANK: dict[Priority, int] = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}
"""The order in which messages leave."""


class Channel(StrEnum):
    """A way to reach somebody."""

    IN_APP = "in_app"
    EMAIL = "email"
    SMS = "sms"


class MessageStatus(StrEnum):
    """Where an outgoing message stands."""

    PENDING = "PENDING"
    SENDING = "SENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


MAX_RETRIES = 3
"""After the first try and this many more, a message that is refused becomes FAILED (rules §7)."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell one person, before it becomes rows.

    ``cause`` is unique for what happened ("no_show:<appointment>"): the same cause, recipient and channel is told
    once for ever. ``metadata`` is JSON-ready and carries no clinical content.
    """

    cause: str
    recipient: Contact
    type: str
    title: str
    message: str
    channels: frozenset[Channel]
    priority: Priority = Priority.NORMAL
    metadata: dict[str, object] = field(default_factory=dict)


def retry_delay(attempts: int, jitter: float) -> timedelta:
    """Return the wait before the next try: 30 s doubled per try made, at most 30 min, ± 50 % by ``jitter`` in 0..1."""
    seconds = min(30 * 2 ** (attempts - 1), 1800)
    return timedelta(seconds=seconds * (0.5 + jitter))
