"""Reception's board of a day: the page, its live part, and the search's Enter."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from hms.access.actors import Actor
from hms.access.permissions import Permission, may
from hms.domain.appointments import STATUS_SETTERS, Status
from hms.domain.errors import DomainError
from hms.domain.people import Role
from hms.queries import board as boards
from hms.queries import live
from hms.queries.board import BoardRow
from hms.services import attendance
from hms.services.attendance import Attend
from hms.web.pages import board_view
from hms.web.pages.board_view import EVERY_DOCTOR, Board, Filters
from hms.web.pages.desk import Toast, by_htmx, desk, frame, page, reading, runtime, staff_only

HTMX_CONFIG = json.dumps(
    {
        "allowEval": False,
        "includeIndicatorStyles": False,
        # Snapshots of pages would leave patients' names in the browser's storage.
        "historyCacheSize": 0,
        "refreshOnHistoryMiss": True,
        "scrollIntoViewOnBoost": False,
        # The first field takes the focus with the swap, not a moment later, when somebody types elsewhere already.
        "defaultSettleDelay": 0,
        # A refusal comes as the present board with the reason on it, so it is swapped in too.
        "responseHandling": [
            {"code": "204|304", "swap": False},
            {"code": "[23]..|403|404|409|422", "swap": True},
            {"code": "[45]..", "swap": False, "error": True},
        ],
    }
)
ONE_DAY = timedelta(days=1)


def register(pages: Blueprint) -> None:
    """Add the board's routes."""
    pages.get("/board", endpoint="board")(board_page)
    pages.get("/board/live", endpoint="board_live")(board_live)
    pages.post("/board/enter", endpoint="board_enter")(board_enter)


@staff_only
def board_page() -> Response:
    """Show the board; only its changing part when a script asks."""
    filters = asked(request.args)
    if by_htmx():
        return part(filters)
    shown, tag = look(filters)
    return page("board/page.html", "board", **_values(shown, tag), htmx_config=HTMX_CONFIG)


@staff_only
def board_live() -> Response:
    """Answer 304 while the board that is shown is the newest, decided before any rendering; else the new one."""
    filters = asked(request.args)
    with reading() as session:
        tag = _tag(live.version(session, desk().actor.hospital_id, desk().now), filters)
    if request.if_none_match.contains(tag):
        answer = make_response("", 304)
        answer.headers["Cache-Control"] = "no-store"
    else:
        shown, tag = look(filters)
        answer = page("board/board.html", "board", **_values(shown, tag))
    answer.set_etag(tag)
    return answer


@staff_only
def board_enter() -> Response:
    """Check in the one match of the search; say so when there are none or several."""
    filters = Filters.read({**shown_query(), "q": request.form.get("q", "")})
    filters = _with_own_doctor(filters)
    shown, _ = look(filters)
    matches = board_view.expected_matches(shown)
    if len(filters.q) < 2 or not shown.is_today:
        return part(filters)
    if len(matches) != 1:
        return part(filters, [Toast(_why_not_one(filters.q, len(matches), shown), "bad")])
    row = matches[0]
    return change(
        lambda: runtime().transact(desk().actor, attendance.check_in, Attend(row.id, version=row.version)),
        Filters.read({**shown_query(), "q": ""}),
        checked_in_toast(row),
        trigger="checked-in",
    )


def asked(given: MultiDict[str, str]) -> Filters:
    """Read the filters of an address; a doctor who names none sees their own day."""
    return _with_own_doctor(Filters.read(given))


def shown_query() -> dict[str, str]:
    """Return the query of the page on which a script acted."""
    return dict(parse_qsl(urlsplit(request.headers.get("HX-Current-URL", "")).query))


def shown_filters() -> Filters:
    """Return the filters of the page on which a script acted."""
    return _with_own_doctor(Filters.read(shown_query()))


def look(filters: Filters) -> tuple[Board, str]:
    """Return the board under these filters with the tag that names its state."""
    at = desk()
    with reading() as session:
        # The version first: a change in between makes the page look old, which only costs one more look.
        version = live.version(session, at.actor.hospital_id, at.now)
        rows = boards.of_day(session, at.actor, filters.day or at.today)
    alert_after = timedelta(minutes=at.hospital.policy.waiting_alert_minutes)
    return board_view.look(rows, filters, at.now, at.today, alert_after), _tag(version, filters)


def part(filters: Filters, toasts: list[Toast] | None = None, *, status: int = 200, trigger: str = "") -> Response:
    """Render the board's changing part, with notices beside it."""
    shown, tag = look(filters)
    html = render_template("board/part.html", frame=frame("board", toasts or []), **_values(shown, tag))
    answer = make_response(html, status)
    answer.headers["Cache-Control"] = "no-store"
    if trigger:
        answer.headers["HX-Trigger"] = trigger
    return answer


def change(act: Callable[[], object], filters: Filters, done: Toast, *, trigger: str = "") -> Response:
    """Make a change, then show the board with its notice; a refusal shows the present board and the reason."""
    try:
        act()
    except DomainError as error:
        return part(filters, [Toast(error.message, "bad")], status=409, trigger="close-sheet")
    return part(filters, [done], trigger=trigger or "close-sheet")


def checked_in_toast(row: BoardRow) -> Toast:
    """Say who was checked in, with the way back for whoever may take it."""
    words = f"{row.patient_name} is here for {row.doctor_name} at {desk().formats.clock(row.start)}."
    undo = url_for("pages.undo_check_in", appointment_id=row.id) if may_undo() else ""
    return Toast(words, undo=undo, version=row.version + 1)


def may_undo() -> bool:
    """Tell whether the reader may take a check-in back."""
    return desk().identity.role in STATUS_SETTERS[Status.SCHEDULED]


def may_consult(actor: Actor, row: BoardRow) -> bool:
    """Tell whether the reader may start and complete this visit."""
    if actor.role is Role.DOCTOR:
        return actor.doctor_id == row.doctor_id
    return may(actor, Permission.CONSULT)


def _values(shown: Board, tag: str) -> dict[str, Any]:
    actor = desk().actor
    return {
        "board": shown,
        "filters": shown.filters,
        "tag": tag,
        "speed": runtime().clocks.speed,
        "figures": board_view.FIGURES,
        "parts": board_view.PARTS,
        "one_day": ONE_DAY,
        "all_doctors": EVERY_DOCTOR if actor.doctor_id else "",
        # Flagged from here on: the next missed visit would block them.
        "near_block": max(1, desk().hospital.policy.no_show_block_threshold - 1),
        "may_undo": may_undo(),
        "may_consult": lambda row: may_consult(actor, row),
    }


def _with_own_doctor(filters: Filters) -> Filters:
    own = desk().actor.doctor_id
    if own is not None and not filters.doctor:
        return replace(filters, doctor=str(own))
    return filters


def _tag(version: str, filters: Filters) -> str:
    actor = desk().actor
    seen = f"{version}|{actor.user_id}|{desk().today}|{filters.query()}"
    return hashlib.blake2s(seen.encode(), digest_size=10).hexdigest()


def _why_not_one(q: str, matches: int, shown: Board) -> str:
    if matches:
        return f"{matches} people who are not here yet match “{q}”. Type more, or choose one with the arrow keys."
    if shown.shown:
        return f"Nobody who matches “{q}” is still expected. See their status in the list."
    return f"Nobody called “{q}” has a visit today."
