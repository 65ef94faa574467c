"""Keep the tests on this machine: no socket but the loopback's and unix ones.

An audit hook sees every connection and name look-up that Python code makes,
whichever library makes it, and can't be patched away by one.
"""

from __future__ import annotations

import ipaddress
import socket
import sys

_installed = False


class OutsideWorldError(RuntimeError):
    """A test tried to leave this machine; no OSError, so that no library swallows it."""


def close_sockets() -> None:
    """From now on refuse every connection that would leave this machine."""
    global _installed  # noqa: PLW0603 - an audit hook can be added once and never removed
    if not _installed:
        _installed = True
        sys.addaudithook(_watch)


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if isinstance(address, tuple) and not is_local(address[0]):
            raise OutsideWorldError(f"a test may not reach {address[0]}: sockets are closed")
    elif event == "socket.getaddrinfo" and not is_local(arguments[0]):
        raise OutsideWorldError(f"a test may not look up {arguments[0]!r}: sockets are closed")


def is_local(host: object) -> bool:
    """Tell whether a host is this machine's loopback (or names no host at all)."""
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    if host in (None, "", "localhost", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False
