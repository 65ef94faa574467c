"""Mailed links: sign up with an address and prove that it is one's own; choose a new password.

Whoever asks gets the same answer, whether the address has a login or not; only its mailbox learns more.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from hms.access.scope import find
from hms.domain.errors import Code, DomainError
from hms.domain.events import LoginLinkMade, PasswordReset
from hms.domain.login_links import GOOD_FOR, KEPT_FOR, MOST_AT_ONCE, WINDOW
from hms.domain.people import Contact, LinkPurpose, Role, Sex
from hms.models import LoginLink, Notification, OptOut, OutgoingMessage, User, WrongAddress
from hms.services import patients, phones
from hms.services.identity import end_sessions
from hms.services.patients import NewPatient
from hms.transaction import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """What somebody says who wants a login; ``password_hash`` is made outside of the transaction."""

    patient: NewPatient
    email: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class Verify:
    """A link whose holder has typed the password that was chosen with it."""

    link_id: UUID


@dataclass(frozen=True, slots=True)
class ChooseAnew:
    """A link, and the hash of the password that its holder chose."""

    link_id: UUID
    password_hash: str


def sign_up(work: Work, command: SignUp) -> None:
    """Keep what somebody said until they show that the address is theirs, and mail them how.

    An address that has a login is told so, by mail alone; a deactivated login hears nothing. Raises VALIDATION.
    """
    patients.require_born(work, command.patient.date_of_birth)
    language = work.hospital.language(command.patient.language)
    patient = replace(command.patient, phone=phones.dialable(work, command.patient.phone), language=language)
    email = command.email.strip().lower()
    user = work.session.scalar(
        select(User)
        .where(User.hospital_id == work.actor.hospital_id, User.email == email)
        .with_for_update(key_share=True)
    )
    if user is None:
        user = _placeholder(work, email, language)
    if user.unverified_since is not None:
        user.unverified_since, user.language = work.machine_now, language
        link = _new(work, user, LinkPurpose.VERIFY)
        link.password_hash, link.person = command.password_hash, _kept(patient)
        _send(work, user, link)
    elif user.is_active:
        _send(work, user, _new(work, user, LinkPurpose.RESET), is_known=True)


def forgotten(work: Work) -> None:
    """Mail the actor's own login a link to choose a new password."""
    user = _locked(work, work.actor.user_id)
    if user.is_active and user.unverified_since is None:
        _send(work, user, _new(work, user, LinkPurpose.RESET))


def verify(work: Work, command: Verify) -> None:
    """Make the login and its patient out of what was said at sign-up; raise LINK_ENDED.

    A record that the desk keeps under the same name, birth date and address becomes the login's; otherwise a new one.
    """
    user, link = _opened(work, command.link_id, LinkPurpose.VERIFY)
    if user.unverified_since is None or link.person is None or link.password_hash is None:
        raise ended()
    patient = _said(link.person, user.email)
    user.first_name, user.last_name, user.phone = patient.first_name, patient.last_name, patient.phone
    user.language, user.password_hash = patient.language, link.password_hash
    user.is_active, user.unverified_since = True, None
    user.version += 1
    _use_up(work, user)
    work.changed("user", "verified", user)
    patients.add_own(work, patient, user.id)


def reset(work: Work, command: ChooseAnew) -> None:
    """Replace the login's password, end all its sessions and links, and tell its owner; raise LINK_ENDED."""
    user, link = _opened(work, command.link_id, LinkPurpose.RESET)
    if not user.is_active:
        raise ended()
    user.password_hash = command.password_hash
    user.version += 1
    _use_up(work, user)
    end_sessions(work, user.id, "password reset")
    work.emit(PasswordReset(entity_id=user.id, link_id=link.id, contact=_contact(user)))


def forget(work: Work) -> int:
    """Delete links that are over and addresses that nobody verified, of the actor's hospital; return how many."""
    session, hospital_id = work.session, work.actor.hospital_id
    gone = session.scalars(
        delete(LoginLink)
        .where(LoginLink.hospital_id == hospital_id, LoginLink.expires_at <= work.machine_now - WINDOW)
        .returning(LoginLink.id)
    ).all()
    stale = session.scalars(
        select(User.id)
        .where(User.hospital_id == hospital_id, User.unverified_since <= work.machine_now - KEPT_FOR)
        .with_for_update(skip_locked=True)
    ).all()
    discard(work, stale)
    return len(gone) + len(stale)


def discard(work: Work, user_ids: Collection[UUID]) -> None:
    """Delete logins that nobody verified, with all that was sent to them."""
    if not user_ids:
        return
    session, n = work.session, Notification
    sent = select(n.id).where(n.user_id.in_(user_ids))
    session.execute(delete(OutgoingMessage).where(OutgoingMessage.notification_id.in_(sent)))
    session.execute(delete(n).where(n.user_id.in_(user_ids)))
    for own in (LoginLink, WrongAddress, OptOut):
        session.execute(delete(own).where(own.user_id.in_(user_ids)))
    session.execute(delete(User).where(User.id.in_(user_ids), User.unverified_since.is_not(None)))


def ended() -> DomainError:
    """Build the answer to a link that was used, replaced, or is too old."""
    return DomainError(Code.LINK_ENDED, "This link was used already, or is too old. Please ask for a new one.")


def _placeholder(work: Work, email: str, language: str) -> User:
    user = User(
        hospital_id=work.actor.hospital_id,
        email=email,
        role=Role.PATIENT,
        # What a stranger typed is not mailed to somebody who may know nothing of it.
        first_name="",
        last_name="",
        password_hash="",
        language=language,
        is_active=False,
        unverified_since=work.machine_now,
        created_at=work.now,
    )
    work.session.add(user)
    work.session.flush()
    return user


def _new(work: Work, user: User, purpose: LinkPurpose) -> LoginLink:
    return LoginLink(
        hospital_id=user.hospital_id,
        user_id=user.id,
        purpose=purpose,
        created_at=work.machine_now,
        expires_at=work.machine_now + GOOD_FOR[purpose],
    )


def _send(work: Work, user: User, link: LoginLink, *, is_known: bool = False) -> None:
    recent = select(func.count()).where(LoginLink.user_id == user.id, LoginLink.created_at > work.machine_now - WINDOW)
    if work.session.scalars(recent).one() >= MOST_AT_ONCE:
        return
    work.session.add(link)
    work.session.flush()
    work.emit(
        LoginLinkMade(
            entity_id=user.id, link_id=link.id, purpose=link.purpose, contact=_contact(user), is_known=is_known
        )
    )


def _opened(work: Work, link_id: UUID, purpose: LinkPurpose) -> tuple[User, LoginLink]:
    """Lock the login, then its link, and return both; raise LINK_ENDED unless the link is still good."""
    link = work.session.get(LoginLink, link_id)
    if link is None or link.hospital_id != work.actor.hospital_id or link.purpose is not purpose:
        raise ended()
    user = _locked(work, link.user_id)
    work.session.refresh(link, with_for_update=True)
    if link.used_at is not None or work.machine_now >= link.expires_at:
        raise ended()
    return user, link


def _locked(work: Work, user_id: UUID | None) -> User:
    if user_id is None:
        raise ended()
    return find(work.session, work.actor, User, user_id, lock=True)


def _use_up(work: Work, user: User) -> None:
    """End all links of a login: who has shown that the mailbox is theirs needs none of the others."""
    links = update(LoginLink).where(LoginLink.user_id == user.id, LoginLink.used_at.is_(None))
    work.session.execute(links.values(used_at=work.machine_now, password_hash=None, person=None))


def _contact(user: User) -> Contact:
    return Contact(
        name=f"{user.first_name} {user.last_name}".strip(), user_id=user.id, email=user.email, language=user.language
    )


def _kept(patient: NewPatient) -> dict[str, Any]:
    born = patient.date_of_birth
    return {
        "first_name": patient.first_name,
        "last_name": patient.last_name,
        "date_of_birth": born.isoformat() if born else None,
        "sex": patient.sex.value,
        "phone": patient.phone,
        "language": patient.language,
    }


def _said(kept: dict[str, Any], email: str) -> NewPatient:
    born = kept["date_of_birth"]
    values = {**kept, "date_of_birth": date.fromisoformat(born) if born else None, "sex": Sex(kept["sex"])}
    return NewPatient(**values, email=email)
