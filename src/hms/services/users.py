"""Logins: create, edit, deactivate, and set a password for somebody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hms.access.permissions import Permission
from hms.access.scope import find
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.people import Role
from hms.models import Doctor, User
from hms.queries import users
from hms.services import login_links, phones
from hms.services.availability import Unavailability, make_unavailable
from hms.services.calendars import lock_doctor
from hms.services.identity import end_sessions
from hms.transaction import Work, require_version

EDITABLE = frozenset({"email", "first_name", "last_name", "phone", "language", "role", "is_active"})
PLAIN_ROLES = frozenset({Role.HOSPITAL_ADMIN, Role.RECEPTIONIST, Role.NURSE})
"""Roles that are nothing but a login; doctors and patients have records that go with theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A login to be. ``password_hash`` by ``access.passwords.hash_password``, made outside of the transaction."""

    email: str
    role: Role
    first_name: str
    last_name: str
    password_hash: str
    phone: str | None = None
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditUser:
    """What to change, by attribute; ``version`` is the one that was seen."""

    user_id: UUID
    changes: Mapping[str, Any]
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPassword:
    """A new password for a login, whose sessions all end."""

    user_id: UUID
    password_hash: str


def create(work: Work, command: NewUser) -> UUID:
    """Create an admin's, receptionist's or nurse's login; raise EMAIL_TAKEN or VALIDATION."""
    work.require(Permission.MANAGE_USERS)
    _require_plain(command.role)
    return add_login(work, command).id


def add_login(work: Work, command: NewUser) -> User:
    """Write a login of any role for a service that has checked who asks; raise EMAIL_TAKEN."""
    email = command.email.strip().lower()
    _require_free(work, email)
    row = User(
        hospital_id=work.actor.hospital_id,
        email=email,
        role=command.role,
        first_name=command.first_name,
        last_name=command.last_name,
        password_hash=command.password_hash,
        phone=phones.dialable(work, command.phone),
        language=work.hospital.language(command.language),
        created_at=work.now,
    )
    work.session.add(row)
    work.changed("user", "created", row, role=row.role)
    return row


def update(work: Work, command: EditUser) -> Unavailability | None:
    """Edit a login; deactivating ends its sessions and, for a doctor, cancels what lies ahead (rules §1).

    Raise NOT_FOUND, STALE_VERSION, EMAIL_TAKEN, VALIDATION, or CONFLICT when no active admin would be left.
    """
    work.require(Permission.MANAGE_USERS)
    doctor = _lock_own_doctor(work, command)
    user = find(work.session, work.actor, User, command.user_id, lock=True)
    require_version(user, command.version, users.one(work.session, work.actor, user.id))
    was_active, changes = user.is_active, _checked(work, user, command.changes)
    for name, value in changes.items():
        setattr(user, name, value)
    user.version += 1
    # Contacts stay out of the trail: it says that they changed, the row says to what.
    shown = {name: changes[name] for name in ("role", "is_active") if name in changes}
    work.changed("user", "edited", user, fields=sorted(changes), **shown)
    if not (was_active and not user.is_active):
        return None
    end_sessions(work, user.id, "login deactivated")
    return make_unavailable(work, doctor) if doctor is not None else None


def set_password(work: Work, command: SetPassword) -> None:
    """Give a login a new password and end all its sessions."""
    work.require(Permission.MANAGE_USERS)
    user = find(work.session, work.actor, User, command.user_id, lock=True)
    user.password_hash = command.password_hash
    user.version += 1
    work.changed("user", "password_set", user)
    end_sessions(work, user.id, "password set by an admin")


def _lock_own_doctor(work: Work, command: EditUser) -> Doctor | None:
    """Lock the doctor, before the login, whose calendar a deactivation empties."""
    if command.changes.get("is_active") is not False:
        return None
    statement = select(Doctor.id).where(Doctor.user_id == command.user_id, Doctor.hospital_id == work.actor.hospital_id)
    doctor_id = work.session.scalar(statement)
    return None if doctor_id is None else lock_doctor(work, doctor_id, exclusive=True)


def _checked(work: Work, user: User, wanted: Mapping[str, Any]) -> dict[str, Any]:
    changes = {name: value for name, value in wanted.items() if name in EDITABLE and getattr(user, name) != value}
    if "email" in changes:
        changes["email"] = changes["email"].strip().lower()
        if changes["email"] != user.email:
            _require_free(work, changes["email"])
    if "phone" in changes:
        changes["phone"] = phones.dialable(work, changes["phone"])
    if "role" in changes:
        _require_plain(changes["role"])
        _require_plain(user.role)
    loses_admin = changes.get("is_active") is False or changes.get("role", user.role) is not Role.HOSPITAL_ADMIN
    if user.role is Role.HOSPITAL_ADMIN and user.is_active and loses_admin:
        _require_another_admin(work, user)
    return changes


def _require_plain(role: Role) -> None:
    if role not in PLAIN_ROLES:
        reason = "doctors are made with their calendar, patients with their record"
        raise DomainError(Code.VALIDATION, f"This role cannot be given here: {reason}.", [Detail("role", reason)])


def _require_free(work: Work, email: str) -> None:
    holder = work.session.execute(
        select(User.id, User.unverified_since).where(User.hospital_id == work.actor.hospital_id, User.email == email)
    ).one_or_none()
    if holder is not None and holder.unverified_since is not None:
        login_links.discard(work, [holder.id])  # nobody keeps an address by wanting to sign up with it
    elif holder is not None:
        detail = Detail("email", "already has a login")
        raise DomainError(Code.EMAIL_TAKEN, "This email address already has a login at this hospital.", [detail])


def _require_another_admin(work: Work, user: User) -> None:
    # Their rows are locked, in id order: of two admins who deactivate each other at once, one is refused.
    others = (
        select(User.id)
        .where(
            User.hospital_id == user.hospital_id,
            User.role == Role.HOSPITAL_ADMIN,
            User.is_active,
            User.id != user.id,
        )
        .order_by(User.id)
        .with_for_update(key_share=True)
    )
    if not list(work.session.scalars(others)):
        raise DomainError(
            Code.CONFLICT, "The hospital needs at least one active admin. Make somebody else admin first."
        )
