"""A patient's history as a file: the states of its task, and the lines that it has (rules §8)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from hms.domain.spreadsheets import line


class ExportStatus(StrEnum):
    """Where a task stands."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


UNDER_WAY = frozenset({ExportStatus.PENDING, ExportStatus.RUNNING})
"""A patient has at most one task in these states; asking again gives that one."""

COLUMNS = ("date", "doctor", "diagnosis", "treatment_notes", "status", "specialization", "time")

LEASE = timedelta(minutes=1)
"""How long a worker holds a task without a sign of life (machine clock); each written part renews it."""

MAX_TRIES = 5
MOST_A_DAY = 10
PART_BYTES = 256 * 1024
"""No row of the database holds more of a file."""

MOST_ATTACHED = 8 * 1024 * 1024
"""Longer files are not mailed, since many mail servers take no more than 10 MB; the mail leads to the download."""


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One visit as the file has it, at the hospital's wall time; texts are empty where nothing was written."""

    date: date
    start: time
    doctor: str
    specialization: str
    status: str
    diagnosis: str = ""
    treatment_notes: str = ""

    def written(self) -> str:
        """Write the line, in the columns' order."""
        told = (self.date, self.doctor, self.diagnosis, self.treatment_notes)
        return line((*told, self.status, self.specialization, f"{self.start:%H:%M}"))


def heading() -> str:
    """Write the file's first line."""
    return line(COLUMNS)


def parts_of(text: str) -> list[bytes]:
    """Cut a text, in UTF-8, into pieces that rows can hold."""
    whole = text.encode()
    return [whole[at : at + PART_BYTES] for at in range(0, len(whole), PART_BYTES)]


def retry_delay(tries: int) -> timedelta:
    """Return the pause after a failure: 5 s, growing fourfold to 5 minutes at most."""
    return min(timedelta(seconds=5 * 4 ** max(0, tries - 1)), timedelta(minutes=5))


def is_over(status: ExportStatus, expires_at: datetime | None, now: datetime) -> bool:
    """Tell whether a finished file may no longer be given out, whether or not it was deleted yet."""
    return status is ExportStatus.EXPIRED or (expires_at is not None and now >= expires_at)


def progress(status: ExportStatus, done: int, total: int) -> int:
    """Return how much is written, in percent; 100 is only said of what is done."""
    if status in {ExportStatus.DONE, ExportStatus.EXPIRED}:
        return 100
    return min(99, 100 * done // total) if total else 0
