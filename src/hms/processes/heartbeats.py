"""The heart: beats for all hospitals, at most twice a minute of the hospitals' clock."""

from datetime import datetime, timedelta

from hms.runtime import Runtime
from hms.services import heartbeats

EVERY = timedelta(seconds=30)


class Heart:
    """One process's heart. ``beat`` may be called as often as one likes."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._last: datetime | None = None

    def beat(self) -> None:
        """Leave a trace, unless the last one is fresh; a clock that was set back is noted at once."""
        now = self._runtime.clocks.hospital.now()
        if self._last is not None and timedelta(0) <= now - self._last < EVERY:
            return
        self._runtime.maintain(heartbeats.beat, now)
        self._last = now
