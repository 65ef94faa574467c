"""One's own private calendar address: make it, copy it once, replace it, take it back."""

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, require
from hms.domain.people import Role
from hms.processes import calendar_feeds
from hms.queries import calendar_feeds as queries
from hms.services import calendar_feeds as services
from hms.web.pages import board, calendars
from hms.web.pages.desk import Toast, desk, go, page, runtime
from hms.web.pages.readers import reader


def register(pages: Blueprint) -> None:
    """Add the routes of the calendar address."""
    pages.get("/my/calendar", endpoint="feed")(panel)
    pages.post("/my/calendar", endpoint="feed_renew")(renew)
    pages.post("/my/calendar/revoke", endpoint="feed_revoke")(revoke)


def panel() -> Response:
    """Show whether there is an address, since when, and what can be done."""
    return _panel("")


def renew() -> Response:
    """Make an address, or another in its place, and show it this once."""
    return _panel(calendar_feeds.renew(runtime(), desk().actor).url)


def revoke() -> AnyResponse:
    """Take the address back."""
    runtime().transact(desk().actor, services.revoke)
    return go("pages.feed", gone="yes")


def _panel(url: str) -> Response:
    require(desk().actor, Permission.HAVE_CALENDAR_FEED)
    patient = desk().identity.role is Role.PATIENT
    say, gone = reader(), request.args.get("gone") == "yes"
    return page(
        "calendar/feed.html",
        "home" if patient else calendars.HERE,
        toasts=[Toast(say("The address is taken back. Nothing is found there any more."))] if gone else [],
        feed=runtime().read(queries.state, desk().actor),
        url=url,
        patient=patient,
        htmx_config=board.HTMX_CONFIG,
        tabs=[] if patient else calendars.tabs("feed"),
    )
