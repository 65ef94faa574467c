"""Who waits, since when and for what: the nurse's queue, a doctor's day, the waiting room's screen. All live."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for

from hms.access.permissions import Permission, may, require
from hms.queries import board as boards
from hms.queries import consultations, live
from hms.queries import queues as lines_of
from hms.queries.consultations import JoinedRow
from hms.web.pages import queue_view
from hms.web.pages.board import HTMX_CONFIG, may_consult, shown_query
from hms.web.pages.desk import Toast, desk, frame, page, reading, runtime, staff_only
from hms.web.pages.queue_view import DAY, QUEUE, Look


@dataclass(frozen=True, slots=True)
class Room:
    """One of the two pages, and whose patients it shows; None: everybody's."""

    kind: str
    doctor_id: UUID | None


SCREEN = Room("waiting_room", None)
NAMES_SHOWN = 5
"""Of each doctor's line: more than that cannot be read from a chair."""


def register(pages: Blueprint) -> None:
    """Add the routes of the queue and of a doctor's day."""
    pages.get("/queue", endpoint="queue")(queue_page)
    pages.get("/queue/live", endpoint="queue_live")(queue_live)
    pages.get("/day", endpoint="day")(day_page)
    pages.get("/day/live", endpoint="day_live")(day_live)
    pages.get("/waiting-room", endpoint="waiting_room")(waiting_room)
    pages.get("/waiting-room/live", endpoint="waiting_room_live")(waiting_room_live)


@staff_only
def queue_page() -> Response:
    """Show who waits for vitals, and who for the doctor."""
    return whole(_queue(request.args.get("doctor", "")))


@staff_only
def queue_live() -> Response:
    """Answer 304 while the queue that is shown is the newest; else the new one."""
    return _live(_queue(request.args.get("doctor", "")))


@staff_only
def day_page() -> Response:
    """Show a doctor who is next and ready, who comes later, and what is done."""
    completed = request.args.get("completed", type=UUID)
    if completed is None:
        return whole(_day())
    row = runtime().read(boards.visit, desk().actor, completed)
    return whole(_day(), [Toast(f"{row.patient_name}'s visit is completed.")])


@staff_only
def day_live() -> Response:
    """Answer 304 while the day that is shown is the newest; else the new one."""
    return _live(_day())


@staff_only
def waiting_room() -> Response:
    """Show, large and without full names, who is next with each doctor: for a screen in the waiting room."""
    return page("queue/waiting_room_page.html", SCREEN.kind, **_screen())


@staff_only
def waiting_room_live() -> Response:
    """Answer 304 while the screen shows the newest; else the new one."""
    return _unless_seen(SCREEN, lambda: ("queue/waiting_room.html", _screen()))


def whole(room: Room, toasts: list[Toast] | None = None, *, status: int = 200) -> Response:
    """Render the whole page."""
    values = _values(room)
    return page("queue/page.html", room.kind, status=status, toasts=toasts or [], htmx_config=HTMX_CONFIG, **values)


def own_day(toasts: list[Toast], *, status: int = 200) -> Response:
    """Render the reader's own day as a page, to say what could not be done."""
    return whole(_day(), toasts, status=status)


def part(kind: str, toasts: list[Toast], *, status: int = 200, trigger: str = "") -> Response:
    """Render what the page on which a script acted shows as it now is, with notices beside it."""
    room = _day() if kind == DAY else _queue(shown_query().get("doctor", ""))
    html = render_template("queue/part.html", frame=frame(room.kind, toasts), **_values(room))
    answer = make_response(html, status)
    answer.headers["Cache-Control"] = "no-store"
    if trigger:
        answer.headers["HX-Trigger"] = trigger
    return answer


def _queue(doctor: str) -> Room:
    require(desk().actor, Permission.RECORD_VITALS)
    own = desk().actor.doctor_id
    try:
        return Room(QUEUE, own or UUID(doctor))
    except ValueError:
        return Room(QUEUE, None)


def _day() -> Room:
    require(desk().actor, Permission.CONSULT)
    return Room(DAY, desk().actor.doctor_id)


def _live(room: Room) -> Response:
    return _unless_seen(room, lambda: ("queue/queue.html", _values(room)))


def _unless_seen(room: Room, build: Callable[[], tuple[str, dict[str, Any]]]) -> Response:
    at = desk()
    with reading() as session:
        tag = _tag(live.version(session, at.actor.hospital_id, at.now), room)
    if request.if_none_match.contains(tag):
        answer = make_response("", 304)
        answer.headers["Cache-Control"] = "no-store"
    else:
        template, values = build()
        tag = values["tag"]
        answer = page(template, room.kind, **values)
    answer.set_etag(tag)
    return answer


def _screen() -> dict[str, Any]:
    at = desk()
    with reading() as session:
        version = live.version(session, at.actor.hospital_id, at.now)
        lines = lines_of.waiting_room(session, at.actor, at.today)
    return {
        "lines": lines,
        "most": NAMES_SHOWN,
        "tag": _tag(version, SCREEN),
        "now": at.now,
        "speed": runtime().clocks.speed,
        "hospital": at.identity.hospital.name,
    }


def _values(room: Room) -> dict[str, Any]:
    at = desk()
    joined: list[JoinedRow] = []
    with reading() as session:
        # The version first: a change in between makes the page look old, which only costs one more look.
        version = live.version(session, at.actor.hospital_id, at.now)
        rows = boards.of_day(session, at.actor, at.today)
        if room.kind == DAY and at.actor.doctor_id is not None:
            joined = consultations.joined(session, at.actor)
    alert_after = timedelta(minutes=at.hospital.policy.waiting_alert_minutes)
    return {
        "queue": queue_view.look(rows, room.kind, Look(at.now, room.doctor_id, alert_after)),
        "joined": joined,
        "room": room,
        "tag": _tag(version, room),
        "now": at.now,
        "today": at.today,
        "speed": runtime().clocks.speed,
        "live": url_for(f"pages.{room.kind}_live"),
        "may_record": lambda row: (
            may(at.actor, Permission.RECORD_VITALS) and at.actor.doctor_id in (None, row.doctor_id)
        ),
        "may_consult": lambda row: may_consult(at.actor, row),
    }


def _tag(version: str, room: Room) -> str:
    seen = f"{version}|{desk().actor.user_id}|{desk().today}|{room.kind}|{room.doctor_id}"
    return hashlib.blake2s(seen.encode(), digest_size=10).hexdigest()
