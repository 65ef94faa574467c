"""Send text messages through whichever provider the one URL selects (Apprise)."""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

from hms.gateways.protocols import (
    DeliveryRefusedError,
    DeliveryUnclearError,
    GatewayUnavailableError,
    HandingOver,
    ShortMessage,
    unnoted,
)

PLACEHOLDER = "{to}"
_NUMBER = re.compile(r"\+?[0-9]{4,15}")
_STATUS = re.compile(r"error=(\d{3})")
_NOT_GONE = re.compile(
    "NewConnectionError|NameResolutionError|ConnectTimeoutError|Tunnel connection failed"
    "|CERTIFICATE_VERIFY_FAILED|WRONG_VERSION_NUMBER"
)
"""What urllib3 says of requests that never left."""
NO_ANSWER_BEHIND = 504
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

    def send(self, message: ShortMessage, handing_over: HandingOver = unnoted, /) -> None:
        """Send one message; raise DeliveryRefusedError, DeliveryUnclearError or GatewayUnavailableError."""
        import apprise  # noqa: PLC0415 -- heavy: loads at the first message

        _EAR.attend()
        target = apprise.Apprise()
        if not target.add(self.url.replace(PLACEHOLDER, quote(_number(message.to), safe=""))):
            raise GatewayUnavailableError("The SMS provider's address (SMS_URL) is not one that Apprise knows.")
        for provider in target:
            provider.retry = 0  # HMS tries again by itself, and counts
        handing_over()
        with _EAR.listening() as said:
            sent = target.notify(body=message.text)
        if not sent:
            raise _reason("\n".join(said))


class _Ear(logging.Filter):
    """Hear all that Apprise says, which works in threads of its own; only warnings pass on into the log."""

    def __init__(self) -> None:
        super().__init__()
        self._turn = threading.Lock()
        self._said: list[str] = []

    def attend(self) -> None:
        """Let nothing pass from now on; an address that is made ready is told with the number in it."""
        voice = logging.getLogger("apprise")
        voice.setLevel(logging.DEBUG)  # why a connection broke is said as a detail
        voice.addFilter(self)  # once, however often it is asked to

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        """Collect what is said until the end of the block; one listens at a time."""
        with self._turn:
            self._said = []
            yield self._said

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep a line; let it pass if it is a warning."""
        self._said.append(record.getMessage())
        return record.levelno >= logging.WARNING


_EAR = _Ear()


def _number(raw: str) -> str:
    number = re.sub(r"[\s().\-/]", "", raw)
    if not _NUMBER.fullmatch(number):
        raise DeliveryRefusedError("The phone number is not valid.", permanent=True, wrong_address=True)
    return number


def _reason(said: str) -> DeliveryRefusedError | DeliveryUnclearError | GatewayUnavailableError:
    # Apprise answers yes or no; only its log tells a wrong number from a provider that is away.
    status = int(found[1]) if (found := _STATUS.search(said)) else None
    if status == NO_ANSWER_BEHIND:
        return DeliveryUnclearError("The SMS provider's own server had no answer in time (504).")
    if status is not None and (status >= 500 or status in _PROVIDERS_FAULT):
        return GatewayUnavailableError(f"The SMS provider answers {status}.")
    if "onnection error" in said:
        if _NOT_GONE.search(said):
            return GatewayUnavailableError("The SMS provider cannot be reached.")
        return DeliveryUnclearError("The SMS provider was asked to send the message and did not answer.")
    words = f"The SMS provider refused the message{f' ({status})' if status else ''}."
    return DeliveryRefusedError(words, wrong_address=status is not None)
