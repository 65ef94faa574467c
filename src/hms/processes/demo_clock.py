"""The demo's clock: any day, at any speed. Origin and speed are kept in the data folder, for all processes.

The file also marks a data folder as the demo's. While the demo is stopped its clock stands still.
"""

import json
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from hms.clock import Clock, Clocks, FixedClock, ScaledClock, SystemClock, as_utc
from hms.settings import ConfigurationError, Mode, Settings

FILE = "clock.json"
DAY_BEGINS = time(8, 55)
MAX_SPEED = 3600.0


@dataclass(frozen=True, slots=True)
class ClockFile:
    """What the file says: at ``started`` (machine) the hospital's clock showed ``origin``; None: it stands still."""

    origin: datetime
    started: datetime | None
    speed: float

    def clock(self, machine: Clock) -> Clock:
        """Build the clock."""
        if self.started is None:
            return FixedClock(self.origin)
        return ScaledClock(self.origin, self.started, self.speed, machine)


def is_demo(data_dir: Path) -> bool:
    """Tell whether the folder holds a demo."""
    return (data_dir / FILE).exists()


def clocks_for(settings: Settings) -> Clocks:
    """Return the demo's clocks in a demo's folder, else the machine's; raise ConfigurationError in production."""
    machine = SystemClock()
    found = _read(settings.data_dir)
    if found is None:
        return Clocks(hospital=machine, machine=machine)
    if settings.mode is Mode.PRODUCTION:
        raise ConfigurationError(
            f"{settings.data_dir} holds a demo, whose clock is not the real one. Production needs a folder of its own: "
            "set HMS_DATA_DIR."
        )
    return Clocks(hospital=found.clock(machine), machine=machine)


def prepare(
    settings: Settings, zone: ZoneInfo, *, at: datetime | None = None, speed: float | None = None, reset: bool = False
) -> Clocks:
    """Set the demo's clock without starting it: to where it stopped, or anew to ``at`` (default: 08:55 of today).

    ``at`` without offset is hospital time in ``zone``. A new ``speed`` holds from now on. Raise ConfigurationError
    for an ``at`` on a demo that has begun, unless it is ``reset``, and in production.
    """
    if settings.mode is Mode.PRODUCTION:
        raise ConfigurationError("The demo's clock is not for production. Leave out --now, --speed and --demo.")
    if speed is not None and not 0 < speed <= MAX_SPEED:
        raise ConfigurationError(f"--speed is more than 0 and at most {MAX_SPEED:g}.")
    machine = SystemClock()
    found = None if reset else _read(settings.data_dir)
    if found is not None and at is not None:
        raise ConfigurationError(
            "This demo has begun already, and time does not run backwards in it. Add --reset to begin anew."
        )
    if found is None:
        origin = _in_zone(at, zone) if at else datetime.combine(machine.now().astimezone(zone), DAY_BEGINS, zone)
        found = ClockFile(as_utc(origin), None, 1.0)
    standing = ClockFile(found.clock(machine).now(), None, speed or found.speed)
    _write(settings.data_dir, standing)
    return Clocks(hospital=standing.clock(machine), machine=machine)


def start(settings: Settings) -> Clocks:
    """Set the prepared clock going and return it."""
    machine = SystemClock()
    found = _read(settings.data_dir)
    if found is None:
        raise ConfigurationError("There is no demo in this data folder.")
    going = ClockFile(found.clock(machine).now(), machine.now(), found.speed)
    _write(settings.data_dir, going)
    return Clocks(hospital=going.clock(machine), machine=machine)


def stop(settings: Settings) -> None:
    """Let the demo's clock stand still until it is started again."""
    found = _read(settings.data_dir)
    if found is not None:
        _write(settings.data_dir, ClockFile(found.clock(SystemClock()).now(), None, found.speed))


def _in_zone(at: datetime, zone: ZoneInfo) -> datetime:
    if at.tzinfo is not None:
        return at
    local = at.replace(tzinfo=zone)
    if local.astimezone(ZoneInfo("UTC")).astimezone(zone).replace(tzinfo=None) != at:
        raise ConfigurationError(f"{at:%Y-%m-%d %H:%M} does not exist in {zone.key}: the clocks are put forward then.")
    return local


def _read(data_dir: Path) -> ClockFile | None:
    path = data_dir / FILE
    try:
        stored = json.loads(path.read_text(encoding="ascii"))
        started = datetime.fromisoformat(stored["started"]) if stored["started"] else None
        return ClockFile(as_utc(datetime.fromisoformat(stored["origin"])), started, float(stored["speed"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} cannot be read. Start the demo anew with --reset.") from error


def _write(data_dir: Path, clock: ClockFile) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    stored = {
        "origin": clock.origin.isoformat(),
        "started": clock.started.isoformat() if clock.started else None,
        "speed": clock.speed,
    }
    unfinished = data_dir / f"{FILE}.part"
    unfinished.write_text(json.dumps(stored), encoding="ascii")
    unfinished.replace(data_dir / FILE)
