"""One doctor's slots of a day: what is free, booked or blocked; block a time with a reason, and give it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, require
from hms.domain.errors import DomainError
from hms.processes import slots as calendar
from hms.queries import absences, holidays
from hms.queries import board as boards
from hms.queries import calendars as queries
from hms.queries import slots as slot_rows
from hms.queries.absences import AbsenceFilters, AbsenceRow
from hms.queries.board import BoardRow
from hms.queries.calendars import GridSlot
from hms.queries.doctors import DoctorRow
from hms.services import slots as services
from hms.services.slots import BlockSlot
from hms.web.pages import board, calendars
from hms.web.pages.calendar_view import absence_words
from hms.web.pages.desk import Toast, by_htmx, desk, frame, go, page, reading, runtime, staff_only

LONGEST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One time of the day. ``kind``: visit, free, past, blocked or away; ``words`` say why it is blocked."""

    kind: str
    start: time
    end: time
    words: str
    slot: GridSlot | None
    visit: BoardRow | None


def register(pages: Blueprint) -> None:
    """Add the routes of a doctor's slots."""
    pages.get("/calendar/slots", endpoint="slots")(slots_page)
    pages.post("/calendar/slots/<uuid:slot_id>/block", endpoint="block_slot")(block)
    pages.post("/calendar/slots/<uuid:slot_id>/unblock", endpoint="unblock_slot")(unblock)


@staff_only
def slots_page() -> Response:
    """Show the slots of a day of the doctor whose calendar the reader edits."""
    require(desk().actor, Permission.EDIT_OWN_SCHEDULE)
    everybody = calendars.all_doctors()
    if not everybody:
        return page("calendar/nobody.html", calendars.HERE, tabs=calendars.tabs("slots"))
    doctor = calendars.whose_calendar(request.args, everybody)
    day = calendars.asked_day(request.args)
    calendar.of_day(runtime(), desk().actor, doctor.id, day)
    return page(
        "calendar/slots.html",
        calendars.HERE,
        everybody=everybody,
        htmx_config=board.HTMX_CONFIG,
        tabs=calendars.tabs("slots", doctor.id),
        **_values(doctor, day),
    )


@staff_only
def block(slot_id: UUID) -> AnyResponse:
    """Keep a time from being booked."""
    reason = request.form.get("reason", "").strip()[:LONGEST]
    return _change(BlockSlot(slot_id, blocked=True, reason=reason or None))


@staff_only
def unblock(slot_id: UUID) -> AnyResponse:
    """Let a blocked time be booked again."""
    return _change(BlockSlot(slot_id, blocked=False))


def _change(command: BlockSlot) -> AnyResponse:
    at = desk()
    row = runtime().read(slot_rows.one, at.actor, command.slot_id, at.now)
    words = at.formats.clock(row.start_time)
    try:
        runtime().transact(at.actor, services.set_blocked, command)
    except DomainError as error:
        if not by_htmx():
            raise
        return _part(row.doctor_id, row.slot_date, Toast(error.message, "bad"), status=409)
    if not by_htmx():
        return go("pages.slots", doctor=row.doctor_id, day=row.slot_date.isoformat())
    if command.blocked:
        done = Toast(f"{words} is blocked.", undo=url_for("pages.unblock_slot", slot_id=row.id))
    else:
        done = Toast(f"{words} can be booked again.")
    return _part(row.doctor_id, row.slot_date, done)


def _part(doctor_id: UUID, day: date, toast: Toast, *, status: int = 200) -> Response:
    doctor = next(row for row in calendars.all_doctors() if row.id == doctor_id)
    values = _values(doctor, day)
    html = render_template("calendar/slots_part.html", frame=frame(calendars.HERE, [toast]), **values)
    answer = make_response(html, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _values(doctor: DoctorRow, day: date) -> dict[str, Any]:
    at = desk()
    with reading() as session:
        slots = queries.slots_of_day(session, at.actor, day, doctor.id)
        visits = [row for row in boards.of_day(session, at.actor, day) if row.doctor_id == doctor.id and row.holds_slot]
        away = absences.listing(session, at.actor, AbsenceFilters(doctor_id=doctor.id, first=day, last=day))
        closed = holidays.closed_days(session, at.actor, day, day)
    lines = _lines(slots, visits, away, at.now + at.hospital.policy.rebook_buffer)
    counts = {kind: sum(line.kind == kind for line in lines) for kind in ("visit", "free", "blocked", "away")}
    return {
        "doctor": doctor,
        "day": day,
        "today": at.today,
        "one_day": calendars.ONE_DAY,
        "lines": lines,
        "counts": counts,
        "holiday": closed[0].name if closed else "",
        "away": away,
    }


def _lines(
    slots: Sequence[GridSlot], visits: Sequence[BoardRow], away: Sequence[AbsenceRow], ends_from: datetime
) -> list[Line]:
    reasons = {row.id: absence_words(row) for row in away}
    lines = [Line("visit", row.start, row.end, "", None, row) for row in visits]
    for slot in slots:
        if slot.taken:
            continue
        if slot.blocked_by_hand:
            kind, words = "blocked", slot.blocked_reason or ""
        elif slot.absence_id:
            kind, words = "away", reasons.get(slot.absence_id, "Away")
        else:
            kind, words = ("past" if slot.ends_at < ends_from else "free"), ""
        lines.append(Line(kind, slot.start, slot.end, words, slot, None))
    return sorted(lines, key=lambda line: line.start)
