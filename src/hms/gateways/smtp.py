"""Send mail over SMTP, and tell apart who is to blame when it fails.

Until the server has the final dot, trouble is the connection's: the message did not arrive and keeps its tries. When
the connection breaks between that dot and the answer, the mail has probably arrived all the same.
"""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from hms.gateways.composing import Sender, compose, plain_address
from hms.gateways.protocols import (
    DeliveryRefusedError,
    DeliveryUnclearError,
    GatewayUnavailableError,
    HandingOver,
    Mail,
    unnoted,
)

IMPLICIT_TLS_PORT = 465
TAKEN = (250, 251)
GO_ON = 354
DONE = range(200, 300)
REFUSALS = range(400, 600)
ANSWERS = (*DONE, *REFUSALS)
CLOSING = 421
AUTHENTICATION_REQUIRED = 530
NO_SUCH_MAILBOX = frozenset({550, 551, 553, 556})
_DOT = re.compile(rb"^\.", re.MULTILINE)
_ENHANCED = re.compile(r"5\d\d 5\.(\d)\.")


@dataclass(frozen=True, slots=True)
class SmtpMail:
    """A mail server. With a user name TLS is demanded, and its certificate checked; a local relay needs neither."""

    host: str
    port: int
    sender: Sender
    username: str = ""
    password: str = field(default="", repr=False)
    timeout_seconds: float = 15.0

    @contextmanager
    def connected(self) -> Iterator["SmtpConnection"]:
        """Open a connection; raise GatewayUnavailableError when the server cannot be reached or refuses the login."""
        connection = SmtpConnection(self)
        connection.open()
        try:
            yield connection
        finally:
            connection.close()

    def dial(self) -> smtplib.SMTP:
        """Connect, encrypt and log in; raise what smtplib raises."""
        # Greeting with the sender's domain spares a look-up of this machine's name, which closed networks answer late.
        greeting = self.sender.domain if "." in self.sender.domain else "[127.0.0.1]"
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if self.port == IMPLICIT_TLS_PORT:
            server = smtplib.SMTP_SSL(self.host, self.port, greeting, timeout=self.timeout_seconds, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, greeting, timeout=self.timeout_seconds)
        try:
            server.ehlo_or_helo_if_needed()
            if self.username:
                if not isinstance(server, smtplib.SMTP_SSL):
                    server.starttls(context=context)
                server.login(self.username, self.password)
        except BaseException:
            server.close()
            raise
        return server


class SmtpConnection:
    """One open connection, opened anew when it broke."""

    def __init__(self, gateway: SmtpMail) -> None:
        self._gateway = gateway
        self._server: smtplib.SMTP | None = None
        self._used = False

    def open(self) -> smtplib.SMTP:
        """Return the open connection, opening one if need be; raise GatewayUnavailableError."""
        if self._server is None:
            try:
                self._server = self._gateway.dial()
            except smtplib.SMTPAuthenticationError as error:
                reason = f"The mail server refuses our user name or password ({error.smtp_code})."
                raise GatewayUnavailableError(reason) from error
            except smtplib.SMTPNotSupportedError as error:
                reason = "The mail server offers no encryption (STARTTLS) or no login."
                raise GatewayUnavailableError(reason) from error
            except (OSError, smtplib.SMTPException) as error:
                reason = f"The mail server {self._gateway.host}:{self._gateway.port} cannot be reached: {_say(error)}"
                raise GatewayUnavailableError(reason) from error
            self._used = False
        return self._server

    def send(self, message: Mail, handing_over: HandingOver = unnoted, /) -> None:
        """Hand one mail over; raise DeliveryRefusedError, DeliveryUnclearError or GatewayUnavailableError."""
        recipient = plain_address(message.to)
        content = compose(message, self._gateway.sender)
        self._announce(recipient)
        self._used = True
        try:
            handing_over()
        except BaseException:
            self._reset()
            raise
        code, answer = self._hand_over(content)
        if code == CLOSING:
            self._drop()
            raise GatewayUnavailableError(f"The mail server is closing: {_words(answer)}")
        if code not in DONE:
            self._reset()
            raise _refusal(code, answer)

    def close(self) -> None:
        """Say goodbye."""
        if self._server is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._server.quit()
        self._drop()

    def _hand_over(self, content: bytes) -> tuple[int, bytes]:
        """Send the mail itself; return the server's last answer.

        Not by `smtplib.SMTP.data`, which does not tell whether the mail was gone when the connection broke.
        """
        server = self.open()
        is_gone = False
        try:
            code, answer = server.docmd("DATA")
            if code == GO_ON:
                # An error means that the final dot, which comes last, did not leave.
                server.send(_DOT.sub(b"..", content).removesuffix(b"\r\n") + b"\r\n.\r\n")
                is_gone = True
                code, answer = server.getreply()
            if code in (ANSWERS if is_gone else REFUSALS):
                return code, answer
            broken: Exception = smtplib.SMTPResponseException(code, answer)
        except (OSError, smtplib.SMTPException) as error:
            broken = error
        self._drop()
        if is_gone:
            raise DeliveryUnclearError(f"The connection broke after the whole mail: {_say(broken)}") from broken
        raise GatewayUnavailableError(f"The connection broke before the whole mail: {_say(broken)}") from broken

    def _announce(self, recipient: str) -> None:
        """Name sender and recipient, on a new connection if the old one turns out to be closed meanwhile."""
        while True:
            try:
                code, answer, is_ours = self._greet(self.open(), recipient)
            except (OSError, smtplib.SMTPException) as error:
                self._drop()
                if self._used:
                    self._used = False
                    continue
                raise GatewayUnavailableError(f"The mail server broke off: {_say(error)}") from error
            if code in TAKEN and not is_ours:
                return
            if not is_ours:
                self._reset()
                raise _refusal(code, answer)
            self._drop()
            if code != CLOSING or not self._used:
                # Every mail has the same sender: a server that refuses it, or wants a login, would refuse them all.
                raise GatewayUnavailableError(f"The mail server does not take mail from us: {_words(answer, code)}")
            # Many servers take so many mails a connection; the next one is as welcome on a new one.
            self._used = False

    def _greet(self, server: smtplib.SMTP, recipient: str) -> tuple[int, bytes | str, bool]:
        """Name sender and recipient; return the answer, and whether it is about us rather than the recipient."""
        code, answer = server.mail(self._gateway.sender.address)
        if code != 250:
            return code, answer, True
        code, answer = server.rcpt(recipient)
        return code, answer, code in (CLOSING, AUTHENTICATION_REQUIRED)

    def _reset(self) -> None:
        try:
            if self._server is not None:
                self._server.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None


def _refusal(code: int, answer: bytes | str) -> DeliveryRefusedError:
    words = _words(answer, code)
    status = _ENHANCED.match(words)
    # 5.1: there is no such address; 5.2: its mailbox takes nothing (RFC 3463). Else the plain codes of RFC 5321.
    wrong = status[1] in "12" if status else code in NO_SUCH_MAILBOX
    return DeliveryRefusedError(words, permanent=code >= 500, wrong_address=wrong)


def _say(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time."
    if isinstance(error, smtplib.SMTPResponseException):
        return _words(error.smtp_error, error.smtp_code)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return f"{type(error).__name__}."


def _words(answer: bytes | str, code: int | None = None) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(f"{code or ''} {text}".split())[:300]
