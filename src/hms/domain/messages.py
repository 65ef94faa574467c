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

MOST_UNCLEAR = 2
"""So often may a message be handed over without a word of what became of it; a third time might annoy."""

PROBABLY_ARRIVED = (
    "Twice this message was handed over whole, and the connection broke, or HMS stopped, before the answer came. "
    "It has probably arrived; send it again if not."
)
"""Why a message is FAILED after that."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell one person, before it becomes rows.

    ``cause`` is unique for what happened ("no_show:<appointment>"): the same cause, recipient and channel is told
    once for ever. ``title`` and ``message`` are in ``language``, and so is ``short``, the message as a text message
    says it, if otherwise. ``metadata`` is JSON-ready and carries no clinical content. ``is_new``: the cause came
    into being with this change, so nobody can have been told of it.
    """

    cause: str
    recipient: Contact
    type: str
    title: str
    message: str
    channels: frozenset[Channel]
    priority: Priority = Priority.NORMAL
    metadata: dict[str, object] = field(default_factory=dict)
    is_new: bool = False
    short: str = ""
    language: str = "en"

    @property
    def kept(self) -> dict[str, object]:
        """What the notification's row keeps beside title and message: what programs and the delivery need to know."""
        return self.metadata | {"language": self.language} | ({"short": self.short} if self.short else {})


GIVE_UP_AFTER = timedelta(days=3)
"""How long a message waits for a gateway that cannot be reached; such waiting uses up none of its tries."""


def retry_delay(attempts: int, jitter: float) -> timedelta:
    """Return the wait before the next try: 2, 10, then 50 minutes by tries made, ± 25 % by ``jitter`` in 0..1.

    The first wait outlasts a short hiccup, the second a mail server's greylisting, all three together an hour.
    """
    minutes = 2 * 5 ** min(attempts - 1, 3)
    return timedelta(minutes=minutes * (0.75 + 0.5 * jitter))


def outage_delay(waited: timedelta) -> timedelta:
    """Return the pause before a gateway that cannot be reached is tried again: 5 s, growing to 2 minutes."""
    return min(max(waited / 4, timedelta(seconds=5)), timedelta(minutes=2))


def is_too_old(waited: timedelta) -> bool:
    """Tell whether a message has waited for a gateway long enough to be given up."""
    return waited >= GIVE_UP_AFTER
