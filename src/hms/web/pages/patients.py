"""Reception's desk: find the patient as the name is typed, register one, and see who they are and what is booked."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, may, require
from hms.domain.appointments import LIVE, OPEN
from hms.domain.errors import Code, DomainError
from hms.domain.people import Sex
from hms.languages import LANGUAGES, spoken, voice
from hms.processes import slots as calendar
from hms.queries import appointments, doctors, patients
from hms.queries.appointments import AppointmentRow
from hms.queries.doctors import DoctorFilters
from hms.queries.free_times import FreeTime
from hms.queries.patients import Alike, PatientFilters, PatientRow
from hms.queries.slots import SlotRow
from hms.services import attendance, preferences
from hms.services import patients as services
from hms.services.attendance import Attend
from hms.services.patients import NewPatient
from hms.services.preferences import Wishes
from hms.web.pages.board import HTMX_CONFIG
from hms.web.pages.desk import Toast, by_htmx, desk, go, page, reading, runtime, staff_only

HERE = "patients"
FOUND, AHEAD, PAST, SOONEST, MANY = 20, 50, 10, 8, 500
SEXES = {Sex.FEMALE: "Female", Sex.MALE: "Male", Sex.OTHER: "Other", Sex.UNKNOWN: "Not known"}
_BIRTH = re.compile(r"\b(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[./](\d{1,2})[./](\d{4}))\b")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?(?:[ ()./-]*[0-9]){5,}[ ()./-]*")
_LONGEST = {"first_name": 100, "last_name": 100, "phone": 32, "email": 254}


@dataclass(frozen=True, slots=True)
class Offers:
    """Free times to book. ``soonest``: each doctor's first; ``times``: one doctor's, on the first free day."""

    doctor_id: UUID | None
    day: date
    walk_in: bool
    soonest: list[FreeTime]
    times: list[SlotRow]


def register(pages: Blueprint) -> None:
    """Add the routes of reception's desk."""
    pages.get("/patients", endpoint="patients")(find)
    pages.get("/patients/new", endpoint="new_patient")(form)
    pages.post("/patients/new", endpoint="register_patient")(create)
    pages.get("/patients/<uuid:patient_id>", endpoint="patient")(card)
    pages.post("/patients/<uuid:patient_id>/language", endpoint="patient_language")(speak)
    pages.post("/patients/<uuid:patient_id>/<uuid:appointment_id>/check-in", endpoint="patient_check_in")(check_in)


@staff_only
def find() -> Response:
    """Show who matches what is typed; only the list when a script asks."""
    require(desk().actor, Permission.FIND_PATIENTS)
    q = request.args.get("q", "").strip()[:80]
    values: dict[str, Any] = {"q": q, "found": _found(q), "today": desk().today}
    if by_htmx():
        return page("patients/found.html", HERE, part=True, **values)
    return page("patients/find.html", HERE, htmx_config=HTMX_CONFIG, **values)


@staff_only
def form() -> Response:
    """Show the form of a new patient, with the name that was searched for."""
    require(desk().actor, Permission.REGISTER_PATIENTS)
    name = request.args.get("q", "").strip()[:80]
    first, _, last = name.rpartition(" ") if not any(c.isdigit() for c in name) else ("", "", "")
    return _form({"first_name": first or last, "last_name": last if first else ""}, {}, [])


@staff_only
def create() -> AnyResponse:
    """Register the patient; who is like them is shown first, and what was typed stays."""
    typed = {name: request.form.get(name, "").strip()[:most] for name, most in _LONGEST.items()}
    typed.update({name: request.form.get(name, "") for name in ("born", "sex", "language")})
    wish, errors = _read(typed)
    if errors:
        return _form(typed, errors, [], status=422)
    try:
        patient_id = runtime().transact(desk().actor, services.create, wish)
    except DomainError as error:
        if error.code is Code.POSSIBLE_DUPLICATE:
            return _form(typed, {}, error.current if isinstance(error.current, list) else [], status=409)
        if error.code is not Code.VALIDATION:
            raise
        fields = {"dateOfBirth": "born"}
        wrong = {fields.get(detail.field, detail.field): error.message for detail in error.details}
        return _form(typed, wrong, [], status=422)
    return go("pages.patient", patient_id=patient_id, new="1")


@staff_only
def card(patient_id: UUID) -> Response:
    """Show a patient: what is booked, what was, and free times to book; only the times when a script asks."""
    if by_htmx():
        row = runtime().read(patients.one, desk().actor, patient_id)
        return page("patients/times.html", HERE, row=row, moving=_moving(patient_id), **_offers())
    return _card(patient_id, _said(patient_id))


@staff_only
def speak(patient_id: UUID) -> AnyResponse:
    """Choose the language in which the patient is told."""
    wish = Wishes(patient_id=patient_id, language=request.form.get("language", ""))
    try:
        runtime().transact(desk().actor, preferences.choose, wish)
    except DomainError as error:
        if error.code is not Code.VALIDATION:
            raise
        return _card(patient_id, [Toast(error.message, "bad")], status=422)
    return go("pages.patient", patient_id=patient_id, spoken="1")


@staff_only
def check_in(patient_id: UUID, appointment_id: UUID) -> AnyResponse:
    """Check the patient in, at their card."""
    command = Attend(appointment_id, version=request.form.get("version", type=int))
    try:
        runtime().transact(desk().actor, attendance.check_in, command)
    except DomainError as error:
        return _card(patient_id, [Toast(error.message, "bad")], status=409)
    return go("pages.patient", patient_id=patient_id, here=appointment_id)


def _found(q: str) -> list[PatientRow]:
    """Return who matches: words of the name, record number, phone; a date among them is the date of birth."""
    born = _BIRTH.search(q)
    search, birth = q, None
    if born:
        year, month, day = (int(part) for part in (born.group(1, 2, 3) if born.group(1) else born.group(6, 5, 4)))
        try:
            birth = date(year, month, day)
        except ValueError:
            return []
        search = q.replace(born.group(0), " ").strip()
    if len(search) < 2 and birth is None:
        return []
    filters = PatientFilters(search=search or None, date_of_birth=birth)
    return runtime().read(patients.listing, desk().actor, filters, after=None, limit=FOUND)


def _read(typed: dict[str, str]) -> tuple[NewPatient, dict[str, str]]:
    needed = {"first_name": "Type the first name", "last_name": "Type the last name"}
    errors = {name: words for name, words in needed.items() if not typed[name]}
    born = None
    if typed["born"]:
        try:
            born = date.fromisoformat(typed["born"])
        except ValueError:
            errors["born"] = "This is no date"
    if typed["email"] and not _EMAIL.fullmatch(typed["email"]):
        errors["email"] = "An address looks like name@example.org"
    if typed["phone"] and not _PHONE.fullmatch(typed["phone"]):
        errors["phone"] = "Type the whole number"
    wish = NewPatient(
        first_name=typed["first_name"],
        last_name=typed["last_name"],
        date_of_birth=born,
        sex=next((sex for sex in SEXES if sex == typed["sex"]), Sex.UNKNOWN),
        phone=typed["phone"] or None,
        email=typed["email"] or None,
        language=spoken(typed["language"]) or "",
        anyway=request.form.get("anyway") == "yes",
    )
    return wish, errors


def _form(typed: dict[str, str], errors: dict[str, str], alike: list[Alike], *, status: int = 200) -> Response:
    language = voice("", desk().identity.hospital.locale).language
    return page(
        "patients/new.html",
        HERE,
        status=status,
        typed={"phone": "", "email": "", "born": "", "sex": Sex.UNKNOWN.value, "language": language, **typed},
        errors=errors,
        alike=alike,
        sexes=SEXES,
        languages=LANGUAGES,
        today=desk().today,
    )


def _card(patient_id: UUID, toasts: list[Toast], *, status: int = 200) -> Response:
    at = desk()
    with reading() as session:
        row = patients.one(session, at.actor, patient_id)
        filters = appointments.Filters(first=at.today, patient_id=patient_id, statuses=LIVE)
        ahead = appointments.listing(session, at.actor, filters, limit=AHEAD)
        past = appointments.latest(session, at.actor, None, PAST + len(ahead), patient_id=patient_id)
        everybody = doctors.listing(session, at.actor, DoctorFilters(available=True), after=None, limit=MANY)
    shown = {visit.id for visit in ahead}
    may_book = may(at.actor, Permission.BOOK_FOR_OTHERS)
    return page(
        "patients/card.html",
        HERE,
        status=status,
        toasts=toasts,
        row=row,
        ahead=ahead,
        past=[visit for visit in past if visit.id not in shown][:PAST],
        everybody=everybody,
        may_book=may_book,
        may_register=may(at.actor, Permission.REGISTER_PATIENTS),
        languages=LANGUAGES,
        language=spoken(row.language) or "",
        moving=_moving(patient_id),
        is_open=lambda visit: visit.status in OPEN,
        now=at.now,
        htmx_config=HTMX_CONFIG,
        **(_offers() if may_book else {"offers": None, "today": at.today}),
    )


def _offers() -> dict[str, Any]:
    at = desk()
    walk_in = request.args.get("walk_in") == "1"
    doctor_id = request.args.get("doctor", type=UUID)
    try:
        day = max(at.today, date.fromisoformat(request.args.get("day", "")))
    except ValueError:
        day = at.today
    if walk_in:
        day = at.today
    soonest: list[FreeTime] = []
    times: list[SlotRow] = []
    if doctor_id is not None:
        free = [row for row in calendar.available(runtime(), at.actor, doctor_id) if row.slot_date >= day]
        # Of that day; when it is full, of the next one that is not.
        shown = day if walk_in or not free else free[0].slot_date
        times = [row for row in free if row.slot_date == shown]
    else:
        found = calendar.first_free(runtime(), at.actor, None, day, MANY if walk_in else SOONEST)
        soonest = [time for time in found if not walk_in or time.slot_date == at.today][:SOONEST]
    return {"offers": Offers(doctor_id, day, walk_in, soonest, times), "today": at.today}


def _moving(patient_id: UUID) -> AppointmentRow | None:
    """Return the visit that is being moved, if the address names one of this patient's."""
    wanted = request.args.get("move", type=UUID)
    if wanted is None:
        return None
    row = runtime().read(appointments.one, desk().actor, wanted)
    return row if row.patient.id == patient_id and row.status in OPEN else None


def _said(patient_id: UUID) -> list[Toast]:
    """Say what was just done, read from the visit itself: the address only tells which one."""
    if request.args.get("new") == "1":
        return [Toast("The patient is registered.")]
    if request.args.get("spoken") == "1":
        return [Toast("Saved. What we write from now on is in this language.")]
    for key, words in (
        ("booked", "Booked for {day} at {time}."),
        ("moved", "Moved to {day} at {time}."),
        ("here", "Checked in for {time}."),
    ):
        wanted = request.args.get(key, type=UUID)
        if wanted is None:
            continue
        row = runtime().read(appointments.one, desk().actor, wanted)
        if row.patient.id != patient_id:
            return []
        day = f"{row.date:%A} {row.date.day} {row.date:%B}"
        return [Toast(words.format(day=day, time=desk().formats.clock(row.start_time)))]
    return []
