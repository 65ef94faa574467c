"""Logins, as admins see them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.people import Contact, Role
from hms.models import Doctor, Patient, User


@dataclass(frozen=True, slots=True)
class UserRow:
    """One login; ``doctor_id`` or ``patient_id`` is the record that goes with it."""

    id: UUID
    email: str
    role: Role
    first_name: str
    last_name: str
    phone: str | None
    language: str
    is_active: bool
    doctor_id: UUID | None
    patient_id: UUID | None
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class UserFilters:
    """What to look for; None: whatever. ``search``: the beginning of a name or address, in any case."""

    role: Role | None = None
    is_active: bool | None = None
    search: str | None = None


def listing(
    session: Session, actor: Actor, filters: UserFilters, *, after: tuple[str, str, UUID] | None, limit: int
) -> list[UserRow]:
    """Return up to ``limit`` logins by last and first name, those that come after the given one."""
    statement = _users(actor).order_by(User.last_name, User.first_name, User.id).limit(limit)
    if filters.role is not None:
        statement = statement.where(User.role == filters.role)
    if filters.is_active is not None:
        statement = statement.where(User.is_active == filters.is_active)
    if filters.search is not None:
        begins = [
            column.istartswith(filters.search, autoescape=True)
            for column in (User.last_name, User.first_name, User.email)
        ]
        statement = statement.where(begins[0] | begins[1] | begins[2])
    if after is not None:
        statement = statement.where(tuple_(User.last_name, User.first_name, User.id) > after)
    return [UserRow(*row) for row in session.execute(statement)]


def one(session: Session, actor: Actor, user_id: UUID) -> UserRow:
    """Return one login of the hospital; raise NOT_FOUND otherwise."""
    row = session.execute(_users(actor).where(User.id == user_id)).one_or_none()
    if row is None:
        raise not_found("User")
    return UserRow(*row)


def admins(session: Session, hospital_id: UUID) -> tuple[Contact, ...]:
    """Return whom the automation tells: everybody who administers the hospital."""
    u = User
    statement = (
        select(u.first_name, u.last_name, u.id, u.email, u.phone, u.language)
        .where(u.hospital_id == hospital_id, u.role == Role.HOSPITAL_ADMIN, u.is_active)
        .order_by(u.id)
    )
    return tuple(
        Contact(f"{first} {last}", None, user_id, email, phone, language)
        for first, last, user_id, email, phone, language in session.execute(statement)
    )


def _users(
    actor: Actor,
) -> Select[UUID, str, Role, str, str, str | None, str, bool, UUID | None, UUID | None, datetime, int]:
    require(actor, Permission.MANAGE_USERS)
    return (
        select(User.id, User.email, User.role, User.first_name, User.last_name, User.phone, User.language)
        .add_columns(User.is_active, Doctor.id, Patient.id, User.created_at, User.version)
        .outerjoin(Doctor, Doctor.user_id == User.id)
        .outerjoin(Patient, Patient.user_id == User.id)
        .where(User.hospital_id == actor.hospital_id, User.unverified_since.is_(None))
    )
