from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hms.domain.queues import called_as, turn, waiting_since


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-01-22T{clock}").replace(tzinfo=UTC)


def test_who_was_here_in_time_goes_before_who_came_late_or_comes_later() -> None:
    arrivals = {
        "early for eleven": (at("11:00"), at("08:00")),
        "in time for nine": (at("09:00"), at("08:50")),
        "twenty minutes late for nine": (at("09:00"), at("09:20")),
        "in time for quarter past": (at("09:15"), at("09:10")),
        "in time for twenty past": (at("09:20"), at("09:19")),
    }
    assert sorted(arrivals, key=lambda who: turn(*arrivals[who])) == [
        "in time for nine",
        "in time for quarter past",
        "twenty minutes late for nine",
        "in time for twenty past",
        "early for eleven",
    ]


def test_nobody_waits_before_their_time() -> None:
    assert waiting_since(at("09:00"), at("08:30")) == at("09:00")
    assert waiting_since(at("09:00"), at("09:05")) == at("09:05")


@pytest.mark.parametrize(
    ("first", "last", "shown"), [("Roy", "Anindya", "Roy A."), ("Ōe", "Ōe", "Ōe Ō."), ("Asha", "", "Asha.")]
)
def test_a_screen_shows_little_of_a_name(first: str, last: str, shown: str) -> None:
    assert called_as(first, last) == shown
