"""Sessions: open at sign-in, rotate, end; and the password that opens them. Times are the machine clock's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, select, update

from hms.access.scope import find
from hms.access.tokens import digest_of, new_refresh
from hms.domain.errors import Code, DomainError
from hms.models import LoginSession, RefreshToken, User
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class OpenSession:
    """Sign the actor's login in for ``lifetime``. ``seen_hash``: the stored hash that the password matched.

    ``refreshable`` adds a first refresh token; ``new_hash`` replaces a hash that was made with outdated costs.
    """

    seen_hash: str
    lifetime: timedelta
    refreshable: bool
    new_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Refreshing:
    """Trade a refresh token for the next one; the session then lives for another ``lifetime``."""

    token: str
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """Replace the actor's own password, whose stored hash was ``seen_hash`` when the old one was compared."""

    seen_hash: str
    new_hash: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that is alive until ``expires_at`` (machine clock). ``refresh_token`` is shown this once."""

    session_id: UUID
    user_id: UUID
    expires_at: datetime
    refresh_token: str | None


def open_session(work: Work, command: OpenSession) -> Opened:
    """Begin a session for the actor's login; raise INVALID_CREDENTIALS if it changed since it was compared."""
    user = find(work.session, work.actor, User, _own_id(work), lock=True)
    if not user.is_active or user.password_hash != command.seen_hash:
        raise wrong_credentials()
    if command.new_hash is not None:
        user.password_hash = command.new_hash
    row = LoginSession(
        hospital_id=user.hospital_id,
        user_id=user.id,
        created_at=work.machine_now,
        expires_at=work.machine_now + command.lifetime,
    )
    work.session.add(row)
    work.session.flush()
    work.changed("session", "opened", row, user_id=user.id)
    token = _add_refresh(work, row) if command.refreshable else None
    return Opened(row.id, user.id, row.expires_at, token)


def refresh(work: Work, command: Refreshing) -> Opened | None:
    """Trade a refresh token for the next one; None when it is not good any more.

    A token that was traded before has been stolen, or its thief was faster: its session ends with all its tokens.
    Nothing is raised then, because that end must be kept.
    """
    row = work.session.scalar(_locked_token(command.token))
    if row is None:
        return None
    session = work.session.scalars(_locked_session(row.session_id)).one()
    if session.hospital_id != work.actor.hospital_id or session.revoked_at is not None:
        return None
    if row.used_at is not None:
        _revoke(work, session, "refresh token used twice")
        return None
    user = work.session.get_one(User, session.user_id)
    if not user.is_active or work.machine_now >= min(row.expires_at, session.expires_at):
        return None
    row.used_at = work.machine_now
    session.expires_at = work.machine_now + command.lifetime
    return Opened(session.id, session.user_id, session.expires_at, _add_refresh(work, session))


def close_session(work: Work) -> None:
    """End the actor's own session at once; ending it twice does no more."""
    row = work.session.scalar(_locked_session(work.actor.session_id))
    if row is not None and row.user_id == work.actor.user_id and row.revoked_at is None:
        _revoke(work, row, "signed out")


def change_password(work: Work, command: ChangePassword) -> None:
    """Replace the actor's own password and end all their other sessions."""
    user = find(work.session, work.actor, User, _own_id(work), lock=True)
    if user.password_hash != command.seen_hash:
        raise wrong_credentials()
    user.password_hash = command.new_hash
    work.changed("user", "password_changed", user)
    end_sessions(work, user.id, "password changed", keep=work.actor.session_id)


def end_sessions(work: Work, user_id: UUID, reason: str, *, keep: UUID | None = None) -> None:
    """End all sessions of a login, but ``keep``."""
    statement = (
        update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=work.machine_now, revoked_reason=reason)
    )
    if keep is not None:
        statement = statement.where(LoginSession.id != keep)
    work.session.execute(statement)


def wrong_credentials() -> DomainError:
    """Build the one answer to a wrong address, a wrong password and a deactivated login."""
    return DomainError(Code.INVALID_CREDENTIALS, "This email address and password do not match. Please try again.")


def _own_id(work: Work) -> UUID:
    if work.actor.user_id is None:
        raise DomainError(Code.FORBIDDEN, "Only somebody with a login can do this.")
    return work.actor.user_id


def _locked_token(token: str) -> Select[RefreshToken]:
    return select(RefreshToken).where(RefreshToken.token_hash == digest_of(token)).with_for_update()


def _locked_session(session_id: UUID | None) -> Select[LoginSession]:
    return select(LoginSession).where(LoginSession.id == session_id).with_for_update()


def _add_refresh(work: Work, session: LoginSession) -> str:
    made = new_refresh()
    work.session.add(
        RefreshToken(
            session_id=session.id,
            token_hash=made.digest,
            created_at=work.machine_now,
            expires_at=session.expires_at,
        )
    )
    return made.token


def _revoke(work: Work, session: LoginSession, reason: str) -> None:
    session.revoked_at, session.revoked_reason = work.machine_now, reason
    work.changed("session", "ended", session, reason=reason)
