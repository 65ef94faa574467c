"""Staff book a free time of the day's calendar: find the patient, say why, done."""

from datetime import date, time
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.errors import Code, DomainError
from hms.queries import doctors, patients
from hms.queries.patients import PatientFilters, PatientRow
from hms.services import bookings
from hms.services.bookings import Book
from hms.web.pages import board, calendars
from hms.web.pages.desk import Toast, by_htmx, desk, go, page, runtime, staff_only

FOUND = 12
LONGEST = 400


def register(pages: Blueprint) -> None:
    """Add the routes of a booking at the desk."""
    at = "/calendar/<uuid:doctor_id>/<day>/<start>/book"
    pages.get(at, endpoint="desk_book")(form)
    pages.post(at, endpoint="desk_book_take")(take)


@staff_only
def form(doctor_id: UUID, day: str, start: str) -> Response:
    """Show whose time it is and a search for the patient; only the people found when a script asks for these."""
    require(desk().actor, Permission.BOOK_FOR_OTHERS)
    q = request.args.get("q", "").strip()[:80]
    found = _found(q)
    if by_htmx() and request.headers.get("HX-Target") == "found":
        return page("calendar/found.html", calendars.HERE, found=found, q=q, chosen=None)
    return _sheet(doctor_id, *_when(day, start), q=q, found=found)


@staff_only
def take(doctor_id: UUID, day: str, start: str) -> AnyResponse:
    """Book the time for the patient, or say beside the fields why not; what was typed stays."""
    when = _when(day, start)
    q, reason = request.form.get("q", "").strip()[:80], request.form.get("reason", "").strip()[:LONGEST]
    override = request.form.get("override", "").strip()[:LONGEST]
    chosen = _id(request.form.get("patient", ""))
    if chosen is None:
        problem = "Choose the patient first: type the name, the record number or the phone."
        return _refused(doctor_id, when, problem, "", q=q, reason=reason, override=override)
    patient = runtime().read(patients.one, desk().actor, chosen)
    wish = Book(
        doctor_id=doctor_id,
        day=when[0],
        start=when[1],
        patient_id=chosen,
        reason=reason or None,
        override_reason=override or None,
    )
    try:
        runtime().transact(desk().actor, bookings.book, wish)
    except DomainError as error:
        code = error.code.value
        return _refused(
            doctor_id, when, error.message, code, q=q, reason=reason, override=override, chosen=chosen, found=[patient]
        )
    if not by_htmx():
        return go("pages.calendar_day", day=day, doctor=doctor_id)
    said = f"{patient.first_name} {patient.last_name} is booked at {desk().formats.clock(when[1])}."
    return calendars.part([Toast(said)], trigger="close-sheet")


def _refused(doctor_id: UUID, when: tuple[date, time], problem: str, code: str, **typed: Any) -> Response:
    if "found" not in typed:
        typed["found"] = _found(str(typed["q"]))
    answer = _sheet(doctor_id, *when, status=422, problem=problem, blocked=code == Code.PATIENT_BLOCKED.value, **typed)
    answer.headers["HX-Retarget"] = "#sheet"
    answer.headers["HX-Reswap"] = "innerHTML"
    return answer


def _sheet(doctor_id: UUID, day: date, start: time, *, status: int = 200, **values: Any) -> Response:
    doctor = runtime().read(doctors.one, desk().actor, doctor_id)
    given: dict[str, Any] = {"reason": "", "override": "", "problem": "", "blocked": False, "chosen": None}
    return page(
        "calendar/book.html",
        calendars.HERE,
        status=status,
        around="visits/bare.html" if by_htmx() else "visits/alone.html",
        htmx_config=board.HTMX_CONFIG,
        doctor=doctor,
        day=day,
        start=start,
        **{**given, **values},
    )


def _found(q: str) -> list[PatientRow]:
    if len(q) < 2:
        return []
    return runtime().read(patients.listing, desk().actor, PatientFilters(search=q), after=None, limit=FOUND)


def _when(day: str, start: str) -> tuple[date, time]:
    try:
        return date.fromisoformat(day), time.fromisoformat(start)
    except ValueError:
        raise not_found("Time") from None


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
