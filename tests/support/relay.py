"""A relay in a process of its own, for tests that kill it: `python -m tests.support.relay URL PORT MOMENT PLACE NOW`.

It dies by SIGKILL at the mail of that place (1: its first): "before" its dialogue begins, "leaving": when it is noted
that it leaves, and nothing has left; or "after" it was sent and nobody noted that.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from hms.clock import Clocks, FixedClock
from hms.domain.messages import Channel
from hms.gateways.composing import Sender
from hms.gateways.null import NullSms
from hms.gateways.protocols import Gateways, HandingOver, Mail, unnoted
from hms.gateways.smtp import SmtpMail
from hms.processes.delivery import deliver_due
from hms.runtime import build
from hms.settings import Settings


class Killing:
    """A mail gateway at which the process dies."""

    def __init__(self, gateway: SmtpMail, moment: str, place: int) -> None:
        self._gateway, self._moment, self._left = gateway, moment, place
        self._connection: Any = None

    @contextmanager
    def connected(self) -> Iterator[Killing]:
        """Connect for real."""
        with self._gateway.connected() as self._connection:
            yield self

    def send(self, message: Mail, handing_over: HandingOver = unnoted, /) -> None:
        """Send for real, and die."""
        self._left -= 1
        if self._left:
            self._connection.send(message, handing_over)
            return
        if self._moment == "after":
            self._connection.send(message, handing_over)
        elif self._moment == "leaving":
            handing_over()
        os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, port: str, moment: str, place: str, now: str) -> None:
    """Deliver until death."""
    peer = SmtpMail("localhost", int(port), Sender("no-reply@hms001.example"), "hms", "open sesame")
    clock = FixedClock(datetime.fromisoformat(now))
    runtime = build(
        Settings(_env_file=None, database_url=url),
        clocks=Clocks(clock, clock),
        gateways=Gateways(mail=Killing(peer, moment, int(place)), sms=NullSms()),
    )
    deliver_due(runtime, (Channel.EMAIL,))


if __name__ == "__main__":
    main(*sys.argv[1:])
