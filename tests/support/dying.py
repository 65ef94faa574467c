"""A process that changes something and is killed -9 at a chosen statement, before it could commit: see `die_at`."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import event

from hms.access.actors import Actor
from hms.clock import Clocks, FixedClock
from hms.runtime import build
from hms.settings import Settings
from tests.support.forks import FORKS

PATIENCE = 60
AT_COMMIT = 0


def die_at(statement: int, url: str, now: datetime, actor: Actor, service: Callable[..., Any], command: object) -> bool:
    """Run a service in a process that kills itself before its nth statement, or `AT_COMMIT`; tell whether it died.

    A process with fewer statements than that ends well, and has changed what it should.
    """
    process = FORKS.Process(target=_run, args=(statement, url, now, actor, service, command), daemon=True)
    process.start()
    process.join(PATIENCE)
    code = process.exitcode
    process.close()
    assert code in {0, -signal.SIGKILL}, code
    return code != 0


def _run(statement: int, url: str, now: datetime, actor: Actor, service: Callable[..., Any], command: object) -> None:
    settings = Settings(_env_file=None, database_url=url, sqlite_synchronous="OFF")
    runtime = build(settings, clocks=Clocks(FixedClock(now), FixedClock(now)))
    sent = count(1)

    def before_statement(*_given: object) -> None:
        if next(sent) == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    def before_commit(*_given: object) -> None:
        if statement == AT_COMMIT:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(runtime.database.writer, "before_cursor_execute", before_statement)
    event.listen(runtime.database.writer, "commit", before_commit)
    runtime.transact(actor, service, command)
    runtime.close()
