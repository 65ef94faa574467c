"""Gateways that keep what they are given, for tests and for a set-up without the outside world."""

from collections.abc import Iterator
from contextlib import contextmanager

from hms.gateways.protocols import Gateways, Mail


class NullMail:
    """Keep mails in ``sent``."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    @contextmanager
    def connected(self) -> Iterator["NullMail"]:
        """Open nothing."""
        yield self

    def send(self, mail: Mail) -> None:
        """Keep the mail."""
        self.sent.append(mail)


class NullSms:
    """Keep short messages in ``sent`` as (to, text)."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, to: str, text: str) -> None:
        """Keep the message."""
        self.sent.append((to, text))


def null_gateways() -> Gateways:
    """Build a set that reaches nobody."""
    return Gateways(mail=NullMail(), sms=NullSms())
