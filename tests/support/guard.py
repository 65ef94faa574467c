"""Run one server for as long as its test session lives; run as a script, by path.

The session holds the other end of this process's standard input. When that
closes, because the session is over or because it died, however suddenly, the
server is stopped and its folder removed. So no test run leaves an orphan.
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from types import FrameType

PATIENCE = 15.0  # seconds that a server has to stop by itself


def main() -> int:
    """Start the server, wait for the end of standard input, stop it, clean up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True, help="removed at the end")
    parser.add_argument("--user", help="who runs the server")
    parser.add_argument("--signal", default="SIGTERM", help="what stops it")
    parser.add_argument("command", nargs="+")
    wanted = parser.parse_args()
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, stay)
    try:
        return guard(wanted.command, wanted.user, signal.Signals[wanted.signal])
    finally:
        shutil.rmtree(wanted.folder, ignore_errors=True)


def guard(command: list[str], user: str | None, stop: signal.Signals) -> int:
    """Keep the server until standard input ends or the server does."""
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        user=user,
        group=user_group(user),
        extra_groups=[] if user else None,
        start_new_session=True,
    )
    threading.Thread(target=stop_at_end_of_input, args=(server, stop), daemon=True).start()
    return server.wait()


def user_group(user: str | None) -> int | None:
    """Return the first group of a user."""
    if user is None:
        return None
    return pwd.getpwnam(user).pw_gid


def stay(_signal: int, _frame: FrameType | None) -> None:
    """Answer a signal by doing nothing; unlike SIG_IGN this does not pass on to the server."""


def stop_at_end_of_input(server: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    """Stop the server when nobody holds the other end of standard input any more."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    server.send_signal(stop)
    try:
        server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()


if __name__ == "__main__":
    sys.exit(main())
