"""Composition root: settings, engines, clocks and gateways put together, and the two doors into the house."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.clock import Clocks, sleep, system_clocks
from hms.domain.errors import Code, DomainError
from hms.gateways import from_settings
from hms.gateways.protocols import Gateways
from hms.gateways.shelf import Shelf, shelf_of
from hms.metrics import Metrics
from hms.models.engines import Database, ReadSession, open_database
from hms.models.guards import is_overtime, is_retryable, message_of, violated
from hms.settings import Settings, local_secret
from hms.transaction import Work

P = ParamSpec("P")
R = TypeVar("R")
log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 6
GUARD_ATTEMPTS = 2


def _no_nudge() -> None:
    """Do nothing: the relay's own beat finds what waits."""


class _RehearsedError(Exception):
    """Carry a result out of a transaction that is to be rolled back."""

    def __init__(self, result: object) -> None:
        super().__init__()
        self.result = result


@dataclass
class Runtime:
    """Everything a process needs. ``nudge`` tells a worker, after a commit, that messages wait; ``ask_writer``: files.

    ``metrics``: what this process did, counted after the commit.
    """

    settings: Settings
    database: Database
    clocks: Clocks
    gateways: Gateways
    nudge: Callable[[], None] = field(default=_no_nudge)
    ask_writer: Callable[[], None] = field(default=_no_nudge)
    metrics: Metrics = field(default_factory=Metrics)

    def transact(
        self,
        actor: Actor,
        service: Callable[Concatenate[Work, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Run ``service(work, …)`` in one writing transaction and commit it.

        Serialization failures, deadlocks and lock time-outs rerun the whole function a bounded number of times. A
        write that the schema's last guard refused is rerun once, so that the checks in front of it can name the
        reason; if they still see none, the guard's own domain error is raised. Anything else rolls back and rises.
        """
        for attempt in count(1):
            try:
                result, work = self._attempt(actor, service, args, kwargs)
            except DBAPIError as error:
                self._give_up_or_wait(error, attempt)
            else:
                self.metrics.changed(work.actions)
                if work.pending_messages:
                    self.nudge()
                if work.pending_files:
                    self.ask_writer()
                return result
        raise AssertionError("counting never ends")

    def maintain(self, step: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``step(session, …)`` in one writing transaction: the house's own upkeep, in which nobody acts."""
        for attempt in count(1):
            try:
                with self.database.writing() as session:
                    return step(session, *args, **kwargs)
            except DBAPIError as error:
                self._give_up_or_wait(error, attempt)
        raise AssertionError("counting never ends")

    def rehearse(
        self,
        actor: Actor,
        service: Callable[Concatenate[Work, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Run ``service(work, …)`` as `transact` does, keep nothing of it, and return what it would have returned."""

        def act(work: Work) -> R:
            result = service(work, *args, **kwargs)
            work.session.flush()  # what the schema would refuse is refused in a rehearsal too
            raise _RehearsedError(result)

        try:
            return self.transact(actor, act)
        except _RehearsedError as end:
            return cast(R, end.result)

    def read(self, query: Callable[Concatenate[ReadSession, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``query(session, …)`` in a read-only session."""
        with self.database.reading() as session:
            return query(session, *args, **kwargs)

    def measure(
        self, query: Callable[Concatenate[ReadSession, P], R], seconds: float, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run ``query(session, …)`` as `read` does, from one state of the data; raise BUSY when it takes too long."""
        try:
            with self.database.measuring(seconds) as session:
                return query(session, *args, **kwargs)
        except DBAPIError as error:
            if not is_overtime(error):
                raise
            raise DomainError(
                Code.BUSY, "Counting this takes too long now. Choose a shorter period, or try again later."
            ) from error

    def ask(self, query: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``query(connection, …)``, as `read` does, for a query of plain columns: the few that run most of all."""
        with self.database.asking() as connection:
            return query(connection, *args, **kwargs)

    def reading(self) -> AbstractContextManager[ReadSession]:
        """Open a read-only session for several queries."""
        return self.database.reading()

    @cached_property
    def shelf(self) -> Shelf:
        """Answers kept for some minutes."""
        return shelf_of(self.settings)

    @cached_property
    def secret_key(self) -> str:
        """The secret that signs tokens: the one set, or the data folder's own."""
        return self.settings.secret_key.get_secret_value() or local_secret(self.settings.data_dir)

    def close(self) -> None:
        """Give all connections back."""
        self.database.dispose()

    def _attempt(
        self, actor: Actor, service: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[R, Work]:
        with self.database.writing() as session:
            # The instant is taken once the writing transaction is open: a writer that queued must not act in the past.
            work = Work(session, actor, self.clocks.hospital.now(), self.clocks.machine.now())
            result = service(work, *args, **kwargs)
            session.flush()
        return result, work

    @staticmethod
    def _give_up_or_wait(error: DBAPIError, attempt: int) -> None:
        code = violated(error)
        if code is not None and attempt >= GUARD_ATTEMPTS:
            raise DomainError(code, message_of(code)) from error
        if code is None and not is_retryable(error):
            raise error
        if attempt >= MAX_ATTEMPTS:
            raise DomainError(Code.BUSY, "Too many changes at once. Please try again in a moment.") from error
        sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 -- jitter, not a secret


def build(settings: Settings, *, clocks: Clocks | None = None, gateways: Gateways | None = None) -> Runtime:
    """Put a process together from ``settings``; tests hand in their own clocks and gateways."""
    database = open_database(
        settings.effective_database_url,
        pool_size=settings.database_pool_size,
        sqlite_synchronous=settings.sqlite_synchronous,
    )
    return Runtime(
        settings=settings,
        database=database,
        clocks=clocks or system_clocks(),
        gateways=gateways or from_settings(settings),
    )
