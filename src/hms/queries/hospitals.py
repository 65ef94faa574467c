"""Hospitals, as their admins see them."""

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.policy import Policy
from hms.languages import ENGLISH, voice
from hms.models import Hospital
from hms.models.engines import Source


@dataclass(frozen=True, slots=True)
class HospitalRow:
    """A hospital with all figures of its policy, also those that it left as they are."""

    id: UUID
    code: str
    name: str
    timezone: str
    locale: str
    address: str
    phone: str
    email: str
    settings: Policy
    version: int


@dataclass(frozen=True, slots=True)
class HospitalRules:
    """What of a hospital bears on its rules: where its days begin, its policy, and how it speaks."""

    id: UUID
    code: str
    zone: ZoneInfo
    policy: Policy
    locale: str = ENGLISH

    def language(self, chosen: str | None) -> str:
        """Return the language of somebody new: the ``chosen`` one; if none, the hospital's."""
        return chosen or voice("", self.locale).language


def rules(source: Source, hospital_id: UUID) -> HospitalRules:
    """Return a hospital's rules; raise NOT_FOUND."""
    row = source.execute(_RULES, {"hospital_id": hospital_id}).one_or_none()
    if row is None:
        raise not_found("Hospital")
    return HospitalRules(row.id, row.code, ZoneInfo(row.timezone), Policy.from_settings(row.settings), row.locale)


_HOSPITAL = Hospital.__table__.c
_RULES = select(_HOSPITAL.id, _HOSPITAL.code, _HOSPITAL.timezone, _HOSPITAL.settings, _HOSPITAL.locale).where(
    _HOSPITAL.id == bindparam("hospital_id")
)


def one(session: Session, actor: Actor) -> HospitalRow:
    """Return the actor's hospital."""
    require(actor, Permission.SEE_HOSPITAL)
    row = session.get(Hospital, actor.hospital_id)
    if row is None:
        raise not_found("Hospital")
    return HospitalRow(
        id=row.id,
        code=row.code,
        name=row.name,
        timezone=row.timezone,
        locale=row.locale,
        address=row.address,
        phone=row.phone,
        email=row.email,
        settings=row.policy,
        version=row.version,
    )


def exists(session: Session, code: str) -> bool:
    """Tell whether a hospital has this code."""
    return session.scalar(select(Hospital.id).where(Hospital.code == code)) is not None


def common_locale(session: Session) -> str:
    """Return the locale of all hospitals, empty where they have different ones."""
    found = session.scalars(select(Hospital.locale).distinct().limit(2)).all()
    return found[0] if len(found) == 1 else ""


def by_code(session: Session, code: str) -> UUID:
    """Return the id of the hospital with this code, in any case; raise NOT_FOUND."""
    found = session.scalar(select(Hospital.id).where(Hospital.code == code.strip().upper()))
    if found is None:
        raise not_found("Hospital")
    return found
