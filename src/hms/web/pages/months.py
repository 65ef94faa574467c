"""A month at a glance: closed days, who is away, and how full each day is."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from hms.access.permissions import Permission, may
from hms.queries import absences, calendars, doctors, holidays
from hms.queries.absences import AbsenceFilters, AbsenceRow
from hms.queries.calendars import DayLoad
from hms.queries.doctors import DoctorFilters
from hms.queries.holidays import ClosedDay
from hms.web.pages.calendar_view import absence_words
from hms.web.pages.calendars import HERE, MANY, asked_doctor, tabs
from hms.web.pages.desk import desk, page, reading, staff_only


@dataclass(frozen=True, slots=True)
class Entry:
    """What the calendar shows on its days, as the component reads it; ``short`` on a phone.

    ``end`` is the day after the last.
    """

    id: str
    title: str
    start: str
    end: str
    kind: str
    url: str
    short: str


def register(pages: Blueprint) -> None:
    """Add the route of the month."""
    pages.get("/calendar/month", endpoint="calendar_month")(month_page)


@staff_only
def month_page() -> Response:
    """Show a month of all doctors, or of one."""
    at, doctor_id = desk(), asked_doctor(request.args)
    first = _month(request.args.get("month", "")) or at.today.replace(day=1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    with reading() as session:
        everybody = doctors.listing(session, at.actor, DoctorFilters(), after=None, limit=MANY)
        closed = holidays.closed_days(session, at.actor, first, last)
        away = absences.listing(session, at.actor, AbsenceFilters(doctor_id=doctor_id, first=first, last=last))
        loads = calendars.loads(session, at.actor, first, last, doctor_id)
    names = {row.id: f"Dr. {row.last_name}" for row in everybody}
    entries = [_closed(one) for one in closed]
    entries += [_away(row, names.get(row.doctor_id, "")) for row in away]
    entries += [_load(load, doctor_id) for load in loads if load.slots]
    return page(
        "calendar/month.html",
        HERE,
        tabs=tabs("month", doctor_id),
        everybody=everybody,
        doctor_id=doctor_id,
        first=first,
        before=(first - timedelta(days=1)).replace(day=1),
        after=last + timedelta(days=1),
        today=at.today,
        entries=entries,
    )


def _closed(one: ClosedDay) -> Entry:
    return _entry(f"h{one.day}", one.name, (one.day, one.day), "holiday", _day_address(one.day, None))


def _away(row: AbsenceRow, name: str) -> Entry:
    at, part = desk(), ""
    if row.start_time is not None and row.end_time is not None:
        part = f", {at.formats.clock(row.start_time)}–{at.formats.clock(row.end_time)}"
    may_edit = may(at.actor, Permission.EDIT_OWN_SCHEDULE) and at.actor.doctor_id in (None, row.doctor_id)
    edit = url_for("pages.absences", doctor=row.doctor_id)
    to = edit if may_edit else _day_address(row.start_date, row.doctor_id)
    title = f"{name}: {absence_words(row).lower()}{part}"
    return _entry(f"a{row.id}", title, (row.start_date, row.end_date), "away", to)


def _load(load: DayLoad, doctor_id: UUID | None) -> Entry:
    to = _day_address(load.day, doctor_id)
    return _entry(
        f"l{load.day}",
        _load_words(load),
        (load.day, load.day),
        _fullness(load),
        to,
        _share(load),
    )


def _load_words(load: DayLoad) -> str:
    open_slots = load.slots - load.blocked
    if not open_slots:
        return "all blocked"
    return f"{load.taken} of {open_slots} booked" if load.free else f"full, {load.taken} booked"


def _share(load: DayLoad) -> str:
    open_slots = load.slots - load.blocked
    return f"{load.taken * 100 // open_slots}%" if open_slots else "–"


def _fullness(load: DayLoad) -> str:
    open_slots = load.slots - load.blocked
    share = load.taken / open_slots if open_slots else 1
    return "full" if share >= 1 else "busy" if share >= 0.75 else "calm"


def _entry(key: str, title: str, days: tuple[date, date], kind: str, url: str, short: str = "") -> Entry:
    first, last = days
    return Entry(key, title, first.isoformat(), (last + timedelta(days=1)).isoformat(), kind, url, short or title)


def _day_address(day: date, doctor_id: UUID | None) -> str:
    return url_for("pages.calendar_day", day=day.isoformat(), doctor=doctor_id)


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
