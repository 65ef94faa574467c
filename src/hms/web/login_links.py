"""Mailed links for pages and the JSON interface alike: sign up, verify, forgotten and new passwords.

Nothing here tells whether an address has a login: what there is to say goes to its mailbox.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from hms.access.actors import Actor
from hms.access.passwords import hash_password, matches
from hms.clock import sleep, stopwatch
from hms.domain.errors import Code, DomainError
from hms.domain.people import LinkPurpose
from hms.queries import hospitals
from hms.queries import identity as identities
from hms.queries import login_links as queries
from hms.queries.login_links import LinkRow
from hms.services import login_links
from hms.services.identity import Opened
from hms.services.login_links import ChooseAnew, SignUp, Verify
from hms.services.patients import NewPatient
from hms.web.identity import MAX_CANDIDATES, Credentials, Door

EVEN_SECONDS = 0.1
"""Answers that must not tell what was done come at multiples of this; writing a link takes a tenth of it."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Whose password is forgotten; ``hospital_code`` only where it matters which of several logins."""

    email: str
    hospital_code: str | None = None


def sign_up(door: Door, patient: NewPatient, credentials: Credentials, address: str) -> None:
    """Mail a link to the address; raise NOT_FOUND for the hospital, VALIDATION or RATE_LIMITED."""
    _count(door, credentials.email, address)
    hospital_id = door.runtime.read(hospitals.by_code, credentials.hospital_code or "")
    command = SignUp(patient=patient, email=credentials.email, password_hash=hash_password(credentials.password))
    door.runtime.transact(Actor.system(hospital_id), login_links.sign_up, command)


def verify(door: Door, token: str, password: str, address: str, *, for_pages: bool) -> Opened:
    """Make the login that was signed up for, and open a session.

    The password shows that the one who holds the link is the one who signed up: otherwise somebody could prepare a
    login for another's address and keep its password. Raises LINK_ENDED, INVALID_CREDENTIALS or RATE_LIMITED.
    """
    link = _link(door, token, LinkPurpose.VERIFY)
    now, key = door.runtime.clocks.machine.now(), f"{link.id}|{address}"
    door.throttle.check(key, now)
    if link.password_hash is None:
        raise login_links.ended()
    if not matches(link.password_hash, password):
        door.throttle.failed(key, now)
        raise DomainError(Code.INVALID_CREDENTIALS, "This is not the password that you chose when you signed up.")
    door.runtime.transact(link.actor, login_links.verify, Verify(link.id))
    door.throttle.succeeded(key)
    return door.opened(link.actor, link.password_hash, for_pages=for_pages)


def forgotten(door: Door, asked: Forgotten, address: str) -> None:
    """Mail a link to each login of the address; raise RATE_LIMITED, and nothing for an address that has none."""
    _count(door, asked.email, address)
    with _evenly():
        for found in door.runtime.read(identities.candidates, asked.email, asked.hospital_code)[:MAX_CANDIDATES]:
            door.runtime.transact(found.actor, login_links.forgotten)


def reset(door: Door, token: str, password: str) -> None:
    """Replace the password of the login that a link opens; raise LINK_ENDED or VALIDATION."""
    link = _link(door, token, LinkPurpose.RESET)
    door.runtime.transact(link.actor, login_links.reset, ChooseAnew(link.id, hash_password(password)))


def email_of(door: Door, token: str, purpose: LinkPurpose) -> str:
    """Return the address that a link was sent to; raise LINK_ENDED for one that is good no more."""
    return _link(door, token, purpose).email


def _link(door: Door, token: str, purpose: LinkPurpose) -> LinkRow:
    link_id: UUID | None = door.links.login_link(token)
    link = door.runtime.read(queries.one, link_id, purpose) if link_id is not None else None
    if link is None or link.used_at is not None or door.runtime.clocks.machine.now() >= link.expires_at:
        raise login_links.ended()
    return link


@contextmanager
def _evenly() -> Iterator[None]:
    """Let an answer come as late whether there was something to write or not: its time must not tell either."""
    started = stopwatch()
    try:
        yield
    finally:
        sleep(EVEN_SECONDS - (stopwatch() - started) % EVEN_SECONDS)


def _count(door: Door, email: str, address: str) -> None:
    """Slow down whoever asks for many links: each try counts, as nobody needs that many."""
    now = door.runtime.clocks.machine.now()
    mailbox = f"{email.strip().lower()}|{address}"
    door.registrations.check(address, now)
    door.mailboxes.check(mailbox, now)
    door.registrations.failed(address, now)
    door.mailboxes.failed(mailbox, now)
