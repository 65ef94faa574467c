"""What the automation reports."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from hms.domain.events.base import Event
from hms.domain.people import Contact
from hms.domain.reports import ReportTotals


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReported(Event):
    """A doctor's month was written down. ``month``: its first day."""

    action: ClassVar[str] = "monthly_report.written"
    entity: ClassVar[str] = "monthly_report"

    doctor: Contact
    doctor_id: UUID
    month: date
    totals: ReportTotals

    def details(self) -> dict[str, object]:
        """Return whose month it is and its numbers."""
        return {"doctorId": str(self.doctor_id), "month": self.month.isoformat(), **asdict(self.totals)}


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySummarised(Event):
    """The admins are told of a day's no-shows; ``appointments`` leaves the cancelled ones out."""

    action: ClassVar[str] = "no_show_summary.written"
    entity: ClassVar[str] = "hospital"

    day: date
    appointments: int
    no_shows: int
    admins: tuple[Contact, ...]

    def details(self) -> dict[str, object]:
        """Return the day and its numbers."""
        return {"day": self.day.isoformat(), "appointments": self.appointments, "noShows": self.no_shows}
