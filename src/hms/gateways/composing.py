"""Turn a mail into the form that mail servers take; what its parts say can never become a header.

Written by hand: the standard library's message parses each header anew that it is given, which takes longer than all
the rest of a delivery. Seven bits go through every server, so that nothing has to be negotiated.
"""

import base64
import re
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime, formataddr
from urllib.parse import quote

from hms.gateways.protocols import Attachment, DeliveryRefusedError, Mail

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_ADDRESS = re.compile(r"[^\s@,;:<>()\"\\\x00-\x1f]+@[^\s@,;:<>()\"\\\x00-\x1f]+")
_LINE_END = re.compile(r"\r\n?|\n")
_PLAIN_FILE = re.compile(r"[A-Za-z0-9 ._()+-]+")


@dataclass(frozen=True, slots=True)
class Sender:
    """The address that mails come from."""

    address: str

    @property
    def domain(self) -> str:
        """The part behind the @."""
        return self.address.rpartition("@")[2]


def compose(mail: Mail, sender: Sender) -> bytes:
    """Write text and HTML mail with attachments; raise DeliveryRefusedError for an address that is none."""
    headers = [
        ("From", _mailbox(mail.sender_name, sender.address)),
        ("To", _mailbox(mail.to_name, mail.to)),
        ("Subject", _words(mail.subject)),
        ("Date", format_datetime(mail.written_at)),
        ("Message-ID", f"<{mail.message_id}@{sender.domain}>"),
        # Vacation answers to an automatic mail help nobody (RFC 3834).
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
    ]
    if mail.reply_to:
        headers.append(("Reply-To", plain_address(mail.reply_to)))
    if mail.stop:
        headers.append(("List-Unsubscribe", f"<{_one_line(mail.stop)}>"))
        if mail.stop.startswith("https:"):
            # One click in the mail program, without a page in between (RFC 8058); only over an encrypted connection.
            headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    # Neither quoted-printable nor base64 ever writes this, so no content can end a part.
    boundary = f"=_{mail.message_id.hex}"
    body = _parts("alternative", [_text("plain", mail.text), _text("html", mail.html)], f"{boundary}_a")
    if mail.attachments:
        body = _parts("mixed", [body, *map(_file, mail.attachments)], f"{boundary}_m")
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode("ascii") + body


def _parts(subtype: str, parts: Sequence[bytes], boundary: str) -> bytes:
    begin = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    between = f"\r\n--{boundary}\r\n".encode()
    return begin + between.lstrip() + between.join(parts) + f"\r\n--{boundary}--\r\n".encode()


def _text(subtype: str, text: str) -> bytes:
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    # One soft line break and the like apart, quoted-printable keeps lines as they are.
    lines = _LINE_END.sub("\n", text).encode("utf-8", "replace")
    return head.encode() + b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")


def _file(attachment: Attachment) -> bytes:
    name = _one_line(attachment.filename)
    named = f'filename="{name}"' if _PLAIN_FILE.fullmatch(name) else f"filename*=utf-8''{quote(name, safe='')}"
    head = (
        f"Content-Type: {_one_line(attachment.content_type)}\r\n"
        f"Content-Disposition: attachment; {named}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode("ascii") + base64.encodebytes(attachment.content).replace(b"\n", b"\r\n")


def plain_address(address: str) -> str:
    """Return one bare address; raise DeliveryRefusedError when it is none, several, or hides a line break."""
    local, _, domain = address.strip().rpartition("@")
    try:
        bare = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        bare = ""
    if not bare.isascii() or not _ADDRESS.fullmatch(bare):
        raise DeliveryRefusedError("The email address is not valid.", permanent=True, wrong_address=True)
    return bare


def _mailbox(name: str, address: str) -> str:
    bare, shown = plain_address(address), _one_line(name)
    if not shown:
        return bare
    return formataddr((shown, bare)) if _is_plain(shown) else f"{_words(shown)} <{bare}>"


def _words(text: str) -> str:
    """Write what a header says; letters beyond ASCII as encoded words, and so what would be taken for such."""
    line = _one_line(text)
    if _is_plain(line):
        return line
    return Header(line.encode("utf-8", "replace").decode(), "utf-8", maxlinelen=74).encode(linesep="\r\n")


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text and len(text) < 200


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()
