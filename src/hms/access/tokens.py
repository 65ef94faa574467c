"""Signed tokens that name a login session. What they may do is looked up at each request, never carried."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt

from hms.domain.errors import Code, DomainError

_ALGORITHM = "HS256"
_CLAIMS = ["aud", "exp", "iat", "sid", "sub"]
# Time is the machine clock's, which tests move; so the library checks the signature, and we check the time.
_OPTIONS: Any = {
    "require": _CLAIMS,
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_sub": False,
}


class Audience(StrEnum):
    """Where a token is good: one made for a cookie is no bearer token, and the other way round."""

    API = "hms:api"
    PAGES = "hms:pages"


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token as the client gets it, and the hash that is stored."""

    token: str
    digest: str


class Signer:
    """Make and read signed tokens with keys derived from one secret, a key for each purpose."""

    def __init__(self, secret: str) -> None:
        if not secret:
            raise ValueError("Tokens need a secret to be signed with.")
        self._token_key = derive_key(secret, "tokens")
        self._form_key = derive_key(secret, "forms")
        # A signature that was good stays good: the same token comes with each request of a quarter of an hour.
        # Whether its time is over and its session alive is asked anew each time; failures are not kept.
        self._signed = lru_cache(maxsize=4096)(self._verify)

    def issue(self, audience: Audience, session_id: UUID, user_id: UUID, now: datetime, lifetime: timedelta) -> str:
        """Return a token that is good from ``now`` (machine clock) for ``lifetime``, as long as its session lives."""
        issued = int(now.timestamp())
        claims = {
            "aud": audience.value,
            "exp": issued + int(lifetime.total_seconds()),
            "iat": issued,
            "sid": str(session_id),
            "sub": str(user_id),
        }
        return jwt.encode(claims, self._token_key, algorithm=_ALGORITHM)

    def read(self, audience: Audience, token: str, now: datetime) -> UUID:
        """Return the session that the token names; raise UNAUTHENTICATED or TOKEN_EXPIRED."""
        session_id, expires = self._signed(audience, token)
        if now.timestamp() >= expires:
            raise DomainError(Code.TOKEN_EXPIRED, "This token has expired. Refresh it, or sign in again.")
        return session_id

    def _verify(self, audience: Audience, token: str) -> tuple[UUID, float]:
        try:
            claims = jwt.decode(
                token, self._token_key, algorithms=[_ALGORITHM], audience=audience.value, options=_OPTIONS
            )
            return UUID(claims["sid"]), float(claims["exp"])
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
            raise DomainError(Code.UNAUTHENTICATED, "This token is not valid. Please sign in again.") from error

    def form_token(self, session_id: UUID) -> str:
        """Return the token that pages put into their forms, so that no other site can send them."""
        return hmac.new(self._form_key, session_id.bytes, hashlib.sha256).hexdigest()

    def is_form_token(self, session_id: UUID, candidate: str) -> bool:
        """Tell, in constant time, whether ``candidate`` is the session's form token."""
        return hmac.compare_digest(self.form_token(session_id).encode(), candidate.encode())


def new_refresh() -> Refresh:
    """Make a refresh token of 256 random bits."""
    token = secrets.token_urlsafe(32)
    return Refresh(token=token, digest=digest_of(token))


def digest_of(token: str) -> str:
    """Return the hash by which a refresh token is found; its entropy needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def derive_key(secret: str, purpose: str) -> bytes:
    """Return the key for one purpose, from which neither the secret nor another key can be told."""
    return hmac.new(secret.encode(), f"hms {purpose}".encode(), hashlib.sha256).digest()
