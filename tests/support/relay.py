"""A relay in a process of its own, for tests that kill it: `python -m tests.support.relay URL PORT CA MOMENT`.

It dies by SIGKILL at its first mail: "before" it is sent, or "after" it was sent and nobody noted it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from hms.clock import Clocks, FixedClock
from hms.domain.messages import Channel
from hms.gateways.composing import Sender
from hms.gateways.null import NullSms
from hms.gateways.protocols import Gateways, Mail
from hms.gateways.smtp import SmtpMail
from hms.processes.delivery import deliver_due
from hms.runtime import build
from hms.settings import Settings

NOW = datetime(2026, 1, 22, 3, 25, tzinfo=UTC)


class Killing:
    """A mail gateway at which the process dies."""

    def __init__(self, gateway: SmtpMail, moment: str) -> None:
        self._gateway, self._moment = gateway, moment
        self._connection: Any = None

    @contextmanager
    def connected(self) -> Iterator[Killing]:
        """Connect for real."""
        with self._gateway.connected() as self._connection:
            yield self

    def send(self, message: Mail, /) -> None:
        """Send for real, and die."""
        if self._moment == "after":
            self._connection.send(message)
        os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, port: str, moment: str) -> None:
    """Deliver until death."""
    peer = SmtpMail("localhost", int(port), Sender("no-reply@hms001.example"), "hms", "open sesame")
    clock = FixedClock(NOW)
    runtime = build(
        Settings(_env_file=None, database_url=url),
        clocks=Clocks(clock, clock),
        gateways=Gateways(mail=Killing(peer, moment), sms=NullSms()),
    )
    deliver_due(runtime, (Channel.EMAIL,))


if __name__ == "__main__":
    main(*sys.argv[1:])
