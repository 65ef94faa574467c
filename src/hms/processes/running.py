"""What a running job is given, and how it reports."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from hms.access.actors import Actor
from hms.domain.errors import DomainError
from hms.runtime import Runtime
from hms.transaction import Work

P = ParamSpec("P")
R = TypeVar("R")

MAX_PROBLEMS_NAMED = 5


class UnfinishedError(Exception):
    """A job did all it could and left something undone; the message says what."""


@dataclass
class Running:
    """A run in progress: its row's id, the items done so far and what went wrong with single items."""

    runtime: Runtime
    hospital_id: UUID
    run_id: UUID
    items: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def batch_size(self) -> int:
        """How many items one transaction takes."""
        return self.runtime.settings.job_batch_size

    def transact(self, service: Callable[Concatenate[Work, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one batch as the system, in its own transaction."""
        return self.runtime.transact(Actor.system(self.hospital_id), service, *args, **kwargs)

    def require_finished(self) -> None:
        """Raise UnfinishedError naming the items that could not be done."""
        if self.problems:
            named = "; ".join(self.problems[:MAX_PROBLEMS_NAMED])
            more = f" (and {left} more)" if (left := len(self.problems) - MAX_PROBLEMS_NAMED) > 0 else ""
            raise UnfinishedError(f"{len(self.problems)} could not be done: {named}{more}")


def describe(error: Exception) -> str:
    """Put an error into one line for the run's row: no SQL, no parameters, no patient's data."""
    if isinstance(error, DomainError | UnfinishedError):
        return str(error)
    # The driver's first line names the guard; the lines after it may quote the row.
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip().splitlines()
    return f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
