"""What HMS asks of the outside world."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


class DeliveryRefusedError(Exception):
    """The peer refused this message. ``permanent``: trying again is useless."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class GatewayUnavailableError(Exception):
    """The peer itself cannot be reached or used now; the message is not to blame."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail, built at delivery."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, ready to send. ``message_id`` stays the same over all tries."""

    message_id: str
    to: str
    subject: str
    text: str
    html: str
    attachments: Sequence[Attachment] = ()


class MailGateway(Protocol):
    """Send mail. ``connected`` holds one connection open for many mails."""

    def connected(self) -> AbstractContextManager["MailConnection"]:
        """Open a connection; raise GatewayUnavailableError when the peer cannot be reached."""
        ...


class MailConnection(Protocol):
    """An open way to the mail server."""

    def send(self, mail: Mail) -> None:
        """Hand one mail over; raise DeliveryRefusedError or GatewayUnavailableError."""
        ...


class SmsGateway(Protocol):
    """Send short messages."""

    def send(self, to: str, text: str) -> None:
        """Send one message; raise DeliveryRefusedError or GatewayUnavailableError."""
        ...


@dataclass(frozen=True, slots=True)
class Gateways:
    """All ways out, as the composition root hands them over."""

    mail: MailGateway
    sms: SmsGateway
