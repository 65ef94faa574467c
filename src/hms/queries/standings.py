"""What follows from penalties: the one place that says which of them count."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from hms.domain.no_shows import Tally
from hms.domain.people import Contact, PatientStatus
from hms.models import NoShowPenalty, Patient
from hms.models.engines import aside


@dataclass(slots=True)
class HeldPatient:
    """A patient whose row is locked: the standing, which may change in hand."""

    id: UUID
    status: PatientStatus
    no_show_count: int
    blocked_at: datetime | None
    blocked_reason: str | None
    blocked_by_count: bool
    version: int


def lock(session: Session, hospital_id: UUID, patient_ids: Collection[UUID]) -> dict[UUID, HeldPatient]:
    """Lock the patients' rows in the order of their ids, and return them by id; what is not the hospital's is not."""
    p = Patient
    statement = (
        select(p.id, p.status, p.no_show_count, p.blocked_at, p.blocked_reason, p.blocked_by_count, p.version)
        .where(p.hospital_id == hospital_id, p.id.in_(patient_ids))
        .order_by(p.id)
        .with_for_update(key_share=True, of=p)
    )
    return {row[0]: HeldPatient(*row) for row in session.execute(statement)}


def contacts(session: Session, hospital_id: UUID, patient_ids: Collection[UUID]) -> dict[UUID, Contact]:
    """Return where the hospital's patients can be reached, by id."""
    p = Patient
    statement = select(p.id, p.first_name, p.last_name, p.user_id, p.email, p.phone, p.language).where(
        p.hospital_id == hospital_id, p.id.in_(patient_ids)
    )
    return {
        row_id: Contact(f"{first} {last}", row_id, user_id, email, phone, language)
        for row_id, first, last, user_id, email, phone, language in session.execute(statement)
    }


def since_of(now: datetime, window_days: int | None) -> datetime | None:
    """Return after which instant a penalty must lie to count at ``now``; None without a rolling window."""
    return None if window_days is None else now - timedelta(days=window_days)


def counts(since: datetime | None) -> ColumnElement[bool]:
    """Build the condition that a penalty counts: not waived, justified or voided, and newer than ``since``."""
    p = NoShowPenalty
    stands = and_(p.waived_at.is_(None), p.justified_at.is_(None), p.voided_at.is_(None))
    return stands if since is None else and_(stands, p.created_at > since)


def fresh() -> ColumnElement[int]:
    """Build the number of penalties that no explicit unblock has pardoned."""
    return func.sum(case((NoShowPenalty.pardoned_at.is_(None), 1), else_=0))


def tallies(
    session: Session, hospital_id: UUID, patient_ids: Collection[UUID], since: datetime | None
) -> dict[UUID, Tally]:
    """Return patient → penalties that count, for those who have any; one statement."""
    p = NoShowPenalty
    statement = (
        select(p.patient_id, func.count(), fresh())
        .where(aside(p.hospital_id) == hospital_id, p.patient_id.in_(list(patient_ids)), counts(since))
        .group_by(p.patient_id)
    )
    return {patient_id: Tally(count, unpardoned) for patient_id, count, unpardoned in session.execute(statement)}
