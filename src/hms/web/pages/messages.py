"""Messages that left, wait or failed; and, without a mail server, the mails themselves as they lie in the folder."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from hms.access.scope import not_found
from hms.domain.errors import DomainError
from hms.domain.messages import Channel, MessageStatus
from hms.gateways.folders import EmlFolder, SmsFolder
from hms.queries import messages
from hms.queries.messages import MessageFilters, MessageRow
from hms.services import messages as resending
from hms.web.pages.desk import Toast, admins_only, desk, go, page, runtime

SHOWN = 50


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail from the folder, as text, with its attachments' names."""

    to: str
    subject: str
    text: str
    attachments: list[str]


def register(pages: Blueprint) -> None:
    """Add the messages' routes."""
    pages.get("/messages", endpoint="messages")(listing)
    pages.get("/messages/<uuid:message_id>", endpoint="message")(one)
    pages.post("/messages/<uuid:message_id>/resend", endpoint="resend")(resend)


@admins_only
def listing() -> Response:
    """Show the newest messages, of one state if asked."""
    return _list([])


@admins_only
def one(message_id: UUID) -> Response:
    """Show one message, with its text when it lies in the folder."""
    row = runtime().read(messages.one, desk().actor, message_id)
    path = _kept(row)
    if path is None or not path.is_file():
        raise not_found("Kept message")
    mail = read_mail(path) if row.channel is Channel.EMAIL else read_text(path, row.title)
    return page("messages/one.html", "messages", row=row, mail=mail)


@admins_only
def resend(message_id: UUID) -> AnyResponse:
    """Put a message that was given up back in line."""
    try:
        runtime().transact(desk().actor, resending.resend, message_id)
    except DomainError as error:
        return _list([Toast(error.message, "bad")], status=409)
    return go("pages.messages")


def read_mail(path: Path) -> KeptMail:
    """Read a mail's text part and its attachments' names."""
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = mail.get_body(("plain", "html"))
    text = str(body.get_content()) if body is not None else ""
    names = [name for name in (part.get_filename() for part in mail.iter_attachments()) if name]
    return KeptMail(str(mail["To"]), str(mail["Subject"]), text.strip(), names)


def read_text(path: Path, title: str) -> KeptMail:
    """Read a kept text message."""
    head, _, text = path.read_text(encoding="utf-8").partition("\n\n")
    return KeptMail(head.removeprefix("To: "), title, text.strip(), [])


def _list(toasts: list[Toast], *, status: int = 200) -> Response:
    wanted = request.args.get("status", type=MessageStatus)
    before = _before(request.args.get("before", ""))
    filters = MessageFilters(status=wanted)
    rows = runtime().read(messages.listing, desk().actor, filters, after=before, limit=SHOWN + 1)
    more = rows[SHOWN - 1] if len(rows) > SHOWN else None
    return page(
        "messages/list.html",
        "messages",
        status=status,
        toasts=toasts,
        rows=rows[:SHOWN],
        kept={row.id for row in rows if row.status is MessageStatus.DELIVERED and _is_kept(row)},
        in_folder=isinstance(runtime().gateways.mail, EmlFolder),
        wanted=wanted,
        before=f"{more.created_at.isoformat()}_{more.id}" if more else "",
    )


def _kept(row: MessageRow) -> Path | None:
    gateways = runtime().gateways
    if row.channel is Channel.EMAIL and isinstance(gateways.mail, EmlFolder):
        return gateways.mail.folder / f"{row.id}.eml"
    if row.channel is Channel.SMS and isinstance(gateways.sms, SmsFolder):
        return gateways.sms.folder / f"{row.id}.txt"
    return None


def _is_kept(row: MessageRow) -> bool:
    path = _kept(row)
    return path is not None and path.is_file()


def _before(text: str) -> tuple[datetime, UUID] | None:
    at, _, number = text.partition("_")
    try:
        return datetime.fromisoformat(at), UUID(number)
    except ValueError:
        return None
