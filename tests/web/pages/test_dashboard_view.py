"""What the dashboard draws first."""

from __future__ import annotations

from datetime import date

from hms.domain.figures import trend_of
from hms.models import new_id
from hms.queries.figures.counts import ByDoctor, Counts, DoctorCounts
from hms.web.pages.dashboard_view import FEWEST_COMPARED, doctors_chart
from hms.web.pages.formats import counted

DAY = date(2026, 1, 22)


def of(name: str, attended: int, missed: int) -> DoctorCounts:
    counts = Counts.of((attended + missed, attended, missed, 0))
    return DoctorCounts(new_id(), "", name, counts, Counts(), trend_of(None, None))


def test_rates_of_few_visits_stand_behind_those_that_can_be_compared() -> None:
    chart = doctors_chart(
        ByDoctor(
            DAY,
            DAY,
            [
                of("One", 0, 1),
                of("Few", FEWEST_COMPARED - 2, 1),
                of("Low", 90, 10),
                of("High", FEWEST_COMPARED - 10, 10),
                of("None", 0, 0),
            ],
        )
    )
    assert [name.strip() for name, _ in chart.rows] == ["High", "Low", "One", "Few", "None"]


def test_large_numbers_are_read_by_thousands() -> None:
    assert [counted(1, "visit"), counted(0, "visit"), counted(13_019, "patient")] == [
        "1 visit",
        "0 visits",
        "13,019 patients",
    ]
