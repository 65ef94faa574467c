from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms.domain.policy import Policy
from hms.domain.preferences import NOTICE, QuietHours, held_until, kind_of, may_decline, wall_time

KOLKATA, NEW_YORK, BERLIN = ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
ZONES = [KOLKATA, NEW_YORK, BERLIN, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Sao_Paulo"), ZoneInfo("UTC")]
NIGHT = (time(21), time(8))


def local(zone: ZoneInfo, text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


@pytest.mark.parametrize(
    ("zone", "hours", "now", "until"),
    [
        (KOLKATA, NIGHT, "2026-01-22 20:59", None),
        (KOLKATA, NIGHT, "2026-01-22 21:00", "2026-01-23 08:00"),
        (KOLKATA, NIGHT, "2026-01-22 23:30", "2026-01-23 08:00"),
        (KOLKATA, NIGHT, "2026-01-23 00:00", "2026-01-23 08:00"),
        (KOLKATA, NIGHT, "2026-01-23 07:59", "2026-01-23 08:00"),
        (KOLKATA, NIGHT, "2026-01-23 08:00", None),
        (KOLKATA, (time(13), time(15)), "2026-01-22 14:00", "2026-01-22 15:00"),
        (KOLKATA, (time(13), time(15)), "2026-01-22 12:59", None),
        (KOLKATA, (time(8), time(8)), "2026-01-22 08:00", None),
        # The clocks go forward from 02:00 to 03:00: an hour that does not exist ends no quiet hours.
        (NEW_YORK, NIGHT, "2026-03-07 22:00", "2026-03-08 08:00"),
        (NEW_YORK, (time(21), time(2, 30)), "2026-03-08 01:00", "2026-03-08 03:00"),
        # They go back from 02:00 to 01:00.
        (NEW_YORK, NIGHT, "2026-10-31 22:00", "2026-11-01 08:00"),
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(
    zone: ZoneInfo, hours: tuple[time, time], now: str, until: str | None
) -> None:
    found = QuietHours(*hours, zone).until(local(zone, now).astimezone(UTC))
    assert found == (until and local(zone, until).astimezone(UTC))


def test_an_end_that_comes_twice_ends_each_of_them() -> None:
    quiet = QuietHours(time(21), time(1, 30), NEW_YORK)
    once, again = (local(NEW_YORK, "2026-11-01 01:30", fold).astimezone(UTC) for fold in (0, 1))
    assert quiet.until(local(NEW_YORK, "2026-11-01 00:30").astimezone(UTC)) == once
    assert quiet.until(local(NEW_YORK, "2026-11-01 01:10", 1).astimezone(UTC)) == again


moments = st.integers(0, 4 * 366 * 24 * 60 * 60).map(lambda n: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=n))
walls = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))


@given(moments, walls, walls, st.sampled_from(ZONES))
def test_the_end_is_the_first_minute_that_is_not_quiet(now: datetime, begin: time, end: time, zone: ZoneInfo) -> None:
    quiet = QuietHours(begin, end, zone)
    until = quiet.until(now)
    assert (until is None) is not quiet.covers(now)
    if until is not None:
        assert now < until <= now + timedelta(hours=25)
        assert not quiet.covers(until)
        assert quiet.covers(until - timedelta(minutes=1))
        assert quiet.covers(now + (until - now) / 2)


@pytest.mark.parametrize(
    ("notice_type", "now", "starts_at", "waits"),
    [
        ("APPOINTMENT_REMINDER", "22:00", "2026-01-23 09:00", True),
        ("APPOINTMENT_REMINDER", "12:00", "2026-01-23 09:00", False),
        ("APPOINTMENT_CANCELLED", "21:30", "2026-01-22 22:00", False),
        ("APPOINTMENT_CANCELLED", "05:00", "2026-01-22 16:00", False),
        ("APPOINTMENT_CANCELLED", "22:00", "2026-01-23 09:00", False),
        ("APPOINTMENT_CANCELLED", "22:00", "2026-01-23 10:01", True),
        ("APPOINTMENT_CANCELLED", "22:00", "2026-01-22 09:00", True),
        ("APPOINTMENT_CANCELLED", "22:00", None, True),
        ("LOGIN_LINK_RESET", "22:00", None, False),
    ],
)
def test_what_cannot_wait_does_not(notice_type: str, now: str, starts_at: str | None, waits: bool) -> None:
    quiet = Policy().quiet_hours(KOLKATA)
    starts = local(KOLKATA, starts_at) if starts_at else None
    held = held_until(notice_type, starts, quiet, local(KOLKATA, f"2026-01-22 {now}"))
    assert (held is not None) is waits


def test_two_hours_are_enough_not_to_set_out() -> None:
    quiet = QuietHours(*NIGHT, KOLKATA)
    morning = datetime.combine(date(2026, 1, 23), NIGHT[1], KOLKATA)
    late = local(KOLKATA, "2026-01-22 22:00")
    assert held_until("APPOINTMENT_CANCELLED", morning + NOTICE, quiet, late) is None
    assert held_until("APPOINTMENT_CANCELLED", morning + NOTICE + timedelta(seconds=1), quiet, late) == morning


def test_nobody_declines_cancellations_or_account_mails() -> None:
    assert not any(
        map(may_decline, ("APPOINTMENT_CANCELLED", "LOGIN_LINK_VERIFY", "LOGIN_LINK_RESET", "PASSWORD_RESET"))
    )
    assert all(map(may_decline, ("APPOINTMENT_REMINDER", "NO_SHOW", "JOB_FAILING", "SOMETHING_NEW")))
    assert kind_of("PATIENT_BLOCKED") == "NEWS"


@pytest.mark.parametrize("text", ["", "9", "9:00", "24:00", "21:60", "21-00", "noon!", "٢١:00", "21:00:00"])
def test_a_wall_time_is_hours_and_minutes(text: str) -> None:
    with pytest.raises(ValueError, match="such as"):
        wall_time(text)
