"""The one door to a row by its identifier: another hospital's row does not exist."""

from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.errors import Code, DomainError

T = TypeVar("T", bound=Any)
"""A mapped class whose rows have ``id`` and ``hospital_id``."""


def find(session: Session, actor: Actor, model: type[T], row_id: UUID, *, lock: bool = False) -> T:
    """Return the row of the actor's hospital, locked for change when asked; raise NOT_FOUND otherwise."""
    row = lookup(session, actor, model, row_id, lock=lock)
    if row is None:
        raise not_found(model.__name__)
    return row


def lookup(session: Session, actor: Actor, model: type[T], row_id: UUID, *, lock: bool = False) -> T | None:
    """Return the row of the actor's hospital or None; a locked row is read anew."""
    statement = select(model).where(model.id == row_id, model.hospital_id == actor.hospital_id)
    if lock:
        # NO KEY: rows that merely point here (foreign keys) need not wait. SQLite has one writer anyway.
        statement = statement.with_for_update(key_share=True, of=model).execution_options(populate_existing=True)
    row: T | None = session.scalar(statement)
    return row


def own_patients(actor: Actor, column: Any) -> ColumnElement[bool]:
    """Build the condition that a column names a patient who is the actor, or whom the actor looks after."""
    if len(actor.patient_ids) == 1:  # nearly always: the plain comparison is what the index is asked for
        return cast(ColumnElement[bool], column == next(iter(actor.patient_ids)))
    return cast(ColumnElement[bool], column.in_(sorted(actor.patient_ids)))


def not_found(noun: str) -> DomainError:
    """Build the answer for a row that is not there, or not the asker's to know of."""
    return DomainError(Code.NOT_FOUND, f"There is no such {_words(noun)}.")


def _words(name: str) -> str:
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
