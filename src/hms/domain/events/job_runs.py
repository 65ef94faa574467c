"""What the automation tells of itself."""

from dataclasses import dataclass
from typing import Any, ClassVar

from hms.domain.events.base import Event
from hms.domain.people import Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailing(Event):
    """A job failed three times in a row; ``cause`` is the run that made it three."""

    action: ClassVar[str] = "job.failing"
    entity: ClassVar[str] = "job_run"

    job: str
    failures: int
    error: str
    admins: tuple[Contact, ...]

    def details(self) -> dict[str, Any]:
        """Return job, failures and the error's first line."""
        return {"job": self.job, "failures": self.failures, "error": self.error}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecovered(Event):
    """A job that had failed three times in a row is well again."""

    action: ClassVar[str] = "job.recovered"
    entity: ClassVar[str] = "job_run"

    job: str
    admins: tuple[Contact, ...]

    def details(self) -> dict[str, Any]:
        """Return the job."""
        return {"job": self.job}
