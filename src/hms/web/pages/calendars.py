"""Every doctor's day side by side, live as the board is; and what the calendar's pages share."""

import hashlib
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for

from hms.access.permissions import Permission, may
from hms.access.scope import not_found
from hms.domain.people import Role
from hms.processes import slots as calendar
from hms.queries import absences, calendars, doctors, holidays, live
from hms.queries import board as boards
from hms.queries.absences import AbsenceFilters
from hms.queries.doctors import DoctorFilters, DoctorRow
from hms.web.pages import board, calendar_view
from hms.web.pages.calendar_view import Facts, Moment, Sheet
from hms.web.pages.desk import Link, Toast, desk, frame, page, reading, runtime, staff_only

HERE = "calendar"
MANY = 500
ONE_DAY = timedelta(days=1)


def register(pages: Blueprint) -> None:
    """Add the routes of the day."""
    pages.get("/calendar", endpoint="calendar_day")(day_page)
    pages.get("/calendar/live", endpoint="calendar_live")(day_live)


@staff_only
def day_page() -> Response:
    """Show every doctor's day, or one doctor's."""
    day, doctor_id = asked_day(request.args), asked_doctor(request.args)
    if doctor_id is not None:
        calendar.of_day(runtime(), desk().actor, doctor_id, day)  # a day that nobody has looked at yet is filled first
    shown, tag, everybody = look(day, doctor_id)
    values = _values(shown, tag, doctor_id, everybody)
    return page("calendar/day.html", HERE, **values, htmx_config=board.HTMX_CONFIG, tabs=tabs("day", doctor_id))


@staff_only
def day_live() -> Response:
    """Answer 304 while the day that is shown is the newest, decided before any rendering; else the new one."""
    day, doctor_id = asked_day(request.args), asked_doctor(request.args)
    with reading() as session:
        tag = _tag(live.version(session, desk().actor.hospital_id, desk().now), day, doctor_id)
    if request.if_none_match.contains(tag):
        answer = make_response("", 304)
        answer.headers["Cache-Control"] = "no-store"
    else:
        shown, tag, everybody = look(day, doctor_id)
        answer = page("calendar/columns.html", HERE, **_values(shown, tag, doctor_id, everybody))
    answer.set_etag(tag)
    return answer


def part(toasts: list[Toast], *, status: int = 200, trigger: str = "") -> Response:
    """Render the day on which a script acted as it now is, with notices beside it."""
    query = board.shown_query()
    day, doctor_id = asked_day(query), asked_doctor(query)
    shown, tag, everybody = look(day, doctor_id)
    values = _values(shown, tag, doctor_id, everybody)
    answer = make_response(render_template("calendar/part.html", frame=frame(HERE, toasts), **values), status)
    answer.headers["Cache-Control"] = "no-store"
    if trigger:
        answer.headers["HX-Trigger"] = trigger
    return answer


def look(day: date, doctor_id: UUID | None) -> tuple[Sheet, str, list[DoctorRow]]:
    """Return the day with the tag that names its state, and all doctors to choose from."""
    at = desk()
    with reading() as session:
        # The version first: a change in between makes the page look old, which only costs one more look.
        version = live.version(session, at.actor.hospital_id, at.now)
        everybody = doctors.listing(session, at.actor, DoctorFilters(), after=None, limit=MANY)
        closed = holidays.closed_days(session, at.actor, day, day)
        facts = Facts(
            doctors=[row for row in everybody if doctor_id in (None, row.id)],
            slots=calendars.slots_of_day(session, at.actor, day, doctor_id),
            visits=boards.of_day(session, at.actor, day),
            away=absences.listing(session, at.actor, AbsenceFilters(doctor_id=doctor_id, first=day, last=day)),
            holiday=closed[0].name if closed else "",
        )
    wall = at.now.astimezone(at.formats.zone)
    shown = calendar_view.look(facts, Moment(day, at.now, wall, at.hospital.policy))
    return shown, _tag(version, day, doctor_id), everybody


def asked_day(given: Any) -> date:
    """Read the day of an address; what makes no sense is today."""
    try:
        return date.fromisoformat(given.get("day", ""))
    except ValueError:
        return desk().today


def asked_doctor(given: Any) -> UUID | None:
    """Read the doctor of an address; None for all of them."""
    try:
        return UUID(given.get("doctor", ""))
    except ValueError:
        return None


def tabs(here: str, doctor_id: UUID | None = None) -> list[tuple[Link, bool]]:
    """Return the calendar's pages that the reader may see, each with whether it is the present one."""
    actor = desk().actor
    whose = doctor_id or actor.doctor_id
    links = [
        Link("day", "Day", url_for("pages.calendar_day", doctor=doctor_id)),
        Link("month", "Month", url_for("pages.calendar_month", doctor=whose)),
    ]
    if may(actor, Permission.EDIT_OWN_SCHEDULE):
        links.append(Link("week", "Weekly hours", url_for("pages.week", doctor=whose)))
        links.append(Link("slots", "Slots", url_for("pages.slots", doctor=whose)))
        links.append(Link("absences", "Absences", url_for("pages.absences", doctor=whose)))
    if may(actor, Permission.MANAGE_HOLIDAYS):
        links.append(Link("holidays", "Holidays", url_for("pages.holidays")))
    if actor.role is Role.DOCTOR:
        links.append(Link("feed", "My calendar address", url_for("pages.feed")))
    return [(link, link.name == here) for link in links]


def whose_calendar(given: Any, everybody: list[DoctorRow]) -> DoctorRow:
    """Return the doctor whose calendar the reader edits: their own, or the one that an admin names or sees first."""
    own = desk().actor.doctor_id
    wanted = own or asked_doctor(given)
    for row in everybody:
        if wanted in (None, row.id):
            return row
    raise not_found("Doctor")


def all_doctors() -> list[DoctorRow]:
    """Return all doctors of the hospital by name."""
    return runtime().read(doctors.listing, desk().actor, DoctorFilters(), after=None, limit=MANY)


def _values(shown: Sheet, tag: str, doctor_id: UUID | None, everybody: list[DoctorRow]) -> dict[str, Any]:
    actor = desk().actor
    return {
        "sheet": shown,
        "tag": tag,
        "speed": runtime().clocks.speed,
        "everybody": everybody,
        "doctor_id": doctor_id,
        "one_day": ONE_DAY,
        "may_book": may(actor, Permission.BOOK_FOR_OTHERS),
        "may_edit": lambda row: may(actor, Permission.EDIT_ANY_SCHEDULE) or actor.doctor_id == row.id,
    }


def _tag(version: str, day: date, doctor_id: UUID | None) -> str:
    actor = desk().actor
    seen = f"{version}|{actor.user_id}|{desk().today}|{day}|{doctor_id}|calendar"
    return hashlib.blake2s(seen.encode(), digest_size=10).hexdigest()
