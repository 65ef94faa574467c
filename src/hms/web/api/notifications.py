"""What the one signed in was told."""

from dataclasses import dataclass
from uuid import UUID

from hms.queries import notifications as queries
from hms.queries.notifications import NotificationRow
from hms.services import notifications
from hms.web.api.answers import Page, page_of, read_cursor
from hms.web.api.positions import place, position
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Paging

routes = Routes("Notifications", "What the one signed in was told.")


class NotificationSearch(Paging):
    """``unread``: only those not read yet."""

    unread: bool = False


@dataclass(frozen=True, slots=True)
class ReadAll:
    """How many were unread before."""

    read: int


@routes.get("/notifications")
def listing(call: Call, query: NotificationSearch) -> Page[NotificationRow]:
    """List one's notifications, newest first."""
    after = read_cursor(query.cursor, position)
    rows = call.read(queries.listing, call.actor, unread=query.unread, after=after, limit=query.limit + 1)
    return page_of(rows, query.limit, lambda row: place(row.created_at, row.id))


@routes.post("/notifications/<uuid:notification_id>/read")
def read(call: Call, notification_id: UUID) -> None:
    """Mark one as read; safe to repeat."""
    call.transact(notifications.read, notification_id)


@routes.post("/notifications/read-all")
def read_all(call: Call) -> ReadAll:
    """Mark all as read."""
    return ReadAll(call.transact(notifications.read_all))
