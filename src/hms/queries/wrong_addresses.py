"""Addresses at which people cannot be reached: who, where, why, since when."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.domain.messages import Channel
from hms.domain.people import PatientStatus
from hms.models import Patient, User, WrongAddress


@dataclass(frozen=True, slots=True)
class WrongAddressRow:
    """One address that is still somebody's: of ``patient_id``, else of the login ``user_id``, as is ``version``."""

    id: UUID
    patient_id: UUID | None
    user_id: UUID | None
    name: str
    mrn: str
    channel: Channel
    address: str
    reason: str
    since: datetime
    version: int


def listing(
    session: Session, actor: Actor, *, after: tuple[datetime, UUID] | None = None, limit: int
) -> list[WrongAddressRow]:
    """Return up to ``limit`` of the hospital's wrong addresses, newest first, that come after the given one.

    Those mended meanwhile are left out.
    """
    require(actor, Permission.MEND_ADDRESSES)
    w, p, u = WrongAddress, Patient, User
    is_theirs = or_(
        and_(w.channel == Channel.EMAIL, w.address == p.email),
        and_(w.channel == Channel.SMS, w.address == p.phone),
        and_(w.channel == Channel.EMAIL, w.address == u.email, u.is_active),
    )
    statement = (
        select(w.id, w.patient_id, w.user_id, w.channel, w.address, w.reason, w.since)
        .add_columns(p.first_name, p.last_name, p.mrn, func.coalesce(p.version, u.version).label("version"))
        .add_columns(u.first_name.label("user_first"), u.last_name.label("user_last"))
        .outerjoin(p, and_(p.id == w.patient_id, p.status != PatientStatus.INACTIVE))
        .outerjoin(u, u.id == w.user_id)
        .where(w.hospital_id == actor.hospital_id, is_theirs)
        .order_by(w.since.desc(), w.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(w.since, w.id) < after)
    return [
        WrongAddressRow(
            id=row.id,
            patient_id=row.patient_id,
            user_id=row.user_id,
            name=f"{row.first_name or row.user_first} {row.last_name or row.user_last}",
            mrn=row.mrn or "",
            channel=row.channel,
            address=row.address,
            reason=row.reason,
            since=row.since,
            version=row.version,
        )
        for row in session.execute(statement)
    ]
