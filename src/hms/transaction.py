"""What a service gets: the session of one writing transaction, who acts, one fixed instant, and a way to tell."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.domain.errors import Code, DomainError
from hms.domain.events import Changed, Event
from hms.outbox.record import audit, record
from hms.queries import hospitals
from hms.queries.hospitals import HospitalRules


@dataclass
class Work:
    """One writing transaction. Services never commit, never send, never read the clock.

    ``now``: hospital clock; ``machine_now``: machine clock (leases, take-over, tokens). Both stay fixed throughout.
    ``silent``: what happens is audited, but nobody is told (imports). ``actions``: how often what happened.
    ``pending_files``: how many files somebody now waits for.
    """

    session: Session
    actor: Actor
    now: datetime
    machine_now: datetime
    silent: bool = field(default=False, init=False)
    pending_messages: int = field(default=0, init=False)
    pending_files: int = field(default=0, init=False)
    actions: Counter[str] = field(default_factory=Counter, init=False)
    _rules: HospitalRules | None = field(default=None, init=False)

    def emit(self, *events: Event) -> None:
        """Write the audit rows and outgoing messages of what happened, in this transaction."""
        self.session.flush()
        self.actions.update(event.name for event in events)
        if self.silent:
            audit(self.session, self.actor, self.now, events)
            return
        self.pending_messages += record(
            self.session, self.actor, self.now, self.machine_now, events, lambda: self.hospital.locale
        )

    def changed(self, noun: str, verb: str, row: object, **values: object) -> None:
        """Audit a plain change of ``row`` (it has an ``id``) that nobody needs to be told of."""
        self.session.flush()
        self.emit(Changed(entity_id=row.id, noun=noun, verb=verb, values=values))  # type: ignore[attr-defined]

    def require(self, permission: Permission) -> None:
        """Raise FORBIDDEN unless the actor has the permission."""
        require(self.actor, permission)

    @property
    def hospital(self) -> HospitalRules:
        """The rules of the actor's hospital, read once."""
        # functools.cached_property would hold one lock for all threads of the process while the database is asked.
        if self._rules is None:
            self._rules = hospitals.rules(self.session, self.actor.hospital_id)
        return self._rules

    @hospital.setter
    def hospital(self, rules: HospitalRules) -> None:
        self._rules = rules  # by a service whose own statement brought them along

    @property
    def today(self) -> date:
        """The hospital's date at ``now``."""
        return self.now.astimezone(self.hospital.zone).date()


def require_version(row: object, seen: int | None, current: object | None = None) -> None:
    """Raise STALE_VERSION when the writer saw another version of ``row`` than the present one."""
    if seen is not None and seen != row.version:  # type: ignore[attr-defined]
        raise DomainError(
            Code.STALE_VERSION,
            "Somebody else changed this meanwhile. Look at its present state and try again.",
            current=current,
        )
