"""Whose visits a patient should be reminded of."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from hms.domain.appointments import OPEN
from hms.models import Appointment
from hms.queries.no_shows import DueKey, Position


def ahead(
    session: Session,
    hospital_id: UUID,
    now: datetime,
    days: Collection[date],
    limit: int,
    after: Position | None = None,
    *,
    lock: bool = False,
) -> list[DueKey]:
    """Return open visits that begin after ``now`` on one of the days, by start, in one statement.

    ``lock``: nobody changes them meanwhile, so that whoever cancels comes before the reminder or after it.
    """
    a = Appointment
    statement = (
        select(a.id, a.patient_id, a.starts_at)
        .where(a.hospital_id == hospital_id, a.appointment_date.in_(sorted(days)))
        .where(a.status.in_(OPEN), a.starts_at > now)
        .order_by(a.starts_at, a.id)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(a.starts_at, a.id) > after)
    if lock:
        statement = statement.with_for_update(read=True)
    return [DueKey._make(row) for row in session.execute(statement)]
