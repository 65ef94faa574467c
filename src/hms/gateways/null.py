"""Gateways that keep what they are given, for tests and for a set-up without the outside world."""

from collections.abc import Iterator
from contextlib import contextmanager

from hms.gateways.protocols import Gateways, HandingOver, Mail, ShortMessage, unnoted


class NullMail:
    """Keep mails in ``sent``."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    @contextmanager
    def connected(self) -> Iterator["NullMail"]:
        """Open nothing."""
        yield self

    def send(self, message: Mail, handing_over: HandingOver = unnoted, /) -> None:
        """Keep the mail."""
        handing_over()
        self.sent.append(message)


class NullSms:
    """Keep short messages in ``sent``."""

    def __init__(self) -> None:
        self.sent: list[ShortMessage] = []

    @contextmanager
    def connected(self) -> Iterator["NullSms"]:
        """Open nothing."""
        yield self

    def send(self, message: ShortMessage, handing_over: HandingOver = unnoted, /) -> None:
        """Keep the message."""
        handing_over()
        self.sent.append(message)


def null_gateways() -> Gateways:
    """Build a set that reaches nobody."""
    return Gateways(mail=NullMail(), sms=NullSms())
