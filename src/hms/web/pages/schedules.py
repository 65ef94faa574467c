"""A doctor's weekly hours: type or draw them, see the slots at once, see whom a change affects, then save."""

from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, may, require
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.domain.slots import DayOfWeek
from hms.queries import doctors, schedules
from hms.queries.doctors import DoctorRow
from hms.services import weeks
from hms.services.doctors import EditDoctor
from hms.services.doctors import update as edit_doctor
from hms.services.weeks import ReplaceWeek
from hms.web.pages import board, calendars, week_view
from hms.web.pages.desk import Toast, by_htmx, desk, frame, go, page, reading, runtime, staff_only
from hms.web.pages.week_view import Week


def register(pages: Blueprint) -> None:
    """Add the routes of the week."""
    pages.get("/calendar/week", endpoint="week")(week_page)
    pages.post("/calendar/week/<uuid:doctor_id>/picture", endpoint="week_picture")(picture)
    pages.post("/calendar/week/<uuid:doctor_id>/review", endpoint="week_review")(review)
    pages.post("/calendar/week/<uuid:doctor_id>/save", endpoint="week_save")(save)
    pages.get("/calendar/week/<uuid:doctor_id>/availability", endpoint="availability_form")(availability_form)
    pages.post("/calendar/week/<uuid:doctor_id>/availability", endpoint="availability")(availability)


@staff_only
def week_page() -> Response:
    """Show the weekly hours of the doctor whose calendar the reader edits."""
    require(desk().actor, Permission.EDIT_OWN_SCHEDULE)
    everybody = calendars.all_doctors()
    if not everybody:
        return page("calendar/nobody.html", calendars.HERE, tabs=calendars.tabs("week"))
    doctor = calendars.whose_calendar(request.args, everybody)
    return _page(doctor, _present(doctor), everybody, saved=request.args.get("saved", type=int))


@staff_only
def picture(doctor_id: UUID) -> Response:
    """Answer with the form as typed, its mistakes and the slots that come out of it."""
    doctor = _own(doctor_id)
    return _answer(doctor, _typed(doctor))


@staff_only
def review(doctor_id: UUID) -> Response:
    """Show what saving would mean: whose visits fall outside, by name and time. Changes nothing."""
    doctor = _own(doctor_id)
    week, before = _typed(doctor), _present(doctor)
    if not week.is_good:
        return _answer(doctor, week, status=422)
    change = runtime().rehearse(desk().actor, weeks.replace, _command(doctor, week))
    return page(
        "calendar/week_review.html",
        calendars.HERE,
        around="visits/bare.html" if by_htmx() else "visits/alone.html",
        doctor=doctor,
        week=week,
        before=before,
        affected=change.affected,
        today=desk().today,
    )


@staff_only
def save(doctor_id: UUID) -> AnyResponse:
    """Save the week and say what followed."""
    doctor = _own(doctor_id)
    week = _typed(doctor)
    if not week.is_good:
        return _answer(doctor, week, status=422)
    change = runtime().transact(desk().actor, weeks.replace, _command(doctor, week))
    return go("pages.week", doctor=doctor_id, saved=len(change.affected))


@staff_only
def availability_form(doctor_id: UUID) -> Response:
    """Show what follows when a doctor takes no more patients, before it is done."""
    require(desk().actor, Permission.MANAGE_DOCTORS)
    doctor = _own(doctor_id)
    stopped = None
    visits: list[object] = []
    if doctor.is_available:
        change = runtime().rehearse(desk().actor, edit_doctor, _availability(doctor, available=False))
        stopped = change.unavailability
        with reading() as session:
            visits = list(schedules.outside(session, desk().actor, doctor_id, (), desk().now))
    return page(
        "calendar/availability.html",
        calendars.HERE,
        around="visits/bare.html" if by_htmx() else "visits/alone.html",
        doctor=doctor,
        stopped=stopped,
        visits=visits,
    )


@staff_only
def availability(doctor_id: UUID) -> AnyResponse:
    """Let a doctor take no more patients, or take them again."""
    doctor = _own(doctor_id)
    available = request.form.get("available") == "yes"
    runtime().transact(desk().actor, edit_doctor, _availability(doctor, available=available))
    return go("pages.week", doctor=doctor_id)


def _availability(doctor: DoctorRow, *, available: bool) -> EditDoctor:
    version = request.form.get("version", type=int)
    return EditDoctor(doctor_id=doctor.id, changes={"is_available": available}, version=version)


def _own(doctor_id: UUID) -> DoctorRow:
    """Return the doctor if the reader edits their calendar: admins any, doctors their own."""
    actor = desk().actor
    require(actor, Permission.EDIT_OWN_SCHEDULE)
    if actor.role is Role.DOCTOR and actor.doctor_id != doctor_id:
        raise DomainError(Code.FORBIDDEN, "You may only edit your own calendar.")
    return runtime().read(doctors.one, actor, doctor_id)


def _present(doctor: DoctorRow) -> Week:
    rows = runtime().read(schedules.week, desk().actor, doctor.id)
    active = [row.block for row in rows if row.block.is_active]
    return week_view.look(week_view.of_blocks(active, doctor.slot_duration))


def _typed(doctor: DoctorRow) -> Week:
    return week_view.look(week_view.read_form(request.form, doctor.slot_duration))


def _command(doctor: DoctorRow, week: Week) -> ReplaceWeek:
    longer = week.minutes != doctor.slot_duration
    version = request.form.get("version", type=int)
    return ReplaceWeek(
        doctor_id=doctor.id,
        rows=week.blocks,
        slot_duration=week.minutes if longer else None,
        version=version if longer else None,
    )


def _answer(doctor: DoctorRow, week: Week, *, status: int = 200) -> Response:
    if not by_htmx():
        return _page(doctor, week, calendars.all_doctors(), status=status)
    html = render_template("calendar/week_editor.html", frame=frame(calendars.HERE), **_values(doctor, week))
    answer = make_response(html, status)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["HX-Retarget"] = "#week"
    answer.headers["HX-Reswap"] = "morph"
    return answer


def _page(
    doctor: DoctorRow, week: Week, everybody: list[DoctorRow], *, status: int = 200, saved: int | None = None
) -> Response:
    toasts = [Toast(_said(saved))] if saved is not None else []
    return page(
        "calendar/week.html",
        calendars.HERE,
        status=status,
        toasts=toasts,
        everybody=everybody,
        htmx_config=board.HTMX_CONFIG,
        tabs=calendars.tabs("week", doctor.id),
        **_values(doctor, week),
    )


def _said(affected: int) -> str:
    if not affected:
        return "The weekly hours are saved. No booked visit falls outside them."
    people = "1 visit falls outside them; its patient is" if affected == 1 else f"{affected} visits fall outside them; "
    return f"The weekly hours are saved. {people}{'' if affected == 1 else 'their patients are'} told."


def _values(doctor: DoctorRow, week: Week) -> dict[str, object]:
    return {
        "doctor": doctor,
        "week": week,
        "days": list(DayOfWeek),
        "may_set_length": may(desk().actor, Permission.MANAGE_DOCTORS),
    }
