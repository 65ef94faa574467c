from datetime import UTC, datetime, timedelta, timezone

import pytest

from hms.clock import Clocks, FixedClock, ScaledClock, SystemClock, as_utc, system_clocks

NINE = datetime(2026, 1, 22, 9, 0, tzinfo=UTC)


def test_scaled_clock_runs_from_its_origin_at_its_speed() -> None:
    machine = FixedClock(NINE)
    clock = ScaledClock(datetime(2026, 5, 1, 8, 55, tzinfo=UTC), NINE, speed=60, machine=machine)
    assert clock.now() == datetime(2026, 5, 1, 8, 55, tzinfo=UTC)
    machine.advance(timedelta(seconds=5))
    assert clock.now() == datetime(2026, 5, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("speed", [0, -1])
def test_a_clock_that_stands_or_runs_back_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        ScaledClock(NINE, NINE, speed, SystemClock())


def test_naive_instants_are_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        as_utc(datetime(2026, 1, 22, 9, 0))  # noqa: DTZ001
    with pytest.raises(ValueError, match="offset"):
        FixedClock(datetime(2026, 1, 22, 9, 0))  # noqa: DTZ001


def test_instants_come_out_in_utc() -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    assert FixedClock(datetime(2026, 1, 22, 14, 30, tzinfo=kolkata)).now() == NINE
    assert as_utc(datetime(2026, 1, 22, 14, 30, tzinfo=kolkata)).tzinfo is UTC


def test_speed_of_a_pair_is_the_hospital_clocks() -> None:
    machine = FixedClock(NINE)
    assert system_clocks().speed == 1
    assert Clocks(hospital=ScaledClock(NINE, NINE, 60, machine), machine=machine).speed == 60
