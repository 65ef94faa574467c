"""Keep the parts of one process running until it is told to stop, then let them finish what they hold."""

import gc
import os
import select
import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, Protocol

import structlog
from waitress import wasyncore
from waitress.server import create_server

from hms.clock import stopwatch

PATIENCE = 25.0
"""Seconds that the parts have to finish; supervisors commonly kill after 30."""

WEB_GRACE, WEB_PATIENCE = 0.2, 10.0
GARBAGE_THRESHOLDS = (10_000, 20, 20)
"""When a serving process looks for cycles: more rarely than Python's own, since requests and jobs leave few."""

STOPPING = (signal.SIGTERM, signal.SIGINT)
log = structlog.get_logger(__name__)


class Part(Protocol):
    """Something that runs in threads of this process."""

    def start(self) -> None:
        """Start running."""
        ...

    def is_alive(self) -> bool:
        """Tell whether it runs."""
        ...

    def stop(self, seconds: float) -> bool:
        """Finish within so many seconds; return False when it could not."""
        ...


class Stopper:
    """Turn SIGTERM and Ctrl-C into a flag; a second one ends the process at once."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.on_ask: Callable[[], None] = lambda: None

    def listen(self) -> None:
        """Take the signals from now on."""
        for number in STOPPING:
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked.is_set():
            os._exit(1)
        self.asked.set()
        self.on_ask()


class Web:
    """The web served by waitress in the main thread."""

    def __init__(self, app: Any, host: str, port: int, threads: int) -> None:
        is_v6 = ":" in host
        # One family gives one socket, so the server is a plain one and not a set of them. Its stubs know less than it.
        self._server: Any = create_server(
            app,
            host=host,
            port=port,
            threads=threads,
            ident="HMS",
            ipv4=not is_v6,
            ipv6=is_v6,
            clear_untrusted_proxy_headers=False,  # the application itself decides whom to believe
        )

    def serve(self, stopper: Stopper, is_well: Callable[[], bool]) -> None:
        """Answer until stopped, or until the parts behind it are no longer well; then answer what has begun."""
        stopper.on_ask = self._server.pull_trigger
        while not stopper.asked.is_set() and is_well():
            self._turn(1.0)
        self._drain()
        stopper.on_ask = lambda: None
        self._server.trigger.close()

    def _drain(self) -> None:
        # Whoever has connected already is let in, and gets a moment to say what for.
        while select.select([self._server.socket], [], [], 0)[0]:
            self._turn(0)
        self._server.accepting = False
        self._server.socket.close()
        self._server.del_channel()
        dispatcher = self._server.task_dispatcher
        began = stopwatch()
        while stopwatch() < began + WEB_GRACE or (self._is_busy(dispatcher) and stopwatch() < began + WEB_PATIENCE):
            self._turn(0.05)
        dispatcher.shutdown()

    def _is_busy(self, dispatcher: Any) -> bool:
        channels = self._server.active_channels.values()
        unsent = any(channel.total_outbufs_len or channel.requests for channel in channels)
        return bool(unsent or dispatcher.queue or dispatcher.active_count)

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, map=self._server._map, count=1)  # noqa: SLF001 -- its own loop does the same


def collect_rarely() -> None:
    """Spare a serving process the search for cycles: what is loaded by now stays, and is not looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def run_parts(parts: Sequence[Part], stopper: Stopper, web: Web | None = None) -> bool:
    """Run all parts until stopped, and stop them in order; return False when one of them died by itself."""
    for part in parts:
        part.start()

    def is_well() -> bool:
        return all(part.is_alive() for part in parts)

    if web is not None:
        web.serve(stopper, is_well)
    else:
        while not stopper.asked.wait(1.0) and is_well():
            pass
    well = is_well()
    log.info("stopping")
    until = stopwatch() + PATIENCE
    for part in parts:
        if not part.stop(max(until - stopwatch(), 1.0)):
            # Nothing is lost: leases and heartbeats end by themselves, and others take the work over.
            log.warning("not finished in time", part=type(part).__name__)
    return well
