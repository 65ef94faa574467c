"""How a request gets its actor: a bearer token for the API, a cookie with forms' protection for the pages.

Both name a login session that is looked up, alive, at each request. For pages: ``sign_in``, ``set_cookie``,
``by_cookie``, ``form_token`` and ``check_form`` are all there is to know.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import cast
from urllib.parse import urlsplit

from flask import Request, Response, current_app

from hms.access.actors import Actor
from hms.access.links import LinkSigner
from hms.access.passwords import hash_password, is_outdated, matches, waste_time
from hms.access.tokens import Audience, Signer, digest_of
from hms.domain.errors import Code, Detail, DomainError
from hms.gateways.tries import tries_of
from hms.queries import identity as identities
from hms.queries.identity import Candidate, Identity
from hms.runtime import Runtime
from hms.services import identity as sessions
from hms.services.identity import ChangePassword, Opened, OpenSession, Refreshing
from hms.settings import Mode, local_secret
from hms.web.throttle import Throttle

COOKIE = "hms_session"
FORM_HEADER = "X-CSRF-Token"
FORM_FIELD = "csrf_token"
MAX_CANDIDATES = 5
"""Hospitals whose logins are compared for one address, unless the hospital is named."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody typed to sign in."""

    email: str
    password: str
    hospital_code: str | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """The web's way in: one per application, kept by ``create_app``."""

    runtime: Runtime
    signer: Signer
    links: LinkSigner
    throttle: Throttle
    registrations: Throttle
    mailboxes: Throttle
    wrong_calendars: Throttle
    calendar_reads: Throttle
    kiosk_numbers: Throttle
    kiosk_addresses: Throttle
    outside_calls: Throttle

    @property
    def access_lifetime(self) -> timedelta:
        """How long a bearer token is good."""
        return timedelta(minutes=self.runtime.settings.access_minutes)

    def opened(self, actor: Actor, password_hash: str, *, for_pages: bool, new_hash: str | None = None) -> Opened:
        """Open a session for a login whose password matched the stored hash; raise INVALID_CREDENTIALS if it changed.

        A session for pages lives for the cookie's hours, one for the API as long as its refresh token.
        """
        settings = self.runtime.settings
        hours = timedelta(hours=settings.session_hours) if for_pages else timedelta(days=settings.refresh_days)
        command = OpenSession(seen_hash=password_hash, lifetime=hours, refreshable=not for_pages, new_hash=new_hash)
        return self.runtime.transact(actor, sessions.open_session, command)

    def sign_in(self, credentials: Credentials, address: str, *, for_pages: bool) -> Opened:
        """Open a session; raise INVALID_CREDENTIALS, HOSPITAL_REQUIRED or RATE_LIMITED.

        The password is compared outside of any transaction, since that is slow on purpose.
        """
        now = self.runtime.clocks.machine.now()
        key = f"{credentials.email.strip().lower()}|{address}"
        self.throttle.check(key, now)
        try:
            found = self._compared(credentials)
        except DomainError as error:
            if error.code is Code.INVALID_CREDENTIALS:
                self.throttle.failed(key, now)
            raise
        new_hash = hash_password(credentials.password) if is_outdated(found.password_hash) else None
        opened = self.opened(found.actor, found.password_hash, for_pages=for_pages, new_hash=new_hash)
        self.throttle.succeeded(key)
        return opened

    def refresh(self, token: str) -> Opened:
        """Trade a refresh token; raise UNAUTHENTICATED when it is used, expired, or nobody's."""
        actor = self.runtime.read(identities.refreshing, digest_of(token))
        lifetime = timedelta(days=self.runtime.settings.refresh_days)
        opened = actor and self.runtime.transact(actor, sessions.refresh, Refreshing(token, lifetime))
        if not opened:
            raise DomainError(Code.UNAUTHENTICATED, "This session has ended. Please sign in again.")
        return opened

    def sign_out(self, identity: Identity) -> None:
        """End the session at once."""
        self.runtime.transact(identity.actor, sessions.close_session)

    def change_password(self, identity: Identity, current: str, new: str, address: str) -> None:
        """Replace one's own password and end one's other sessions; raise INVALID_CREDENTIALS or VALIDATION."""
        now = self.runtime.clocks.machine.now()
        key = f"{identity.user_id}|{address}"
        self.throttle.check(key, now)
        stored = self.runtime.read(identities.password_hash, identity.actor)
        if not matches(stored, current):
            self.throttle.failed(key, now)
            reason = "is not your present password"
            raise DomainError(Code.VALIDATION, f"This {reason}.", [Detail("currentPassword", reason)])
        self.throttle.succeeded(key)
        command = ChangePassword(seen_hash=stored, new_hash=hash_password(new))
        self.runtime.transact(identity.actor, sessions.change_password, command)

    def access_token(self, opened: Opened) -> str:
        """Make the bearer token of a session."""
        now = self.runtime.clocks.machine.now()
        return self.signer.issue(Audience.API, opened.session_id, opened.user_id, now, self.access_lifetime)

    def by_bearer(self, request: Request) -> Identity:
        """Return who calls the API; raise UNAUTHENTICATED or TOKEN_EXPIRED."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise DomainError(Code.UNAUTHENTICATED, "Sign in first: send Authorization: Bearer and an access token.")
        return self.identity_of(token.strip())

    def identity_of(self, access_token: str) -> Identity:
        """Return whose access token this is; raise UNAUTHENTICATED or TOKEN_EXPIRED."""
        return self._alive(Audience.API, access_token)

    def by_cookie(self, request: Request) -> Identity | None:
        """Return who opens a page, or None when nobody is signed in (any more)."""
        token = request.cookies.get(COOKIE, "")
        if not token:
            return None
        try:
            return self._alive(Audience.PAGES, token)
        except DomainError:
            return None

    def set_cookie(self, response: Response, opened: Opened) -> None:
        """Let the browser keep the session for as long as it lives."""
        now = self.runtime.clocks.machine.now()
        lifetime = opened.expires_at - now
        token = self.signer.issue(Audience.PAGES, opened.session_id, opened.user_id, now, lifetime)
        response.set_cookie(
            COOKIE,
            token,
            max_age=int(lifetime.total_seconds()),
            secure=self.runtime.settings.base_url.startswith("https:"),
            httponly=True,
            samesite="Lax",
        )

    def drop_cookie(self, response: Response) -> None:
        """Let the browser forget the session."""
        secure = self.runtime.settings.base_url.startswith("https:")
        response.delete_cookie(COOKIE, secure=secure, httponly=True, samesite="Lax")

    def form_token(self, identity: Identity) -> str:
        """Return the token that this session's forms carry (field ``csrf_token`` or header ``X-CSRF-Token``)."""
        return self.signer.form_token(identity.session_id)

    def check_form(self, request: Request, identity: Identity | None) -> None:
        """Raise FORBIDDEN unless a form comes from one of our own pages; nobody signed in: the origin alone counts."""
        if not self._is_own_origin(request):
            raise DomainError(Code.FORBIDDEN, "This form was sent from another site. Open the page here and try again.")
        if identity is None:
            return
        candidate = request.headers.get(FORM_HEADER) or request.form.get(FORM_FIELD, "")
        if not self.signer.is_form_token(identity.session_id, candidate):
            raise DomainError(Code.FORBIDDEN, "This page is from an earlier sign-in. Reload it and try again.")

    def _is_own_origin(self, request: Request) -> bool:
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            return False
        origin = request.headers.get("Origin")
        if origin is None:
            return True
        own = {request.host, urlsplit(self.runtime.settings.base_url).netloc}
        return urlsplit(origin).netloc in own

    def _alive(self, audience: Audience, token: str) -> Identity:
        now = self.runtime.clocks.machine.now()
        session_id = self.signer.read(audience, token, now)
        identity = self.runtime.ask(identities.of_session, session_id, now)
        if identity is None:
            raise DomainError(Code.UNAUTHENTICATED, "This session has ended. Please sign in again.")
        return identity

    def _compared(self, credentials: Credentials) -> Candidate:
        candidates = self.runtime.read(identities.candidates, credentials.email, credentials.hospital_code)
        if not candidates:
            waste_time(credentials.password)
        found = [c for c in candidates[:MAX_CANDIDATES] if matches(c.password_hash, credentials.password)]
        if not found:
            raise sessions.wrong_credentials()
        if len(found) > 1:
            raise DomainError(
                Code.HOSPITAL_REQUIRED,
                "This address has a login at several hospitals. Say which one.",
                [Detail("hospitalCode", f"{c.hospital_code}: {c.hospital_name}") for c in found],
            )
        return found[0]


def open_door(runtime: Runtime) -> Door:
    """Build the way in; outside of production a missing secret is made once and kept in the data folder."""
    settings = runtime.settings
    secret = settings.secret_key.get_secret_value()
    if not secret and settings.mode is not Mode.PRODUCTION:
        secret = local_secret(settings.data_dir)
    guard = partial(Throttle, tries=tries_of(settings.shared_redis_url), window=timedelta(minutes=15))
    return Door(
        runtime,
        Signer(secret),
        LinkSigner(secret),
        throttle=guard("sign-in", limit=10),
        registrations=guard("registration", limit=30, what="tries"),
        mailboxes=guard("mailbox", limit=10, what="tries with this address"),
        wrong_calendars=guard("wrong-calendar", limit=30, what="wrong calendar addresses"),
        calendar_reads=guard("calendar", limit=60, what="looks at this calendar"),
        kiosk_numbers=guard("kiosk-number", limit=5, what="tries with this number"),
        kiosk_addresses=guard("kiosk", limit=40, what="failed tries here"),
        outside_calls=guard("outside-call", limit=20, window=timedelta(minutes=1), what="calls"),
    )


def door() -> Door:
    """Return the present application's way in."""
    return cast(Door, current_app.extensions["hms.door"])
