"""Vitals as nurses, doctors and admins read them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.models import User, Vitals
from hms.queries import appointments


@dataclass(frozen=True, slots=True)
class VitalsRow:
    """One set of measurements (units: domain.vitals); ``superseded_at`` is None for the one that counts."""

    id: UUID
    appointment_id: UUID
    recorded_at: datetime
    recorded_by: UUID | None
    recorded_by_name: str | None
    superseded_at: datetime | None
    correction_reason: str | None
    systolic: int | None
    diastolic: int | None
    heart_rate: int | None
    temperature: float | None
    sp_o2: int | None
    respiratory_rate: int | None
    weight: float | None
    height: float | None
    pain: int | None


def of_appointment(session: Session, actor: Actor, appointment_id: UUID) -> list[VitalsRow]:
    """Return a visit's vitals, the present ones first, then what they replaced; FORBIDDEN for patients and reception.

    Raises NOT_FOUND for another hospital's visit. A doctor sees all of the hospital's, as a covering colleague must.
    """
    require(actor, Permission.RECORD_VITALS)
    appointments.one(session, actor, appointment_id)
    v = Vitals
    statement = (
        select(v, User.first_name, User.last_name)
        .outerjoin(User, User.id == v.recorded_by)
        .where(v.appointment_id == appointment_id, v.hospital_id == actor.hospital_id)
        .order_by(v.superseded_at.is_(None).desc(), v.recorded_at.desc(), v.id.desc())
    )
    return [_row(row, first, last) for row, first, last in session.execute(statement)]


def _row(row: Vitals, first: str | None, last: str | None) -> VitalsRow:
    return VitalsRow(
        id=row.id,
        appointment_id=row.appointment_id,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        recorded_by_name=f"{first} {last}" if row.recorded_by else None,
        superseded_at=row.superseded_at,
        correction_reason=row.correction_reason,
        systolic=row.systolic,
        diastolic=row.diastolic,
        heart_rate=row.heart_rate,
        temperature=row.temperature,
        sp_o2=row.sp_o2,
        respiratory_rate=row.respiratory_rate,
        weight=row.weight,
        height=row.height,
        pain=row.pain,
    )
