"""Secrets in links that are sent to people: who holds one may do what it is for, without signing in.

A link names a row and carries a signature. Nothing about it is stored, and whether it is still good is looked up at
each use: what it is for may be done, over, or changed.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from hms.access.tokens import derive_key
from hms.domain.messages import Channel

_SIGNATURE = 16
"""Bytes of a signature: 128 bits, which nobody guesses, and short enough for a text message."""
_NUMBER = 4


@dataclass(frozen=True, slots=True)
class VisitLink:
    """An appointment, and how often its time had changed when the link was written (``sequence``)."""

    appointment_id: UUID
    sequence: int


@dataclass(frozen=True, slots=True)
class OptOutLink:
    """Whose messages on which channel are declined: a patient's, or a login's."""

    person_id: UUID
    is_patient: bool
    channel: Channel


_OPT_OUTS = ((True, Channel.EMAIL), (True, Channel.SMS), (False, Channel.EMAIL), (False, Channel.SMS))
"""What the last byte of such a link says, by its number."""


class LinkSigner:
    """Write and read links with keys derived from one secret, a key for each purpose."""

    def __init__(self, secret: str) -> None:
        if not secret:
            raise ValueError("Links need a secret to be signed with.")
        self._login_key = derive_key(secret, "login links")
        self._visit_key = derive_key(secret, "visit links")
        self._opt_out_key = derive_key(secret, "opt-out links")

    def login_token(self, link_id: UUID) -> str:
        """Return the secret that opens a login link."""
        return _signed(self._login_key, link_id.bytes)

    def login_link(self, token: str) -> UUID | None:
        """Return the login link that a secret opens; None for one that was never given out."""
        content = _checked(self._login_key, token, 16)
        return None if content is None else UUID(bytes=content)

    def visit_token(self, link: VisitLink) -> str:
        """Return the secret that opens one appointment at its present time."""
        return _signed(self._visit_key, link.appointment_id.bytes + link.sequence.to_bytes(_NUMBER, "big"))

    def visit_link(self, token: str) -> VisitLink | None:
        """Return the appointment that a secret opens; None for one that was never given out."""
        content = _checked(self._visit_key, token, 16 + _NUMBER)
        return None if content is None else VisitLink(UUID(bytes=content[:16]), int.from_bytes(content[16:], "big"))

    def opt_out_token(self, link: OptOutLink) -> str:
        """Return the secret that declines one person's messages on one channel, and takes that back."""
        kind = _OPT_OUTS.index((link.is_patient, link.channel))
        return _signed(self._opt_out_key, link.person_id.bytes + bytes([kind]))

    def opt_out_link(self, token: str) -> OptOutLink | None:
        """Return what a secret declines; None for one that was never given out."""
        content = _checked(self._opt_out_key, token, 16 + 1)
        return None if content is None else OptOutLink(UUID(bytes=content[:16]), *_OPT_OUTS[content[16]])


def _signed(key: bytes, content: bytes) -> str:
    return base64.urlsafe_b64encode(content + _signature(key, content)).rstrip(b"=").decode()


def _checked(key: bytes, token: str, length: int) -> bytes | None:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    content, signature = raw[:length], raw[length:]
    # One way to write each link: trailing bits that base64 would ignore make another text, which was not given out.
    if not hmac.compare_digest(_signature(key, content), signature) or _signed(key, content) != token:
        return None
    return content


def _signature(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()[:_SIGNATURE]
