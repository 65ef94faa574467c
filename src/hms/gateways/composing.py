"""Turn a mail into the form that mail servers take; what its parts say can never become a header."""

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from hms.gateways.protocols import DeliveryRefusedError, Mail

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_ADDRESS = re.compile(r"[^\s@,;:<>()\"\\\x00-\x1f]+@[^\s@,;:<>()\"\\\x00-\x1f]+")


# Seven bits go through every server; nothing has to be negotiated.
_POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Sender:
    """The address that mails come from."""

    address: str

    @property
    def domain(self) -> str:
        """The part behind the @."""
        return self.address.rpartition("@")[2]


def compose(mail: Mail, sender: Sender) -> EmailMessage:
    """Build text and HTML mail with attachments; raise DeliveryRefusedError for an address that is none."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(mail.sender_name, sender.address)
    message["To"] = _address(mail.to_name, mail.to)
    if mail.reply_to:
        message["Reply-To"] = _address("", mail.reply_to)
    message["Subject"] = _one_line(mail.subject)
    message["Date"] = format_datetime(mail.written_at)
    message["Message-ID"] = f"<{mail.message_id}@{sender.domain}>"
    # Vacation answers to an automatic mail help nobody (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    if mail.stop:
        message["List-Unsubscribe"] = f"<{mail.stop}>"
        if mail.stop.startswith("https:"):
            # One click in the mail program, without a page in between (RFC 8058); only over an encrypted connection.
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    for attachment in mail.attachments:
        maintype, _, subtype = attachment.content_type.partition("/")
        subtype, *parameters = (part.strip() for part in subtype.split(";"))
        message.add_attachment(
            attachment.content,
            maintype=maintype,
            subtype=subtype,
            filename=attachment.filename,
            params=dict(parameter.split("=", 1) for parameter in parameters),
        )
    return message


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


def _address(name: str, address: str) -> Address:
    try:
        return Address(_one_line(name), addr_spec=plain_address(address))
    except (ValueError, IndexError) as error:
        reason = "The email address is not valid."
        raise DeliveryRefusedError(reason, permanent=True, wrong_address=True) from error


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()
