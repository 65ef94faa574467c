"""The dashboard: is today normal, and how do the days, doctors and waits of a period stand beside those before."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, require
from hms.domain.figures import DEFINITIONS, LONGEST_PERIOD, USUAL_PERIOD, Direction, Wanted
from hms.processes import figures
from hms.processes.figures import Told, tell
from hms.queries import doctors
from hms.queries.doctors import DoctorFilters
from hms.web.pages.dashboard_view import course_chart, doctors_chart, leads_chart, times_chart, waits_chart
from hms.web.pages.desk import desk, go, page, reading, runtime, staff_only

HERE = "dashboard"
PRESETS = (7, 30, 90, 365)
DAILY_UP_TO = 62
"""A longer period is drawn by weeks."""
MANY = 500
TRENDS: dict[Direction, str] = {
    Direction.RISING: "up",
    Direction.FALLING: "down",
    Direction.STEADY: "steady",
    Direction.UNKNOWN: "nothing to compare with",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The period and doctor that the address names; what makes no sense falls back to the last 30 days."""

    wanted: Wanted
    problem: str = ""

    @classmethod
    def read(cls, today: date) -> "Asked":
        """Read the address."""
        doctor = request.args.get("doctor", type=UUID)
        usual = Wanted(today - timedelta(days=USUAL_PERIOD - 1), today, doctor)
        first, last = request.args.get("from", ""), request.args.get("to", "")
        if not first and not last:
            return cls(usual)
        try:
            wanted = Wanted(date.fromisoformat(first), date.fromisoformat(last), doctor)
        except ValueError:
            return cls(usual, "Choose a first and a last day. The last 30 days are shown.")
        if not 1 <= wanted.days <= LONGEST_PERIOD or wanted.first.year < 1900 or wanted.last.year > 2999:
            told = f"The last day must not be before the first, and at most {LONGEST_PERIOD} days are shown at once."
            return cls(usual, f"{told} The last 30 days are shown.")
        return cls(wanted)


def register(pages: Blueprint) -> None:
    """Add the dashboard."""
    pages.get("/dashboard", endpoint="dashboard")(show)


@staff_only
def show() -> AnyResponse:
    """Show today and the period that the address names; ``refresh`` has it all counted anew first."""
    at = desk()
    require(at.actor, Permission.SEE_FIGURES)
    asked = Asked.read(at.today)
    refresh = "refresh" in request.args
    values, oldest = _figures(asked.wanted, at.today, refresh=refresh)
    if refresh:
        return go("pages.dashboard", **request.args.to_dict() | {"refresh": None})
    with reading() as session:
        everybody = doctors.listing(session, at.actor, DoctorFilters(), after=None, limit=MANY)
    presets = [(days, at.today - timedelta(days=days - 1)) for days in PRESETS]
    return page(
        "dashboard/page.html",
        HERE,
        asked=asked,
        everybody=everybody,
        presets=presets,
        today=at.today,
        oldest=oldest,
        meanings=DEFINITIONS,
        trends=TRENDS,
        **values,
    )


def _figures(wanted: Wanted, today: date, *, refresh: bool) -> tuple[dict[str, Any], Told[Any]]:
    """Return all figures of the page, and the oldest of them."""
    house, actor = runtime(), desk().actor
    weekly = wanted.days > DAILY_UP_TO

    def ask(figure: figures.Figure[Any], of: Wanted = wanted) -> Told[Any]:
        return tell(house, actor, figure, of, refresh=refresh)

    told = {
        "now": ask(figures.DASHBOARD, Wanted(today, today, wanted.doctor_id)),
        "totals": ask(figures.NO_SHOWS),
        "course": ask(figures.BY_WEEK if weekly else figures.BY_DAY),
        "by_doctor": ask(figures.BY_DOCTOR),
        "times": ask(figures.UTILISATION),
        "waits": ask(figures.WAITING_TIMES),
        "leads": ask(figures.LEAD_TIMES),
        "reminders": ask(figures.REMINDERS),
        "penalties": ask(figures.penalties_by_patient(10)),
    }
    values: dict[str, Any] = {name: one.value for name, one in told.items()}
    values["charts"] = [
        course_chart(values["course"], weekly=weekly),
        doctors_chart(values["by_doctor"]),
        times_chart(values["times"]),
        waits_chart(values["waits"]),
        leads_chart(values["leads"]),
    ]
    return values, max(told.values(), key=lambda one: one.age)
