"""What open pages ask every few seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID

from flask import Response, after_this_request, request

from hms.domain.appointments import Status
from hms.queries import live as queries
from hms.web.api.routing import Call, Routes

routes = Routes("Live", "A cheap look at what changes: poll it every two or three seconds with If-None-Match.")


@dataclass(frozen=True, slots=True)
class Live:
    """The caller's day at a glance. ``version`` changes with every change in the hospital, and every minute.

    ``board``: how many of today's visits (a doctor's and a patient's own) are in which state. ``activeAlerts``: alerts
    of patients who wait that the caller's role follows and nobody has acknowledged; ``latestAlertId``: the newest of
    the open ones, so that a page knows when to fetch GET /no-show/alerts?mine=true anew.
    """

    version: str
    at: datetime
    today: date
    board: Mapping[Status, int]
    unread_notifications: int
    active_alerts: int
    latest_alert_id: UUID | None


@routes.get("/live")
def live(call: Call) -> Live:
    """Tell whether anything changed, and the figures that boards show.

    Send the ETag of the last answer as If-None-Match: while nothing changed, 304 comes back, decided before anything
    else is read.
    """
    now, actor = call.now, call.actor
    version = call.read(queries.version, actor.hospital_id, now)
    # Of one login: whoever signs in next in the same browser must not be told that what they see is still good.
    tag = f"{version}.{actor.user_id}"

    @after_this_request
    def name(response: Response) -> Response:
        response.set_etag(tag, weak=True)
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = "Authorization"
        return response

    if request.if_none_match.contains_weak(tag):
        return cast(Live, Response(status=304))
    pulse = call.read(queries.pulse, actor, call.today)
    return Live(
        version=version,
        at=now,
        today=pulse.today,
        board=pulse.board,
        unread_notifications=pulse.unread_notifications,
        active_alerts=pulse.active_alerts,
        latest_alert_id=pulse.latest_alert_id,
    )
