"""A real mail server for tests: STARTTLS, AUTH, and every way of failing that mail servers know.

smtp_peer.refuse("451 Try again later", at="DATA")   # once; times=None for ever
smtp_peer.stall(30, at="RCPT")                       # answers so many seconds late
smtp_peer.drop(at="REPLY")                           # takes the mail, hangs up before it says so
[mail] = smtp_peer.wait_for(1)                       # mail.message["Subject"]
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal, TypeVar

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.processes import free_port

# The stages of a dialogue, in order. CONTENT comes before the mail itself is asked for, DATA after its final dot. REPLY
# comes after the mail is kept: what fails there was delivered, and the sender doesn't know.
Stage = Literal["AUTH", "MAIL", "RCPT", "CONTENT", "DATA", "REPLY"]
OK = "250 OK"
Peer = TypeVar("Peer", bound="SmtpPeer")


@dataclass(frozen=True)
class ReceivedMail:
    """One mail as it came over the wire."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    login: str | None

    @property
    def message(self) -> EmailMessage:
        """Return the mail, parsed."""
        parsed = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class Fault:
    """One planned misbehaviour: an answer, a delay or a hang-up."""

    at: Stage
    reply: str | None = None
    seconds: float = 0.0
    hang_up: bool = False
    times: int | None = 1


@dataclass
class SmtpPeer:
    """Where the server is, what it received, and what it shall do wrong next."""

    host: str
    port: int
    username: str
    password: str
    ca_file: str
    _mails: list[ReceivedMail] = field(default_factory=list)
    _faults: list[Fault] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    @property
    def mails(self) -> list[ReceivedMail]:
        """Return all mails received so far, in order."""
        with self._news:
            return list(self._mails)

    def wait_for(self, count: int, seconds: float = 10) -> list[ReceivedMail]:
        """Wait until so many mails are here, and return them all."""
        end = time.monotonic() + seconds
        with self._news:
            while len(self._mails) < count:
                if not self._news.wait(end - time.monotonic()):
                    raise AssertionError(f"{len(self._mails)} mails after {seconds} s, not {count}")
            return list(self._mails)

    def refuse(self, reply: str, *, at: Stage = "DATA", times: int | None = 1) -> None:
        """Answer a stage with a refusal such as `550 No such user` (None times: always)."""
        self._plan(Fault(at, reply=reply, times=times))

    def stall(self, seconds: float, *, at: Stage = "DATA", times: int | None = 1) -> None:
        """Answer a stage so many seconds late."""
        self._plan(Fault(at, seconds=seconds, times=times))

    def drop(self, *, at: Stage = "DATA", times: int | None = 1) -> None:
        """Hang up at a stage without a word."""
        self._plan(Fault(at, hang_up=True, times=times))

    def reset(self) -> None:
        """Empty the mailbox and behave again."""
        with self._news:
            self._mails.clear()
            self._faults.clear()

    def keep(self, mail: ReceivedMail) -> None:
        """Put a mail in the mailbox (the server does)."""
        with self._news:
            self._mails.append(mail)
            self._news.notify_all()

    def take_fault(self, stage: Stage, recipient: str = "") -> Fault | None:
        """Return the next fault planned for a stage, and count it (the server does)."""
        with self._news:
            for fault in self._faults:
                if fault.at == stage and fault.times != 0:
                    fault.times = None if fault.times is None else fault.times - 1
                    return fault
        return None

    def _plan(self, fault: Fault) -> None:
        with self._news:
            self._faults.append(fault)


class Handler:
    """Keep the mails, after doing wrong whatever is planned."""

    def __init__(self, peer: SmtpPeer) -> None:
        self._peer = peer

    async def handle_MAIL(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := await self.misbehave(server, "MAIL"):
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return OK

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if reply := await self.misbehave(server, "RCPT", address):
            return reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return OK

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if reply := await self.misbehave(server, "DATA", envelope.rcpt_tos[0]):
            return reply
        content = envelope.content or b""
        assert isinstance(content, bytes)  # decode_data is off
        login = self._peer.username if session.authenticated else None
        recipients = tuple(envelope.rcpt_tos)
        self._peer.keep(ReceivedMail(str(envelope.mail_from), recipients, content, login))
        return await self.misbehave(server, "REPLY", recipients[0]) or OK

    async def misbehave(self, server: SMTP, stage: Stage, recipient: str = "") -> str | None:
        """Do what is planned for a stage; return what to answer, None when all is well."""
        fault = self._peer.take_fault(stage, recipient)
        if fault is None:
            return None
        if fault.seconds:
            await asyncio.sleep(fault.seconds)
        if fault.hang_up and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
            await asyncio.sleep(60)  # cancelled as soon as the connection is lost
        return fault.reply


class Server(SMTP):
    """A server that may also go wrong before it asks for the mail itself."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        recipients = self.envelope.rcpt_tos if self.envelope else []
        handler: Handler = self.event_handler
        if recipients and (reply := await handler.misbehave(self, "CONTENT", recipients[0])):
            await self.push(reply)
        else:
            await super().smtp_DATA(arg)


class Servers(Controller):
    """Serve each connection by such a server."""

    def factory(self) -> SMTP:
        return Server(self.handler, **self.SMTP_kwargs)


class Authenticator:
    """Let in who knows the peer's user name and password."""

    def __init__(self, peer: SmtpPeer) -> None:
        self._peer = peer

    def __call__(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth_data: Any
    ) -> AuthResult:
        fault = self._peer.take_fault("AUTH")
        if fault is not None and fault.reply is not None:
            return AuthResult(success=False, handled=False, message=fault.reply)
        given = auth_data if isinstance(auth_data, LoginPassword) else None
        wanted = LoginPassword(self._peer.username.encode(), self._peer.password.encode())
        if given != wanted:
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=self._peer.username)


@contextmanager
def run_smtp_peer(folder: Path, kind: type[Peer]) -> Iterator[Peer]:
    """Run a mail server in a thread until the end of the block, with a certificate made just now."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    peer = kind("localhost", 0, "hms", "open sesame", str(ca_file))
    controller = Servers(
        Handler(peer),
        hostname="127.0.0.1",
        port=free_port(),
        server_hostname="localhost",
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        auth_require_tls=True,
        authenticator=Authenticator(peer),
        decode_data=False,
    )
    controller.start()
    try:
        peer.port = controller.port
        yield peer
    finally:
        controller.stop()
