"""Run worker and beat in threads of this process, and stop them when they have finished what they hold."""

import threading

import structlog
from celery import Celery
from celery.beat import Scheduler, Service
from celery.worker import WorkController, state

from hms.jobs.tasks import SEND_SMS, STARTUP

STARTUP_SECONDS = 5.0
log = structlog.get_logger(__name__)


class WorkerThread:
    """A Celery worker with a pool of threads."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        """Start working."""
        state.should_stop = None
        self._thread.start()

    def is_alive(self) -> bool:
        """Tell whether it works, or at least tries to reach its broker."""
        return self._thread.is_alive()

    def wait_ready(self, seconds: float) -> bool:
        """Wait until it takes tasks."""
        return self._ready.wait(seconds)

    def stop(self, seconds: float) -> bool:
        """Finish the tasks at hand and stop; return False when that takes longer than ``seconds``."""
        state.should_stop = 0  # type: ignore[assignment]  # an exit code is what it takes
        if self._in_memory:
            # It looks at the wish to stop between messages; this one spares it the wait for the next.
            self._app.send_task(SEND_SMS)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def _in_memory(self) -> bool:
        return str(self._app.conf.broker_url).startswith("memory:")

    def _run(self) -> None:
        # The pool's threads look their tasks up in the process's default app.
        self._app.set_default()
        worker = WorkController(
            app=self._app,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            ready_callback=lambda _consumer: self._ready.set(),
        )
        worker.start()


class BeatThread:
    """Celery's beat. It keeps no state: what is due is read from the database."""

    def __init__(self, app: Celery, startup_seconds: float = STARTUP_SECONDS) -> None:
        self._app = app
        self._service = Service(app, scheduler_cls=Scheduler)
        self._thread = threading.Thread(target=self._service.start, name="beat", daemon=True)
        self._startup = threading.Timer(startup_seconds, self._sweep_once)
        self._startup.daemon = True

    def start(self) -> None:
        """Start the schedule; a sweep follows a little later."""
        self._thread.start()
        self._startup.start()

    def is_alive(self) -> bool:
        """Tell whether the schedule runs."""
        return self._thread.is_alive()

    def stop(self, seconds: float) -> bool:
        """Fire nothing more."""
        self._startup.cancel()
        self._service.stop()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _sweep_once(self) -> None:
        try:
            self._app.send_task(STARTUP, expires=600)
        except Exception as error:  # noqa: BLE001 -- the schedule sweeps anyway, five minutes later
            log.warning("the sweep after the start could not be asked for", error=type(error).__name__)
