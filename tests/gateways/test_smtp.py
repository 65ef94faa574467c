"""Mail over SMTP: encrypted and logged in where it must be, plain for a local relay, injected by nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from hms.gateways.composing import Sender
from hms.gateways.protocols import (
    Attachment,
    DeliveryRefusedError,
    DeliveryUnclearError,
    GatewayUnavailableError,
    Mail,
)
from hms.gateways.smtp import SmtpMail
from tests.support.letters import through
from tests.support.processes import free_port
from tests.support.smtp import SmtpPeer, Stage

ID = UUID("019c0000-0000-7000-8000-000000000001")


def make_mail(**values: object) -> Mail:
    given: dict[str, object] = {
        "message_id": ID,
        "to": "roy@example.org",
        "to_name": "Roy Anindya",
        "sender_name": "Klinik Süd, Ambulanz",
        "subject": "Termin bestätigt",
        "text": "Guten Tag, Zoë",
        "html": "<p>Guten Tag, Zoë</p>",
        "written_at": datetime(2026, 1, 22, 3, 25, tzinfo=UTC),
        "reply_to": "desk@example.org",
    }
    return Mail(**given | values)  # type: ignore[arg-type]


def test_a_mail_arrives_whole_encrypted_and_logged_in(smtp_peer: SmtpPeer) -> None:
    file = Attachment("appointment.ics", "text/calendar; method=PUBLISH; charset=utf-8", b"BEGIN:VCALENDAR\r\n")
    with through(smtp_peer).connected() as connection:
        connection.send(make_mail(attachments=(file,)))
    [mail] = smtp_peer.mails
    message = mail.message
    assert (mail.login, mail.recipients) == ("hms", ("roy@example.org",))
    assert message["Message-ID"] == f"<{ID}@hms001.example>"
    assert message["From"].addresses[0].display_name == "Klinik Süd, Ambulanz"
    assert (message["Subject"], message["Reply-To"]) == ("Termin bestätigt", "desk@example.org")
    assert message["Auto-Submitted"] == "auto-generated"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert (plain.get_content().strip(), html.get_content().strip()) == ("Guten Tag, Zoë", "<p>Guten Tag, Zoë</p>")
    [attached] = message.iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == ("text/calendar", "appointment.ics")
    assert attached["Content-Type"].params["method"] == "PUBLISH"


def test_many_mails_go_over_one_connection(smtp_peer: SmtpPeer) -> None:
    with through(smtp_peer).connected() as connection:
        for _ in range(3):
            connection.send(make_mail())
    assert len(smtp_peer.mails) == 3


@pytest.mark.parametrize(("address", "one_click"), [("https://hms.example/o/x", True), ("http://desk/o/x", False)])
def test_mail_programs_are_told_how_such_mails_are_declined(smtp_peer: SmtpPeer, address: str, one_click: bool) -> None:
    with through(smtp_peer).connected() as connection:
        connection.send(make_mail(stop=address))
        connection.send(make_mail())
    declinable, other = (mail.message for mail in smtp_peer.mails)
    assert declinable["List-Unsubscribe"] == f"<{address}>"
    assert declinable["List-Unsubscribe-Post"] == ("List-Unsubscribe=One-Click" if one_click else None)
    assert (other["List-Unsubscribe"], other["List-Unsubscribe-Post"]) == (None, None)


@pytest.mark.parametrize(
    ("reply", "stage", "permanent", "wrong"),
    [
        ("550 No such user", "RCPT", True, True),
        ("550 5.1.1 No such user", "RCPT", True, True),
        ("550 5.7.1 Not from your network", "RCPT", True, False),
        ("450 4.2.1 Busy", "RCPT", False, False),
        ("552 5.2.2 Mailbox full", "DATA", True, True),
        ("554 5.7.1 This looks like spam", "DATA", True, False),
    ],
)
def test_a_refusal_tells_whether_the_address_is_wrong(
    smtp_peer: SmtpPeer, reply: str, stage: Stage, permanent: bool, wrong: bool
) -> None:
    smtp_peer.refuse(reply, at=stage)
    with through(smtp_peer).connected() as connection, pytest.raises(DeliveryRefusedError) as refused:
        connection.send(make_mail())
    assert (refused.value.permanent, refused.value.wrong_address) == (permanent, wrong)


def test_a_server_that_takes_few_mails_a_connection_is_called_again(smtp_peer: SmtpPeer) -> None:
    with through(smtp_peer).connected() as connection:
        connection.send(make_mail())
        smtp_peer.refuse("421 Enough for one connection", at="MAIL")
        connection.send(make_mail())
    assert len(smtp_peer.mails) == 2


@pytest.mark.parametrize(
    ("stage", "unclear"), [("MAIL", False), ("RCPT", False), ("CONTENT", False), ("DATA", True), ("REPLY", True)]
)
def test_only_after_the_final_dot_a_broken_connection_leaves_a_doubt(
    smtp_peer: SmtpPeer, stage: Stage, unclear: bool
) -> None:
    smtp_peer.drop(at=stage)
    with through(smtp_peer).connected() as connection:
        with pytest.raises(DeliveryUnclearError if unclear else GatewayUnavailableError):
            connection.send(make_mail())
        connection.send(make_mail(text="x" * 100_000))
    assert len(smtp_peer.mails) == (2 if stage == "REPLY" else 1)


def test_a_mail_leaves_after_it_was_noted_or_not_at_all(smtp_peer: SmtpPeer) -> None:
    def refuse() -> None:
        raise LookupError

    seen: list[int] = []
    with through(smtp_peer).connected() as connection:
        with pytest.raises(LookupError):
            connection.send(make_mail(), refuse)
        connection.send(make_mail(), lambda: seen.append(len(smtp_peer.mails)))
    assert (seen, len(smtp_peer.mails)) == ([0], 1)


@pytest.mark.parametrize("text", [".", ".hidden\n..\n.\n", "line\n.\nQUIT\n"])
def test_lines_that_begin_with_a_dot_end_no_mail(smtp_peer: SmtpPeer, text: str) -> None:
    with through(smtp_peer).connected() as connection:
        connection.send(make_mail(text=text))
    [mail] = smtp_peer.mails
    body = mail.message.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == text.splitlines()


@pytest.mark.parametrize("field", ["subject", "to_name", "sender_name"])
def test_a_line_break_makes_no_header(smtp_peer: SmtpPeer, field: str) -> None:
    with through(smtp_peer).connected() as connection:
        connection.send(make_mail(**{field: "Hello\r\nBcc: victim@example.org\n\nAnother body"}))
    [mail] = smtp_peer.mails
    assert mail.recipients == ("roy@example.org",)
    assert "Bcc" not in mail.message


@pytest.mark.parametrize(
    "address",
    [
        "",
        "roy",
        "roy@example.org, eve@example.org",
        "roy@example.org\r\nRCPT TO:<eve@example.org>",
        "<roy@example.org>",
    ],
)
def test_what_is_not_one_address_is_refused_for_good(smtp_peer: SmtpPeer, address: str) -> None:
    with through(smtp_peer).connected() as connection:
        with pytest.raises(DeliveryRefusedError) as refused:
            connection.send(make_mail(to=address))
        connection.send(make_mail())
    assert refused.value.permanent
    assert len(smtp_peer.mails) == 1


def test_a_domain_in_another_script_is_written_as_mail_servers_know_it(smtp_peer: SmtpPeer) -> None:
    with through(smtp_peer).connected() as connection:
        connection.send(make_mail(to="roy@klinik-süd.example"))
    assert smtp_peer.mails[0].recipients == ("roy@xn--klinik-sd-x9a.example",)


def test_no_password_leaves_without_encryption() -> None:
    with plain_relay() as (port, handler):
        gateway = SmtpMail("127.0.0.1", port, Sender("hms@example.org"), "hms", "open sesame")
        with pytest.raises(GatewayUnavailableError, match="no encryption"), gateway.connected():
            pass
    assert handler.mails == []


def test_a_local_relay_needs_neither_login_nor_encryption() -> None:
    with plain_relay() as (port, handler), SmtpMail("127.0.0.1", port, Sender("hms@example.org")).connected() as to:
        to.send(make_mail())
    assert [mail["Message-ID"] for mail in handler.mails] == [f"<{ID}@example.org>"]


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_password(
    smtp_peer: SmtpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(GatewayUnavailableError, match="cannot be reached"), through(smtp_peer).connected():
        pass
    assert smtp_peer.mails == []


def test_a_server_that_is_not_there_is_named() -> None:
    port = free_port()
    with (
        pytest.raises(GatewayUnavailableError, match=f"127.0.0.1:{port} cannot be reached"),
        SmtpMail("127.0.0.1", port, Sender("hms@example.org")).connected(),
    ):
        pass


class _Kept(Message):
    """Keep what comes."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Any] = []

    def handle_message(self, message: Any) -> None:
        self.mails.append(message)


@contextmanager
def plain_relay() -> Iterator[tuple[int, "_Kept"]]:
    handler = _Kept()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port, handler
    finally:
        controller.stop()
