"""Tell a worker, after a commit, that messages or files wait: never blocking, never raising. Beat finds the rest."""

import threading
from collections.abc import Sequence

import structlog
from celery import Celery

from hms.clock import sleep
from hms.jobs.tasks import SEND_EMAIL, SEND_SMS, WRITE_EXPORTS
from hms.runtime import Runtime

PAUSE_BETWEEN, PAUSE_AFTER_FAILURE = 0.5, 30.0
log = structlog.get_logger(__name__)


def nudge_through(app: Celery, runtime: Runtime) -> None:
    """Make ``runtime`` nudge the workers behind the app's broker."""
    runtime.nudge = Nudger(app, (SEND_EMAIL, SEND_SMS)).nudge
    runtime.ask_writer = Nudger(app, (WRITE_EXPORTS,)).nudge


class Nudger:
    """Send from a thread of its own, so that no request ever waits for the broker; many nudges become one."""

    def __init__(self, app: Celery, tasks: Sequence[str]) -> None:
        self._app, self._tasks = app, tasks
        self._wanted = threading.Event()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def nudge(self) -> None:
        """Ask for the tasks soon."""
        self._wanted.set()
        if self._thread is None:
            # At first use, because a web server may fork after this was built, and threads do not come along.
            with self._guard:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._serve, name="nudge", daemon=True)
                    self._thread.start()

    def _serve(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            sleep(PAUSE_BETWEEN if self._send() else PAUSE_AFTER_FAILURE)

    def _send(self) -> bool:
        try:
            for task in self._tasks:
                self._app.send_task(task, retry=False, expires=60)
        except Exception as error:  # noqa: BLE001 -- whatever the broker's library raises, what waits is safe
            log.warning("worker cannot be nudged; the schedule will", error=type(error).__name__)
            return False
        return True
