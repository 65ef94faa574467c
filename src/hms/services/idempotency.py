"""Do once what a client, unsure whether its first try arrived, asks for again."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from hms.domain.errors import Code, DomainError
from hms.models import IdempotencyKey, new_id
from hms.transaction import Work

KEPT_FOR = timedelta(hours=24)
MAX_KEY_LENGTH = 255

# Both engines have the same «on conflict», each in its own class.
_INSERT: dict[str, Callable[[type[IdempotencyKey]], Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


@dataclass(frozen=True, slots=True)
class Once:
    """``key`` as the client chose it; ``fingerprint`` as `fingerprint_of` made it of the whole request."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON text to answer with. ``repeated``: it was given before and nothing was done now."""

    text: str
    repeated: bool


def once(work: Work, command: Once, act: Callable[[Work], str]) -> Answer:
    """Do ``act``, which returns its answer as JSON text, unless the actor has done so by this key within 24 hours.

    The key's row is the first thing that this transaction writes: repeats that come at the same time wait there, and
    find the answer when the first one commits, or their turn when it fails. Raise IDEMPOTENCY_MISMATCH when the key
    came with another request before.
    """
    kept = _claim(work, command)
    if kept is None:
        text = act(work)
        row = (IdempotencyKey.user_id == work.actor.user_id) & (IdempotencyKey.key == command.key)
        values = {"answer": text, "fingerprint": command.fingerprint, "created_at": work.machine_now}
        work.session.execute(update(IdempotencyKey).where(row).values(values))
        return Answer(text, repeated=False)
    if kept.fingerprint != command.fingerprint:
        raise DomainError(
            Code.IDEMPOTENCY_MISMATCH,
            "This Idempotency-Key was used for another request. Take a new key for each new request.",
        )
    return Answer(kept.answer, repeated=True)


def forget_expired(work: Work) -> int:
    """Delete the hospital's answers that are older than 24 hours; return how many there were."""
    expired = delete(IdempotencyKey).where(
        IdempotencyKey.hospital_id == work.actor.hospital_id,
        IdempotencyKey.created_at <= work.machine_now - KEPT_FOR,
    )
    return cast(CursorResult[Any], work.session.execute(expired)).rowcount


def fingerprint_of(method: str, path: str, body: bytes) -> str:
    """Return the hash by which a repeated request is told from another one."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).hexdigest()


def _claim(work: Work, command: Once) -> IdempotencyKey | None:
    """Write the key's row, or lock and return the one that is there; None when the work is still to be done."""
    mine = new_id()
    claim = (
        _INSERT[work.session.get_bind().dialect.name](IdempotencyKey)
        .values(
            id=mine,
            hospital_id=work.actor.hospital_id,
            user_id=work.actor.user_id,
            key=command.key,
            fingerprint=command.fingerprint,
            answer="",
            created_at=work.machine_now,
        )
        # Changes nothing, but waits for a first try still under way, locks its row and returns it as committed.
        .on_conflict_do_update(index_elements=["user_id", "key"], set_={"key": command.key})
        .returning(IdempotencyKey)
    )
    row: IdempotencyKey = work.session.scalars(claim).one()
    is_expired = row.created_at <= work.machine_now - KEPT_FOR
    return None if row.id == mine or is_expired else row
