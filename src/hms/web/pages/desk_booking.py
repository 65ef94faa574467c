"""Staff book a free time: find the patient, say why, done. Also at once with the check-in, or to move a visit."""

from datetime import date, time
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.errors import Code, DomainError
from hms.domain.people import PatientStatus
from hms.queries import appointments, doctors, patients
from hms.queries.appointments import AppointmentRow
from hms.queries.patients import PatientFilters, PatientRow
from hms.services import attendance, bookings, rescheduling
from hms.services.bookings import Book
from hms.services.rescheduling import Reschedule
from hms.web.pages import behind, board, calendars
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
    """Show whose time it is and a search for the patient; only the people found when a script asks for these.

    From a patient's card it is known who, whether they are here already, and which visit is to be moved.
    """
    require(desk().actor, Permission.BOOK_FOR_OTHERS)
    q = request.args.get("q", "").strip()[:80]
    if by_htmx() and request.headers.get("HX-Target") == "found":
        return page("calendar/found.html", calendars.HERE, found=_found(q), q=q, chosen=None)
    known, moving = _known(request.args.get("patient", "")), _moving(request.args.get("move", ""))
    return _sheet(
        doctor_id,
        *_when(day, start),
        q=q,
        found=[known] if known else _found(q),
        known=known,
        moving=moving,
        walk_in=request.args.get("walk_in") == "1",
        blocked=known is not None and known.status is PatientStatus.BLOCKED,
    )


@staff_only
def take(doctor_id: UUID, day: str, start: str) -> AnyResponse:
    """Book the time for the patient, or say beside the fields why not; what was typed stays."""
    when = _when(day, start)
    form = request.form
    typed: dict[str, Any] = {
        "q": form.get("q", "").strip()[:80],
        "reason": form.get("reason", "").strip()[:LONGEST],
        "override": form.get("override", "").strip()[:LONGEST],
        "walk_in": form.get("walk_in") == "1",
        "moving": _moving(form.get("move", "")),
        "known": _known(form.get("known", "")),
    }
    chosen = _id(form.get("patient", "") or form.get("known", ""))
    if chosen is None:
        problem = "Choose the patient first: type the name, the record number or the phone."
        return _refused(doctor_id, when, problem, "", **typed)
    patient = runtime().read(patients.one, desk().actor, chosen)
    try:
        booked = _take(doctor_id, when, patient, typed)
    except DomainError as error:
        return _refused(doctor_id, when, error.message, error.code.value, chosen=chosen, found=[patient], **typed)
    if typed["known"]:
        done = "moved" if typed["moving"] else "here" if typed["walk_in"] else "booked"
        said: dict[str, Any] = {done: booked.id}
        return behind.lead_to(url_for("pages.patient", patient_id=chosen, **said))
    if not by_htmx():
        return go("pages.calendar_day", day=day, doctor=doctor_id)
    words = f"{patient.first_name} {patient.last_name} is booked at {desk().formats.clock(when[1])}."
    return calendars.part([Toast(words)], trigger="close-sheet")


def _take(doctor_id: UUID, when: tuple[date, time], patient: PatientRow, typed: dict[str, Any]) -> AppointmentRow:
    actor, override = desk().actor, typed["override"] or None
    if typed["moving"]:
        if typed["moving"].patient.id != patient.id:
            raise not_found("Appointment")
        move = Reschedule(
            appointment_id=typed["moving"].id,
            day=when[0],
            start=when[1],
            doctor_id=doctor_id,
            override_reason=override,
            version=request.form.get("version", type=int),
        )
        return runtime().transact(actor, rescheduling.reschedule, move)
    wish = Book(
        doctor_id=doctor_id,
        day=when[0],
        start=when[1],
        patient_id=patient.id,
        reason=typed["reason"] or None,
        override_reason=override,
    )
    return runtime().transact(actor, attendance.walk_in if typed["walk_in"] else bookings.book, wish)


def _refused(doctor_id: UUID, when: tuple[date, time], problem: str, code: str, **typed: Any) -> Response:
    if "found" not in typed:
        typed["found"] = _found(str(typed["q"]))
    blocked = code == Code.PATIENT_BLOCKED.value
    return behind.to_sheet(_sheet(doctor_id, *when, status=422, problem=problem, blocked=blocked, **typed))


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
        is_today=day == desk().today,
        **{**given, **values},
    )


def _found(q: str) -> list[PatientRow]:
    if len(q) < 2:
        return []
    return runtime().read(patients.listing, desk().actor, PatientFilters(search=q), after=None, limit=FOUND)


def _known(text: str) -> PatientRow | None:
    patient_id = _id(text)
    return runtime().read(patients.one, desk().actor, patient_id) if patient_id else None


def _moving(text: str) -> AppointmentRow | None:
    appointment_id = _id(text)
    return runtime().read(appointments.one, desk().actor, appointment_id) if appointment_id else None


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
