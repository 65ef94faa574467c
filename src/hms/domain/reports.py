"""A doctor's monthly report: which month it is of, and what it says (rules §6)."""

from dataclasses import dataclass
from datetime import date, time, timedelta


def first_of_month(day: date) -> date:
    """Return the first day of the month that ``day`` is in."""
    return day.replace(day=1)


def month_before(day: date) -> date:
    """Return the first day of the month before the one that ``day`` is in."""
    return first_of_month(first_of_month(day) - timedelta(days=1))


def month_after(day: date) -> date:
    """Return the first day of the month after the one that ``day`` is in."""
    return first_of_month(first_of_month(day) + timedelta(days=31))


@dataclass(frozen=True, slots=True)
class ReportTotals:
    """A month in numbers.

    ``appointments`` leaves the cancelled ones out; ``treatments`` are the completed consultations in which a treatment
    or a prescription was written down.
    """

    appointments: int = 0
    completed: int = 0
    no_shows: int = 0
    treatments: int = 0


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One completed visit of the month, at the hospital's wall time; texts are empty where nothing was written."""

    date: date
    start: time
    patient: str
    diagnosis: str = ""
    treatment: str = ""

    def stored(self) -> list[str]:
        """Return the line as it is kept."""
        return [self.date.isoformat(), f"{self.start:%H:%M}", self.patient, self.diagnosis, self.treatment]

    @classmethod
    def read(cls, stored: list[str]) -> "ReportLine":
        """Read a line as it is kept."""
        day, start, *texts = stored
        return cls(date.fromisoformat(day), time.fromisoformat(start), *texts)
