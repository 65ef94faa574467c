"""Mails as bytes: every reader gets out what was put in, and nothing that people write becomes a header or a part."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hms.gateways.composing import Sender, compose
from hms.gateways.protocols import Attachment, Mail

ID = UUID("019c0000-0000-7000-8000-000000000001")
NASTY = [
    "Hello\r\nBcc: victim@example.org",
    "Hello\n\nAnother body",
    "=?utf-8?q?Bcc=3A?= =?utf-8?b?eA==?=",
    'Zoë "Zo" O\'Neil, <admin@example.org>',
    "back\\slash (comment) ; colon : at @",
    "नमस्ते " * 30,
    "مرحبا بالعالم",
    "x" * 990,
    "\u2028\u2029\x00\x7f",
    "👩‍⚕️ " * 40,
]


def read(**values: Any) -> EmailMessage:
    given: dict[str, Any] = {
        "message_id": ID,
        "to": "roy@example.org",
        "to_name": "Roy",
        "sender_name": "General",
        "subject": "News",
        "text": "Text",
        "html": "<p>Text</p>",
        "written_at": datetime(2026, 1, 22, 3, 25, tzinfo=UTC),
    }
    raw = compose(Mail(**given | values), Sender("no-reply@hms.example"))
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not [part.defects for part in message.walk() if part.defects]
    return message


def content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def one_line(text: str) -> str:
    return " ".join(text.split()).replace("\x00", "").strip()


@pytest.mark.parametrize("text", NASTY)
def test_what_people_write_is_words_and_nothing_else(text: str) -> None:
    message = read(subject=text, to_name=text, sender_name=text)
    assert sorted(message.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )
    for name in ("From", "To"):
        [address] = message[name].addresses
        assert address.addr_spec in {"roy@example.org", "no-reply@hms.example"}
    if text.isprintable():
        assert one_line(message["Subject"]) == one_line(text)
        # This reader alone sees a blank between the encoded words of a name (RFC 2047 has none there).
        assert "".join(message["To"].addresses[0].display_name.split()) == "".join(text.split())


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_texts_arrive_as_they_were_written(text: str) -> None:
    message = read(text=text, html=text)
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    for kind in ("plain", "html"):
        assert content(message, kind).replace("\r\n", "\n") == expected


@pytest.mark.parametrize("name", ["appointment.ics", "Zoë's history.csv", 'a"b\r\nX: y.csv'])
def test_files_arrive_as_they_are(name: str) -> None:
    data = bytes(range(256)) * 20
    message = read(attachments=(Attachment(name, "text/csv; charset=utf-8", data),))
    [file] = message.iter_attachments()
    assert file.get_content_type() == "text/csv"
    assert file.get_payload(decode=True) == data
    assert file.get_filename() == name.replace("\r\n", " ")
    assert content(message, "plain") == "Text"


def test_a_boundary_in_a_text_ends_nothing() -> None:
    text = f"--=_{ID.hex}_a--\r\n--=_{ID.hex}_m\r\nContent-Type: text/html\r\n\r\n<b>"
    message = read(text=text, attachments=(Attachment("a.csv", "text/csv", text.encode()),))
    assert content(message, "plain").split() == text.split()
    assert content(message, "html") == "<p>Text</p>"
