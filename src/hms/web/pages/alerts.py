"""Alerts of patients who wait: a panel on every staff page that follows what happens, and a page of all of them."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, may
from hms.domain.errors import Code, DomainError
from hms.domain.stage_alerts import AlertStatus, AlertType
from hms.queries import stage_alerts as queries
from hms.queries.stage_alerts import AlertFilter, AlertRow
from hms.services import stage_alerts
from hms.services.stage_alerts import Handle
from hms.transaction import Work
from hms.web.pages.desk import Toast, desk, go, page, runtime, staff_only

HERE = "alerts"
MANY, IN_PANEL = 200, 4
WORDS: dict[AlertType, str] = {
    AlertType.NO_VITALS: "No vitals yet",
    AlertType.NO_DOCTOR: "Not seen by the doctor",
    AlertType.WAITING_TOO_LONG: "Waiting too long",
}
PANEL = "X-Panel"
"""The header by which the panel's script asks; what it gets is the panel alone."""


def register(pages: Blueprint) -> None:
    """Add the alerts' routes."""
    pages.get("/alerts", endpoint="alerts")(show)
    pages.get("/alerts/live", endpoint="alerts_live")(panel)
    pages.post("/alerts/<uuid:alert_id>/acknowledge", endpoint="alert_acknowledge")(acknowledge)
    pages.post("/alerts/<uuid:alert_id>/resolve", endpoint="alert_resolve")(resolve)


@staff_only
def show() -> Response:
    """Show all open alerts that the reader follows."""
    return _whole()


@staff_only
def panel() -> Response:
    """Answer 304 while the panel that is shown is the newest; else the new one."""
    return _panel()


@staff_only
def acknowledge(alert_id: UUID) -> AnyResponse:
    """Take an alert up."""
    return _act(stage_alerts.acknowledge, alert_id)


@staff_only
def resolve(alert_id: UUID) -> AnyResponse:
    """Resolve an alert by hand."""
    return _act(stage_alerts.resolve, alert_id)


def _act(service: Callable[[Work, Handle], None], alert_id: UUID) -> AnyResponse:
    by_panel = PANEL in request.headers
    try:
        runtime().transact(desk().actor, service, Handle(alert_id))
    except DomainError as error:
        if error.code is not Code.INVALID_TRANSITION:
            raise
        if by_panel:
            return _panel(error.message)
        return _whole([Toast(error.message, "bad")], status=409)
    return _panel() if by_panel else go("pages.alerts")


def _whole(toasts: list[Toast] | None = None, *, status: int = 200) -> Response:
    values = {"rows": _rows(), "words": WORDS, "may_handle": _may_handle()}
    return page("alerts/page.html", HERE, status=status, toasts=toasts or [], **values)


def _panel(problem: str = "") -> Response:
    rows = _rows()
    tag = _tag(rows, desk().now)
    if not problem and request.if_none_match.contains(tag):
        answer = make_response("", 304)
    else:
        active = [row for row in rows if row.status is AlertStatus.ACTIVE]
        html = render_template(
            "alerts/panel.html",
            rows=rows[:IN_PANEL],
            total=len(rows),
            active=active,
            tag=tag,
            words=WORDS,
            may_handle=_may_handle(),
            problem=problem,
            live=url_for("pages.alerts_live"),
        )
        answer = make_response(html, 409 if problem else 200)
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _rows() -> list[AlertRow]:
    """Return the alerts to show, those that nobody has taken up first, the newest of each first."""
    rows = runtime().read(queries.waiting, desk().actor, AlertFilter(mine=True), limit=MANY)
    return sorted(rows, key=lambda row: row.status is not AlertStatus.ACTIVE)


def _may_handle() -> bool:
    return may(desk().actor, Permission.HANDLE_ALERTS)


def _tag(rows: list[AlertRow], now: datetime) -> str:
    # The minute is part of it, because the panel says for how long each has waited.
    shown = [f"{row.id}{row.status}" for row in rows] + [str(int(now.timestamp()) // 60) if rows else ""]
    return hashlib.sha256("".join(shown).encode()).hexdigest()[:16]
