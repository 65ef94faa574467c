"""What admins look into: the audit trail, and messages on their way."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from hms.access.permissions import Permission
from hms.domain.errors import Code
from hms.domain.messages import Channel, MessageStatus
from hms.queries import audit, messages
from hms.queries.audit import AuditFilters, AuditRow
from hms.queries.messages import MessageFilters, MessageRow
from hms.services import messages as services
from hms.transaction import Work
from hms.web.api.answers import Page, page_of, read_cursor
from hms.web.api.positions import place, position
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Paging

routes = Routes("Administration", "The audit trail and outgoing messages.")

LARGEST_SEQ = 2**63 - 1
Word = Annotated[str, Field(min_length=1, max_length=64)]


class AuditSearch(Paging):
    """``action``: a whole one or its beginning, such as ``appointment.``."""

    entity: Word | None = None
    entity_id: UUID | None = None
    actor_id: UUID | None = None
    action: Word | None = None


class MessageSearch(Paging):
    """By state and channel; messages within the application only when asked for by their channel."""

    status: MessageStatus | None = None
    channel: Channel | None = None


@routes.get("/admin/audit", needs=Permission.SEE_AUDIT)
def trail(call: Call, query: AuditSearch) -> Page[AuditRow]:
    """List who did what to which row, newest first."""
    filters = AuditFilters(query.entity, query.entity_id, query.actor_id, query.action)
    before = read_cursor(query.cursor, _seq)
    rows = call.read(audit.listing, call.actor, filters, before=before, limit=query.limit + 1)
    return page_of(rows, query.limit, lambda row: (row.seq,))


@routes.get("/admin/messages", needs=Permission.SEE_MESSAGES)
def outgoing(call: Call, query: MessageSearch) -> Page[MessageRow]:
    """List outgoing messages, newest first, with their state and last error."""
    filters = MessageFilters(query.status, query.channel)
    after = read_cursor(query.cursor, position)
    rows = call.read(messages.listing, call.actor, filters, after=after, limit=query.limit + 1)
    return page_of(rows, query.limit, lambda row: place(row.created_at, row.id))


@routes.post("/admin/messages/<uuid:message_id>/resend", needs=Permission.SEE_MESSAGES, errors=(Code.CONFLICT,))
def resend(call: Call, message_id: UUID) -> MessageRow:
    """Put a message that failed back in line, with all its tries before it."""

    def act(work: Work) -> MessageRow:
        services.resend(work, message_id)
        work.session.flush()
        return messages.one(work.session, work.actor, message_id)

    return call.transact(act)


def _seq(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_SEQ:
        raise ValueError("not a number of the audit trail")
    return value
