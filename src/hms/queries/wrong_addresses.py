"""Addresses at which people cannot be reached: who, where, why, since when."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.domain.messages import Channel
from hms.domain.people import PatientStatus
from hms.models import Patient, User, WrongAddress


@dataclass(frozen=True, slots=True)
class WrongAddressRow:
    """One address that is still somebody's. ``patient_id``: None for a login; ``version``: the patient's."""

    id: UUID
    patient_id: UUID | None
    name: str
    mrn: str
    channel: Channel
    address: str
    reason: str
    since: datetime
    version: int


def listing(session: Session, actor: Actor, limit: int) -> list[WrongAddressRow]:
    """Return the hospital's up to ``limit`` wrong addresses, newest first, without those mended meanwhile."""
    require(actor, Permission.MEND_ADDRESSES)
    w, p, u = WrongAddress, Patient, User
    is_theirs = or_(
        and_(w.channel == Channel.EMAIL, w.address == p.email),
        and_(w.channel == Channel.SMS, w.address == p.phone),
        and_(w.channel == Channel.EMAIL, w.address == u.email, u.is_active),
    )
    statement = (
        select(w.id, w.patient_id, w.channel, w.address, w.reason, w.since, p.first_name, p.last_name, p.mrn, p.version)
        .add_columns(u.first_name.label("user_first"), u.last_name.label("user_last"))
        .outerjoin(p, and_(p.id == w.patient_id, p.status != PatientStatus.INACTIVE))
        .outerjoin(u, u.id == w.user_id)
        .where(w.hospital_id == actor.hospital_id, is_theirs)
        .order_by(w.since.desc(), w.id)
        .limit(limit)
    )
    return [
        WrongAddressRow(
            id=row.id,
            patient_id=row.patient_id,
            name=f"{row.first_name or row.user_first} {row.last_name or row.user_last}",
            mrn=row.mrn or "",
            channel=row.channel,
            address=row.address,
            reason=row.reason,
            since=row.since,
            version=row.version or 0,
        )
        for row in session.execute(statement)
    ]
