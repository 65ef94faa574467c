"""Send text messages through whichever provider the one URL selects (Apprise)."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

from hms.gateways.protocols import DeliveryRefusedError, GatewayUnavailableError, ShortMessage

PLACEHOLDER = "{to}"
_NUMBER = re.compile(r"\+?[0-9]{4,15}")
_STATUS = re.compile(r"error=(\d{3})")
_PROVIDERS_FAULT = frozenset({401, 402, 403, 404, 408, 429})
"""Answers that say nothing of the message: wrong key, no credit, wrong address, too many at once."""


@dataclass(frozen=True, slots=True)
class AppriseSms:
    """A provider by its Apprise URL, in which ``{to}`` stands for the number; a local JSON endpoint works too."""

    url: str = field(repr=False)

    @contextmanager
    def connected(self) -> Iterator["AppriseSms"]:
        """Open nothing: each message is a request of its own."""
        yield self

    def send(self, message: ShortMessage, /) -> None:
        """Send one message; raise DeliveryRefusedError or GatewayUnavailableError."""
        import apprise  # noqa: PLC0415 -- heavy: loads at the first message

        target = apprise.Apprise()
        if not target.add(self.url.replace(PLACEHOLDER, quote(_number(message.to), safe=""))):
            raise GatewayUnavailableError("The SMS provider's address (SMS_URL) is not one that Apprise knows.")
        with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:  # type: ignore[no-untyped-call]
            sent = target.notify(body=message.text)
            reason = said.getvalue()
        if not sent:
            raise _reason(reason)


def _number(raw: str) -> str:
    number = re.sub(r"[\s().\-/]", "", raw)
    if not _NUMBER.fullmatch(number):
        raise DeliveryRefusedError("The phone number is not valid.", permanent=True, wrong_address=True)
    return number


def _reason(said: str) -> DeliveryRefusedError | GatewayUnavailableError:
    # Apprise answers yes or no; only its log tells a wrong number from a provider that is away.
    status = int(found[1]) if (found := _STATUS.search(said)) else None
    if status is not None and (status >= 500 or status in _PROVIDERS_FAULT):
        return GatewayUnavailableError(f"The SMS provider answers {status}.")
    if "onnection error" in said:
        return GatewayUnavailableError("The SMS provider cannot be reached.")
    words = f"The SMS provider refused the message{f' ({status})' if status else ''}."
    return DeliveryRefusedError(words, wrong_address=status is not None)
