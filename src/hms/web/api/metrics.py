"""Figures for admins, counted at most every five minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import Field

from hms.access.permissions import Permission
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.figures import LONGEST_PERIOD, USUAL_PERIOD, Wanted
from hms.processes import figures
from hms.processes.figures import Figure, tell
from hms.queries.figures.counts import ByDoctor, Course, NoShowTotals
from hms.queries.figures.penalties import PenaltiesByDoctor, PenaltiesByPatient
from hms.queries.figures.today import DashboardStats
from hms.queries.figures.utilisation import Utilisation
from hms.queries.figures.waiting import LeadTimes, Reminders, WaitingTimes
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Day, Query

routes = Routes(
    "Metrics",
    "Figures about visits, by the hospital's days, beside as many days before. They are up to five minutes old "
    "(`ageSeconds`); `refresh=true` has them counted anew.",
)
T = TypeVar("T")


class MetricsQuery(Query):
    """Visits from ``from`` to ``to`` (hospital dates, both included), by default of the last 30 days."""

    from_: Day | None = None
    to: Day | None = None
    doctor_id: UUID | None = None
    refresh: bool = False


class PatientsQuery(MetricsQuery):
    """Visits from ``from`` to ``to`` (hospital dates, both included), by default of the last 30 days."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50


class DashboardQuery(Query):
    """Today, of one doctor if given."""

    doctor_id: UUID | None = None
    refresh: bool = False


@dataclass(frozen=True, slots=True)
class Metrics(Generic[T]):
    """Figures, when they were counted, and how old they are."""

    computed_at: datetime
    age_seconds: int
    figures: T


@routes.get("/admin/metrics/no-shows", needs=Permission.SEE_FIGURES, errors=(Code.NOT_FOUND,))
def no_shows(call: Call, query: MetricsQuery) -> Metrics[NoShowTotals]:
    """Count visits and no-shows, with rate and trend."""
    return _told(call, figures.NO_SHOWS, query)


@routes.get("/admin/metrics/no-shows/by-doctor", needs=Permission.SEE_FIGURES, errors=(Code.NOT_FOUND,))
def by_doctor(call: Call, query: MetricsQuery) -> Metrics[ByDoctor]:
    """Count them for each doctor, by name."""
    return _told(call, figures.BY_DOCTOR, query)


@routes.get("/admin/metrics/no-shows/by-day", needs=Permission.SEE_FIGURES, errors=(Code.NOT_FOUND,))
def by_day(call: Call, query: MetricsQuery) -> Metrics[Course]:
    """Count them for each day, days without visits included."""
    return _told(call, figures.BY_DAY, query)


@routes.get("/admin/metrics/no-shows/by-week", needs=Permission.SEE_FIGURES, errors=(Code.NOT_FOUND,))
def by_week(call: Call, query: MetricsQuery) -> Metrics[Course]:
    """Count them for each week; weeks begin as in the hospital's locale.

    The first and the last week hold only their days within the period.
    """
    return _told(call, figures.BY_WEEK, query)


@routes.get("/admin/metrics/penalties/by-patient", needs=Permission.SEE_FIGURES, errors=(Code.NOT_FOUND,))
def penalties_by_patient(call: Call, query: PatientsQuery) -> Metrics[PenaltiesByPatient]:
    """Name the patients with most penalties, by the days of the missed visits.

    `GET /admin/penalties/no-shows` lists all penalties one by one.
    """
    return _told(call, figures.penalties_by_patient(query.limit), query)


@routes.get("/admin/metrics/penalties/by-doctor", needs=Permission.SEE_FIGURES, errors=(Code.NOT_FOUND,))
def penalties_by_doctor(call: Call, query: MetricsQuery) -> Metrics[PenaltiesByDoctor]:
    """Count penalties by the doctor of the missed visit, most first."""
    return _told(call, figures.PENALTIES_BY_DOCTOR, query)


@routes.get("/admin/metrics/utilisation", needs=Permission.SEE_FIGURES, errors=(Code.NOT_FOUND,))
def utilisation(call: Call, query: MetricsQuery) -> Metrics[Utilisation]:
    """Add up time offered, booked, released, rebooked and lost, in all and by doctor."""
    return _told(call, figures.UTILISATION, query)


@routes.get("/admin/metrics/waiting-times", needs=Permission.SEE_FIGURES, errors=(Code.NOT_FOUND,))
def waiting_times(call: Call, query: MetricsQuery) -> Metrics[WaitingTimes]:
    """Tell how many minutes patients waited: from check-in to vitals, from vitals to the doctor, and in all."""
    return _told(call, figures.WAITING_TIMES, query)


@routes.get("/admin/metrics/lead-times", needs=Permission.SEE_FIGURES, errors=(Code.NOT_FOUND,))
def lead_times(call: Call, query: MetricsQuery) -> Metrics[LeadTimes]:
    """Tell how many days ahead visits were booked, and how many of them were missed."""
    return _told(call, figures.LEAD_TIMES, query)


@routes.get("/admin/metrics/reminders", needs=Permission.SEE_FIGURES, errors=(Code.NOT_FOUND,))
def reminders(call: Call, query: MetricsQuery) -> Metrics[Reminders]:
    """Compare visits of which the patient was reminded, or which they confirmed, with the others."""
    return _told(call, figures.REMINDERS, query)


@routes.get("/admin/dashboard-stats", needs=Permission.SEE_FIGURES, errors=(Code.NOT_FOUND,))
def dashboard_stats(call: Call, query: DashboardQuery) -> Metrics[DashboardStats]:
    """Tell how today stands, beside what this weekday usually brings."""
    wanted = Wanted(call.today, call.today, query.doctor_id)
    return _metrics(call, figures.DASHBOARD, wanted, refresh=query.refresh)


def _told(call: Call, figure: Figure[T], query: MetricsQuery) -> Metrics[T]:
    last = query.to or call.today
    first = query.from_ or last - timedelta(days=USUAL_PERIOD - 1)
    if not 0 <= (last - first).days < LONGEST_PERIOD:
        reason = f"must be from 0 to {LONGEST_PERIOD - 1} days after from"
        raise DomainError(Code.VALIDATION, f"The last day {reason}.", [Detail("to", reason)])
    return _metrics(call, figure, Wanted(first, last, query.doctor_id), refresh=query.refresh)


def _metrics(call: Call, figure: Figure[T], wanted: Wanted, *, refresh: bool) -> Metrics[T]:
    told = tell(call.runtime, call.actor, figure, wanted, refresh=refresh)
    return Metrics(told.computed_at, int(told.age.total_seconds()), told.value)
