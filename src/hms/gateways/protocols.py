"""What HMS asks of the outside world."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

HandingOver = Callable[[], None]
"""What a gateway calls just before a message leaves for good: from then on it may arrive. It may raise to keep it."""


def unnoted() -> None:
    """Note nothing: nobody needs to know when the message leaves."""


class DeliveryRefusedError(Exception):
    """This message was refused, and did not arrive. ``permanent``: trying again is useless.

    ``wrong_address``: it is the address that is to blame, and would be for any other message.
    """

    def __init__(self, reason: str, *, permanent: bool = False, wrong_address: bool = False) -> None:
        super().__init__(reason)
        self.permanent, self.wrong_address = permanent, wrong_address


class DeliveryUnclearError(Exception):
    """This message was handed over whole and nobody answered: it has probably arrived."""


class GatewayUnavailableError(Exception):
    """The peer itself cannot be reached or used now; the message is not to blame, and did not arrive."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail, built at delivery."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, ready to send.

    ``message_id`` stays the same over all tries and makes the Message-ID. ``to``: one address; ``sender_name``: whom
    the mail shows as its sender; ``reply_to``: where answers go, if anywhere. ``stop``: the address at which the reader
    declines such mails; empty for those that nobody can decline.
    """

    message_id: UUID
    to: str
    to_name: str
    sender_name: str
    subject: str
    text: str
    html: str
    written_at: datetime
    reply_to: str = ""
    stop: str = ""
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """One text message. ``message_id`` stays the same over all tries."""

    message_id: UUID
    to: str
    text: str


class MailConnection(Protocol):
    """An open way to the mail server."""

    def send(self, message: Mail, handing_over: HandingOver = unnoted, /) -> None:
        """Hand one mail over; raise DeliveryRefusedError, DeliveryUnclearError or GatewayUnavailableError."""
        ...


class MailGateway(Protocol):
    """Send mail. ``connected`` holds one connection open for many mails."""

    def connected(self) -> AbstractContextManager[MailConnection]:
        """Open a connection; raise GatewayUnavailableError when the peer cannot be reached."""
        ...


class SmsConnection(Protocol):
    """An open way to the SMS gateway."""

    def send(self, message: ShortMessage, handing_over: HandingOver = unnoted, /) -> None:
        """Send one message; raise DeliveryRefusedError, DeliveryUnclearError or GatewayUnavailableError."""
        ...


class SmsGateway(Protocol):
    """Send short messages."""

    def connected(self) -> AbstractContextManager[SmsConnection]:
        """Prepare for many messages; raise GatewayUnavailableError when that fails."""
        ...


@dataclass(frozen=True, slots=True)
class Gateways:
    """All ways out, as the composition root hands them over."""

    mail: MailGateway
    sms: SmsGateway
