"""What people find in their mailbox and on their phone: mails as the relay writes them, and the links in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from hms.domain.messages import Channel
from hms.gateways.null import NullMail, NullSms, null_gateways
from hms.gateways.protocols import Mail
from hms.processes.delivery import deliver_due
from hms.runtime import Runtime

_TOKEN = re.compile(r"/(?:verify|reset|v)/([A-Za-z0-9_-]+)")


class Mailbox:
    """All that a house sends, since the last look."""

    def __init__(self, runtime: Runtime) -> None:
        gateways = null_gateways()
        # Its own gateways on the same house: a runtime that tests share must not keep what one of them sent.
        self._runtime = replace(runtime, gateways=gateways)
        assert isinstance(gateways.mail, NullMail)
        assert isinstance(gateways.sms, NullSms)
        self._mail, self._sms = gateways.mail, gateways.sms

    def fetch(self) -> list[Mail]:
        """Deliver what waits, and return the mails that came."""
        return self._come(self._mail, Channel.EMAIL)

    def texts(self) -> list[str]:
        """Deliver what waits, and return the text messages that came."""
        before = len(self._sms.sent)
        deliver_due(self._runtime, (Channel.SMS,))
        return [message.text for message in self._sms.sent[before:]]

    def token(self, to: str, title: str) -> str:
        """Return the secret of the link in the one new mail of that title to that address."""
        found = [mail for mail in self.fetch() if mail.to == to and mail.subject == title]
        assert len(found) == 1, [(mail.to, mail.subject) for mail in found]
        return token_in(found[0].text)

    def _come(self, mail: NullMail, channel: Channel) -> list[Mail]:
        before = len(mail.sent)
        deliver_due(self._runtime, (channel,))
        return mail.sent[before:]


def token_in(text: str) -> str:
    """Return the secret of the first link in a text."""
    found = _TOKEN.search(text)
    assert found, text
    return found[1]


@contextmanager
def nothing_sent(mailbox: Mailbox) -> Iterator[None]:
    """Fail the test if the block makes the house send a mail."""
    mailbox.fetch()
    yield
    assert [(mail.to, mail.subject) for mail in mailbox.fetch()] == []
