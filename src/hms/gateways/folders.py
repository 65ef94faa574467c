"""Without a mail server or an SMS gateway, messages become files that people can open."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hms.gateways.composing import Sender, compose
from hms.gateways.protocols import GatewayUnavailableError, HandingOver, Mail, ShortMessage, unnoted


@dataclass(frozen=True, slots=True)
class EmlFolder:
    """Write each mail as ``<message id>.eml``; a repeat overwrites the first."""

    folder: Path
    sender: Sender

    @contextmanager
    def connected(self) -> Iterator["EmlFolder"]:
        """Make the folder."""
        _make(self.folder)
        yield self

    def send(self, message: Mail, handing_over: HandingOver = unnoted, /) -> None:
        """Write the mail whole or not at all."""
        handing_over()
        _write(self.folder / f"{message.message_id}.eml", compose(message, self.sender))


@dataclass(frozen=True, slots=True)
class SmsFolder:
    """Write each text message as ``<message id>.txt``; a repeat overwrites the first."""

    folder: Path

    @contextmanager
    def connected(self) -> Iterator["SmsFolder"]:
        """Make the folder."""
        _make(self.folder)
        yield self

    def send(self, message: ShortMessage, handing_over: HandingOver = unnoted, /) -> None:
        """Write number and text, whole or not at all."""
        handing_over()
        _write(self.folder / f"{message.message_id}.txt", f"To: {message.to}\n\n{message.text}\n".encode())


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise GatewayUnavailableError(f"The folder for messages cannot be made: {error.strerror}.") from error


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(".part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        raise GatewayUnavailableError(f"The message cannot be written: {error.strerror}.") from error
