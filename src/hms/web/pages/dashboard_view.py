"""The dashboard's charts as tables: what is drawn is read from the table that stands below it."""

from collections.abc import Sequence
from dataclasses import dataclass

from hms.queries.figures.counts import ByDoctor, Counts, Course, DaysCounts
from hms.queries.figures.utilisation import Utilisation
from hms.queries.figures.waiting import InBand, LeadTimes, WaitingTimes
from hms.web.pages.formats import short_date

Cell = int | float | None

FEWEST_COMPARED = 20
"""So many visits a doctor must have had for the rate to stand beside others': one missed visit of one is no habit."""


@dataclass(frozen=True, slots=True)
class Series:
    """One column of numbers. ``look``: bar, stack (on the bar before), line, or faint (a line of the period before).

    ``colour``: a token's name. ``unit`` stands behind each number; a series of percentages has an axis of its own.
    """

    name: str
    look: str
    colour: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and its table. ``meanings``: the figures whose definitions explain it; ``lies``: bars lie down."""

    name: str
    title: str
    told: str
    first_column: str
    series: Sequence[Series]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    meanings: Sequence[str] = ()
    lies: bool = False

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to draw."""
        return not any(cell for _, cells in self.rows for cell in cells)


def course_chart(course: Course, *, weekly: bool) -> Chart:
    """Draw visits and no-shows over days or weeks, with the rate and that of the period before."""
    step = "week" if weekly else "day"
    earlier: list[DaysCounts | None] = [*course.before, *([None] * len(course.rows))]
    rows = [
        (_days(row), _course_cells(row.counts, before.counts if before else Counts()))
        for row, before in zip(course.rows, earlier, strict=False)
    ]
    return Chart(
        name="course",
        title=f"Visits and no-shows by {step}",
        told=f"Bars: visits that took place and missed ones. Lines: the no-show rate of each {step}, and before.",
        first_column=step.capitalize(),
        series=(
            Series("Took place", "bar", "green"),
            Series("Missed", "stack", "red"),
            Series("No-show rate", "line", "ink", "%"),
            Series("Rate before", "faint", "muted", "%"),
        ),
        rows=rows,
        meanings=("attended", "noShows", "noShowRate"),
    )


def doctors_chart(found: ByDoctor) -> Chart:
    """Draw each doctor's no-show rate, highest first, with that of the period before; those of few visits last."""
    ordered = sorted(
        found.rows,
        key=lambda row: (
            row.counts.attended + row.counts.no_shows < FEWEST_COMPARED,
            -(row.counts.rate or 0),
            row.last_name,
            row.first_name,
        ),
    )
    return Chart(
        name="doctors",
        title="No-show rate by doctor",
        told=f"Highest first, those of fewer than {FEWEST_COMPARED} visits last; ten are drawn, all are in the table.",
        first_column="Doctor",
        series=(
            Series("No-show rate", "bar", "red", "%"),
            Series("Rate before", "bar", "grey", "%"),
            Series("Visits", "none", "ink"),
            Series("Missed", "none", "ink"),
        ),
        rows=[
            (
                f"{row.first_name} {row.last_name}",
                (row.counts.rate, row.before.rate, row.counts.appointments, row.counts.no_shows),
            )
            for row in ordered
        ],
        meanings=("noShowRate",),
        lies=True,
    )


def times_chart(found: Utilisation) -> Chart:
    """Draw each doctor's booked, free and lost hours, most offered first."""
    ordered = sorted(found.rows, key=lambda row: (-row.times.minutes_offered, row.last_name, row.first_name))
    return Chart(
        name="times",
        title="Time by doctor",
        told="Most offered first; ten are drawn, all are in the table. Lost time is part of the booked time.",
        first_column="Doctor",
        series=(
            Series("Used", "bar", "blue", "h"),
            Series("Lost", "stack", "red", "h"),
            Series("Free", "stack", "grey", "h"),
            Series("Utilisation", "none", "ink", "%"),
            Series("Released", "none", "ink"),
            Series("Rebooked", "none", "ink"),
        ),
        rows=[
            (
                f"{row.first_name} {row.last_name}",
                (
                    _hours(max(0, row.times.minutes_booked - row.times.minutes_lost)),
                    _hours(row.times.minutes_lost),
                    _hours(max(0, row.times.minutes_offered - row.times.minutes_booked)),
                    float(row.times.utilisation.rstrip("%")),
                    row.times.released,
                    row.times.rebooked,
                ),
            )
            for row in ordered
        ],
        meanings=("minutesOffered", "minutesBooked", "minutesLost", "utilisation", "released", "rebooked"),
        lies=True,
    )


def waits_chart(found: WaitingTimes) -> Chart:
    """Draw how many visits waited how long."""
    waits = (found.to_vitals, found.to_doctor, found.to_begin)
    rows = [
        (_band(bands[0], "min"), tuple(band.visits for band in bands))
        for bands in zip(*(wait.bands for wait in waits), strict=True)
    ]
    return Chart(
        name="waits",
        title="How long patients waited",
        told="Visits by minutes of waiting.",
        first_column="Waited",
        series=(
            Series("Check-in to vitals", "bar", "blue"),
            Series("Vitals to doctor", "bar", "violet"),
            Series("Check-in to doctor", "bar", "amber"),
        ),
        rows=rows,
        meanings=("toVitals", "toDoctor", "toBegin"),
    )


def leads_chart(found: LeadTimes) -> Chart:
    """Draw how far ahead visits were booked, and how many of those were missed."""
    return Chart(
        name="leads",
        title="How far ahead visits are booked",
        told="Bars: visits by the days between booking and start. Line: how many of them were missed.",
        first_column="Booked ahead",
        series=(
            Series("Visits", "bar", "blue"),
            Series("No-show rate", "line", "red", "%"),
        ),
        rows=[
            (_band(band, "days"), (band.visits, float(band.no_show_rate.rstrip("%")) if band.visits else None))
            for band in found.bands
        ],
        meanings=("leadTime", "noShowRate"),
    )


def _days(row: DaysCounts) -> str:
    return short_date(row.first) if row.first == row.last else f"{short_date(row.first)}–{short_date(row.last)}"


def _course_cells(counts: Counts, before: Counts) -> tuple[Cell, ...]:
    return counts.attended, counts.no_shows, counts.rate, before.rate


def _band(band: InBand, unit: str) -> str:
    if band.last is None:
        return f"{band.first} {unit} and more"
    if band.first == band.last:
        return f"under a {unit.rstrip('s')}" if band.first == 0 else f"{band.first} {unit}"
    return f"{band.first}–{band.last} {unit}"


def _hours(minutes: int) -> float:
    return round(minutes / 60, 1)
