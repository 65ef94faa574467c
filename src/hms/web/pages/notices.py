"""What the reader was told."""

from flask import Blueprint, Response
from werkzeug.wrappers import Response as AnyResponse

from hms.queries import notifications
from hms.services import notifications as telling
from hms.web.pages.desk import desk, go, page, runtime

SHOWN = 50


def register(pages: Blueprint) -> None:
    """Add the list's routes."""
    pages.get("/notifications", endpoint="notices")(listing)
    pages.post("/notifications/read", endpoint="notices_read")(read_all)


def listing() -> Response:
    """Show the newest notifications, unread ones marked."""
    rows = runtime().read(notifications.listing, desk().actor, unread=False, after=None, limit=SHOWN)
    return page("notices/list.html", "notices", rows=rows, unread=desk().hospital.unread)


def read_all() -> AnyResponse:
    """Mark all as read."""
    runtime().transact(desk().actor, telling.read_all)
    return go("pages.notices")
