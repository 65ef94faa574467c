"""A doctor's absences: enter one, see who is affected before it is saved, change it, call it off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, require
from hms.domain.absences import WORDS, AbsenceStatus, AbsenceType
from hms.domain.errors import Code, DomainError
from hms.queries import absences as queries
from hms.queries import doctors
from hms.queries.absences import AbsenceFilters, AbsenceRow
from hms.queries.doctors import DoctorRow
from hms.services import absences
from hms.services.absences import AbsenceChange, CancelAbsence, CreateAbsence, UpdateAbsence
from hms.web.pages import board, calendars
from hms.web.pages.desk import Toast, by_htmx, desk, go, page, runtime, staff_only

LONGEST = 400
_FIELDS = {"startDate": "first", "endDate": "last", "startTime": "start", "endTime": "end", "reason": "reason"}
DONE = {
    "created": "The absence is entered.",
    "updated": "The absence is changed.",
    "cancelled": "The absence is called off.",
}


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as typed. ``absence`` is the id of the one that is changed, empty for a new one."""

    type: str = AbsenceType.ANNUAL_LEAVE.value
    first: str = ""
    last: str = ""
    part: bool = False
    start: str = ""
    end: str = ""
    reason: str = ""
    absence: str = ""
    version: str = ""


def register(pages: Blueprint) -> None:
    """Add the routes of absences."""
    at = "/calendar/absences"
    pages.get(at, endpoint="absences")(absences_page)
    pages.get(f"{at}/<uuid:doctor_id>/<uuid:absence_id>", endpoint="absence")(change_page)
    pages.post(f"{at}/<uuid:doctor_id>/review", endpoint="absence_review")(review)
    pages.post(f"{at}/<uuid:doctor_id>/save", endpoint="absence_save")(save)
    pages.get(f"{at}/<uuid:doctor_id>/<uuid:absence_id>/cancel", endpoint="absence_cancel_form")(cancel_form)
    pages.post(f"{at}/<uuid:doctor_id>/<uuid:absence_id>/cancel", endpoint="absence_cancel")(cancel)


@staff_only
def absences_page() -> Response:
    """Show the absences of the doctor whose calendar the reader edits, and the form for another."""
    require(desk().actor, Permission.EDIT_OWN_SCHEDULE)
    everybody = calendars.all_doctors()
    if not everybody:
        return page("calendar/nobody.html", calendars.HERE, tabs=calendars.tabs("absences"))
    return _page(calendars.whose_calendar(request.args, everybody), Typed(), {})


@staff_only
def change_page(doctor_id: UUID, absence_id: UUID) -> Response:
    """Show the form filled with an absence."""
    row = runtime().read(queries.one, desk().actor, absence_id)
    typed = Typed(
        type=row.absence_type.value if row.absence_type else "",
        first=row.start_date.isoformat(),
        last=row.end_date.isoformat(),
        part=not row.is_full_day,
        start=_text(row.start_time),
        end=_text(row.end_time),
        reason=row.reason or "",
        absence=str(row.id),
        version=str(row.version),
    )
    return _page(_doctor(doctor_id), typed, {})


@staff_only
def review(doctor_id: UUID) -> Response:
    """Show who is affected, cancelled and told. Changes nothing."""
    doctor, typed = _doctor(doctor_id), _typed()
    try:
        change = _act(doctor, typed, rehearse=True)
    except DomainError as error:
        return _wrong(doctor, typed, error)
    return _sheet("calendar/absence_review.html", doctor, typed=typed, change=change)


@staff_only
def save(doctor_id: UUID) -> AnyResponse:
    """Enter or change the absence, and say what followed."""
    doctor, typed = _doctor(doctor_id), _typed()
    try:
        change = _act(doctor, typed, rehearse=False)
    except DomainError as error:
        return _wrong(doctor, typed, error)
    done = "updated" if typed.absence else "created"
    told = change.notified
    return go("pages.absences", doctor=doctor_id, done=done, told=told, cancelled=len(change.cancelled))


@staff_only
def cancel_form(doctor_id: UUID, absence_id: UUID) -> Response:
    """Show what follows from calling an absence off."""
    row = runtime().read(queries.one, desk().actor, absence_id)
    command = CancelAbsence(doctor_id=doctor_id, absence_id=absence_id, version=row.version)
    change = runtime().rehearse(desk().actor, absences.cancel, command)
    return _sheet("calendar/absence_cancel.html", _doctor(doctor_id), row=row, change=change)


@staff_only
def cancel(doctor_id: UUID, absence_id: UUID) -> AnyResponse:
    """Call an absence off."""
    version = request.form.get("version", type=int)
    command = CancelAbsence(doctor_id=doctor_id, absence_id=absence_id, version=version)
    runtime().transact(desk().actor, absences.cancel, command)
    return go("pages.absences", doctor=doctor_id, done="cancelled")


def _act(doctor: DoctorRow, typed: Typed, *, rehearse: bool) -> AbsenceChange:
    act = runtime().rehearse if rehearse else runtime().transact
    values = _values(typed)
    if not typed.absence:
        command = CreateAbsence(
            doctor_id=doctor.id,
            absence_type=values["absence_type"],
            first=values["start_date"],
            last=values["end_date"],
            is_full_day=values["is_full_day"],
            start=values["start_time"],
            end=values["end_time"],
            reason=values["reason"],
        )
        return act(desk().actor, absences.create, command)
    version = int(typed.version) if typed.version.isdigit() else None
    change = UpdateAbsence(doctor_id=doctor.id, absence_id=UUID(typed.absence), changes=values, version=version)
    return act(desk().actor, absences.update, change)


def _values(typed: Typed) -> dict[str, Any]:
    """Read the typed texts; raise VALIDATION naming every field that makes no sense."""
    errors: dict[str, str] = {}
    first, last = _date(typed.first), _date(typed.first if typed.part else typed.last or typed.first)
    if first is None:
        errors["first"] = "Give the first day"
    if last is None:
        errors["last"] = "Give the last day"
    start, end = (_time(typed.start), _time(typed.end)) if typed.part else (None, None)
    if typed.part and start is None:
        errors["start"] = "Give the time from which the doctor is away"
    if typed.part and end is None:
        errors["end"] = "Give the time at which the doctor is back"
    if errors:
        raise _TypedError(errors)
    return {
        "absence_type": AbsenceType(typed.type) if typed.type in AbsenceType.__members__ else AbsenceType.OTHER,
        "start_date": first,
        "end_date": last,
        "is_full_day": not typed.part,
        "start_time": start,
        "end_time": end,
        "reason": typed.reason or None,
    }


class _TypedError(DomainError):
    """What cannot be read, by field of the page."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(Code.VALIDATION, "Please look at the marked fields.")
        self.errors = errors


def _typed() -> Typed:
    form = request.form
    texts = {name: form.get(name, "").strip() for name in ("type", "first", "last", "start", "end", "absence")}
    reason, version = form.get("reason", "").strip()[:LONGEST], form.get("version", "")
    return Typed(**texts, part=form.get("part") == "yes", reason=reason, version=version)


def _wrong(doctor: DoctorRow, typed: Typed, error: DomainError) -> Response:
    """Show the form with the mistake beside its field; what was typed stays."""
    if isinstance(error, _TypedError):
        return _page(doctor, typed, dict(error.errors), status=422)
    errors = {_FIELDS[detail.field]: error.message for detail in error.details if detail.field in _FIELDS}
    return _page(doctor, typed, dict(list(errors.items())[:1]), problem="" if errors else error.message, status=422)


def _page(
    doctor: DoctorRow, typed: Typed, errors: Mapping[str, str], *, problem: str = "", status: int = 200
) -> Response:
    at = desk()
    everybody = calendars.all_doctors()
    rows = runtime().read(queries.listing, at.actor, AbsenceFilters(doctor_id=doctor.id, with_cancelled=True))
    answer = page(
        "calendar/absences.html",
        calendars.HERE,
        status=status,
        toasts=_said(),
        tabs=calendars.tabs("absences", doctor.id),
        htmx_config=board.HTMX_CONFIG,
        everybody=everybody,
        doctor=doctor,
        typed=typed,
        errors=errors,
        problem=problem,
        types=WORDS,
        today=at.today,
        ahead=[row for row in rows if _is_open(row, at.today)],
        over=[row for row in reversed(rows) if not _is_open(row, at.today)],
    )
    if by_htmx():
        answer.headers["HX-Retarget"] = "#absence-page"
        answer.headers["HX-Reselect"] = "#absence-page"
        answer.headers["HX-Reswap"] = "outerHTML"
    return answer


def _said() -> list[Toast]:
    words = DONE.get(request.args.get("done", ""))
    if words is None:
        return []
    cancelled, told = request.args.get("cancelled", 0, type=int), request.args.get("told", 0, type=int)
    if cancelled:
        words += f" {cancelled} {'visit is' if cancelled == 1 else 'visits are'} cancelled."
    if told:
        words += f" {told} {'patient is' if told == 1 else 'patients are'} told."
    return [Toast(words)]


def _sheet(template: str, doctor: DoctorRow, **values: Any) -> Response:
    around = "visits/bare.html" if by_htmx() else "visits/alone.html"
    back = url_for("pages.absences", doctor=doctor.id)
    return page(template, calendars.HERE, around=around, doctor=doctor, types=WORDS, back=back, **values)


def _doctor(doctor_id: UUID) -> DoctorRow:
    require(desk().actor, Permission.EDIT_OWN_SCHEDULE)
    own = desk().actor.doctor_id
    if own is not None and own != doctor_id:
        raise DomainError(Code.FORBIDDEN, "You may only edit your own calendar.")
    return runtime().read(doctors.one, desk().actor, doctor_id)


def _is_open(row: AbsenceRow, today: date) -> bool:
    return row.status is AbsenceStatus.ACTIVE and row.end_date >= today


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _time(text: str) -> time | None:
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None


def _text(at: time | None) -> str:
    return f"{at:%H:%M}" if at is not None else ""
