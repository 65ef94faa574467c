"""The demo's clock: where it is told to begin, as fast as told, standing still while the demo is closed."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hms.clock import Clock, FixedClock, ScaledClock
from hms.processes import demo_clock
from hms.settings import ConfigurationError, Mode, Settings

KOLKATA = ZoneInfo("Asia/Kolkata")
AT = datetime(2026, 1, 22, 8, 55)  # noqa: DTZ001 -- as an operator types it


@pytest.fixture
def demo(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, mode=Mode.DEMO, data_dir=tmp_path / "var")


def wall(clock: Clock) -> str:
    return clock.now().astimezone(KOLKATA).strftime("%Y-%m-%d %H:%M")


def test_it_begins_at_the_hospitals_time(demo: Settings) -> None:
    clocks = demo_clock.prepare(demo, KOLKATA, at=AT, speed=60)
    assert isinstance(clocks.hospital, FixedClock)
    assert wall(clocks.hospital) == "2026-01-22 08:55"
    going = demo_clock.start(demo)
    assert isinstance(going.hospital, ScaledClock)
    assert (going.speed, wall(going.hospital)) == (60, "2026-01-22 08:55")


def test_it_begins_at_five_to_nine_today_by_itself(demo: Settings) -> None:
    clocks = demo_clock.prepare(demo, KOLKATA)
    assert wall(clocks.hospital) == f"{clocks.machine.now().astimezone(KOLKATA):%Y-%m-%d} 08:55"


def test_other_processes_see_the_same_time(demo: Settings) -> None:
    demo_clock.prepare(demo, KOLKATA, at=AT, speed=3600)
    here = demo_clock.start(demo)
    there = demo_clock.clocks_for(Settings(_env_file=None, data_dir=demo.data_dir))
    assert abs(there.hospital.now() - here.hospital.now()) < timedelta(minutes=30)
    assert there.speed == 3600


def test_it_stands_still_while_closed_and_goes_on_where_it_stood(demo: Settings) -> None:
    demo_clock.prepare(demo, KOLKATA, at=AT, speed=3600)
    demo_clock.start(demo)
    demo_clock.stop(demo)
    stood = demo_clock.clocks_for(demo).hospital
    assert isinstance(stood, FixedClock)
    demo_clock.prepare(demo, KOLKATA, speed=1)
    going = demo_clock.start(demo)
    assert timedelta() <= going.hospital.now() - stood.now() < timedelta(minutes=1)
    assert going.speed == 1


def test_time_does_not_run_backwards_unless_reset(demo: Settings) -> None:
    demo_clock.prepare(demo, KOLKATA, at=AT)
    with pytest.raises(ConfigurationError, match="--reset"):
        demo_clock.prepare(demo, KOLKATA, at=AT)
    again = demo_clock.prepare(demo, KOLKATA, at=datetime.fromisoformat("2026-01-01T00:00+05:30"), reset=True)
    assert wall(again.hospital) == "2026-01-01 00:00"


@pytest.mark.parametrize("speed", [0, -1, 100_000])
def test_an_impossible_speed_is_refused(demo: Settings, speed: float) -> None:
    with pytest.raises(ConfigurationError, match="--speed"):
        demo_clock.prepare(demo, KOLKATA, speed=speed)
    assert not demo_clock.is_demo(demo.data_dir)


def test_a_time_that_does_not_exist_is_refused(demo: Settings) -> None:
    gap = datetime(2026, 3, 29, 2, 30)  # noqa: DTZ001
    with pytest.raises(ConfigurationError, match="does not exist"):
        demo_clock.prepare(demo, ZoneInfo("Europe/Berlin"), at=gap)


def test_production_has_the_real_time_only(demo: Settings) -> None:
    production = demo.model_copy(update={"mode": Mode.PRODUCTION})
    real = demo_clock.clocks_for(production)
    assert real.hospital is real.machine
    with pytest.raises(ConfigurationError, match="production"):
        demo_clock.prepare(production, KOLKATA)
    demo_clock.prepare(demo, KOLKATA)
    with pytest.raises(ConfigurationError, match="holds a demo"):
        demo_clock.clocks_for(production)


def test_a_damaged_file_is_said_so(demo: Settings) -> None:
    demo.data_dir.mkdir()
    (demo.data_dir / demo_clock.FILE).write_text("{}")
    with pytest.raises(ConfigurationError, match="--reset"):
        demo_clock.clocks_for(demo)
