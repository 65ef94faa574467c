"""A mail server in a process of its own that takes all and keeps nothing: python -m benchmarks.mail_peer PORT."""

from __future__ import annotations

import sys
import threading
from typing import Any

from aiosmtpd.controller import Controller


class Sink:
    """Say yes."""

    async def handle_DATA(self, *_given: Any) -> str:  # noqa: N802 -- aiosmtpd's name
        """Take one mail."""
        return "250 OK"


def main(port: int) -> None:
    """Serve until killed."""
    Controller(Sink(), hostname="127.0.0.1", port=port, decode_data=False).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))
