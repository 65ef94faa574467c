"""How many rows a transaction of a job takes."""

import pytest

from hms.processes.batches import AIM, FEWEST, FIRST, Pace


def test_it_begins_carefully_and_doubles_while_the_database_is_quick() -> None:
    pace = Pace(500)
    taken = []
    for _ in range(6):
        taken.append(pace.rows)
        pace.learn(AIM / 10)
    assert taken == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST, 500, 500]


@pytest.mark.parametrize(
    ("rows", "seconds", "then"),
    [
        (400, 2 * AIM, 200),
        (400, AIM, 400),
        (400, 0.8 * AIM, 500),
        (400, 100.0, FEWEST),  # it has waited for somebody's lock, and does not crawl for that
    ],
)
def test_it_takes_what_fits_into_the_time(rows: int, seconds: float, then: int) -> None:
    pace = Pace(500)
    pace.rows = rows
    pace.learn(seconds)
    assert pace.rows == then


def test_it_never_takes_more_than_it_may() -> None:
    pace = Pace(3)
    for seconds in (0.0, AIM, 100.0):
        assert pace.rows == 3
        pace.learn(seconds)
    assert pace.rows == 3
