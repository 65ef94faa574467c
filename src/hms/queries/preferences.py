"""How people want to be told, as they themselves see it."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.links import OptOutLink
from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.messages import Channel
from hms.domain.people import Role
from hms.models import Hospital, OptOut, Patient, User


@dataclass(frozen=True, slots=True)
class Preferences:
    """One person's wishes. ``patient_id``: None for the login of somebody who works here.

    ``email`` and ``sms``: whether they want what they could decline; None where there is no such channel for them.
    """

    patient_id: UUID | None
    name: str
    language: str
    email: bool
    email_address: str | None
    sms: bool | None
    phone: str | None
    version: int


@dataclass(frozen=True, slots=True)
class LinkedPerson:
    """What the link in a message shows: whom it is about, no more than the message itself. ``actor``: that person."""

    actor: Actor
    first_name: str
    is_declined: bool
    hospital_name: str
    phone: str
    language: str
    locale: str


def own(session: Session, actor: Actor) -> list[Preferences]:
    """Return the wishes of the one signed in, then those of whom they look after; staff have those of their login."""
    if actor.role is Role.PATIENT:
        ids = sorted(actor.patient_ids, key=lambda one: (one != actor.patient_id, one))
        found = {one.patient_id: one for one in _of_patients(session, actor, ids)}
        return [found[patient_id] for patient_id in ids if patient_id in found]
    row = session.execute(
        select(User.first_name, User.last_name, User.language, User.email, User.version).where(
            User.id == actor.user_id, User.hospital_id == actor.hospital_id
        )
    ).one()
    declined = _declined(session, OptOut.user_id == actor.user_id)
    return [
        Preferences(
            patient_id=None,
            name=f"{row.first_name} {row.last_name}",
            language=row.language,
            email=(actor.user_id, Channel.EMAIL) not in declined,
            email_address=row.email,
            sms=None,
            phone=None,
            version=row.version,
        )
    ]


def of_patient(session: Session, actor: Actor, patient_id: UUID) -> Preferences:
    """Return a patient's wishes, to staff and to whose record it is; raise NOT_FOUND otherwise."""
    if not actor.owns(patient_id):
        if actor.role is Role.PATIENT:
            raise not_found("Patient")
        require(actor, Permission.FIND_PATIENTS)
    found = _of_patients(session, actor, [patient_id])
    if not found:
        raise not_found("Patient")
    return found[0]


def by_link(session: Session, link: OptOutLink) -> LinkedPerson | None:
    """Return whom a link is about; None when they are gone, or may not sign in any more."""
    h = Hospital
    whom: type[Patient | User] = Patient if link.is_patient else User
    statement = (
        select(whom.hospital_id, whom.first_name, h.name, h.phone, whom.language, h.locale)
        .join(h, h.id == whom.hospital_id)
        .where(whom.id == link.person_id)
    )
    if not link.is_patient:
        statement = statement.where(User.is_active)
    row = session.execute(statement).one_or_none()
    if row is None:
        return None
    if link.is_patient:
        actor = Actor(row.hospital_id, Role.PATIENT, patient_id=link.person_id, by_link=True)
    else:
        role = session.scalars(select(User.role).where(User.id == link.person_id)).one()
        actor = Actor(row.hospital_id, role, user_id=link.person_id)
    declined = _declined(session, (OptOut.patient_id if link.is_patient else OptOut.user_id) == link.person_id)
    is_declined = (link.person_id, link.channel) in declined
    return LinkedPerson(actor, row.first_name, is_declined, row.name, row.phone, row.language, row.locale)


def _of_patients(session: Session, actor: Actor, ids: Collection[UUID]) -> list[Preferences]:
    p = Patient
    rows = session.execute(
        select(p.id, p.first_name, p.last_name, p.language, p.email, p.phone, p.version).where(
            p.id.in_(ids), p.hospital_id == actor.hospital_id
        )
    )
    declined = _declined(session, OptOut.patient_id.in_(ids))
    return [
        Preferences(
            patient_id=row.id,
            name=f"{row.first_name} {row.last_name}",
            language=row.language,
            email=(row.id, Channel.EMAIL) not in declined,
            email_address=row.email,
            sms=(row.id, Channel.SMS) not in declined,
            phone=row.phone,
            version=row.version,
        )
        for row in rows
    ]


def _declined(session: Session, whose: ColumnElement[bool]) -> set[tuple[UUID | None, Channel]]:
    o = OptOut
    found = session.execute(select(o.patient_id, o.user_id, o.channel).where(whose))
    return {(patient_id or user_id, channel) for patient_id, user_id, channel in found}
