"""Where each role lands, and a patient's own visits: the next one large, the others and the past ones below."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.access.scope import not_found
from hms.domain.appointments import LIVE, OPEN
from hms.domain.errors import DomainError
from hms.domain.people import Role
from hms.languages import marked
from hms.queries import appointments
from hms.queries.appointments import AppointmentRow, Cursor
from hms.services import attendance, bookings
from hms.services.attendance import Attend
from hms.services.bookings import Cancel
from hms.web.pages import refusals
from hms.web.pages.desk import Toast, desk, go, page, patients_only, reading, runtime
from hms.web.pages.guardians import family
from hms.web.pages.readers import clock, doctor_name, medium_day, reader

AHEAD_SHOWN = 100
PAST_SHOWN = 20
LAST_MINUTE = timedelta(hours=24)
_LANDS = {Role.NURSE: "pages.queue", Role.DOCTOR: "pages.day"}


def register(pages: Blueprint) -> None:
    """Add the home page and the patient's own visits."""
    pages.get("/", endpoint="home")(home)
    pages.get("/my/visits/<uuid:appointment_id>/cancel", endpoint="cancel_own_form")(cancel_form)
    pages.post("/my/visits/<uuid:appointment_id>/cancel", endpoint="cancel_own")(cancel)
    pages.post("/my/visits/<uuid:appointment_id>/confirm", endpoint="confirm_own")(confirm)


def home() -> AnyResponse:
    """Lead staff to where their work is; show patients their visits."""
    role = desk().identity.role
    if role is not Role.PATIENT:
        return go(_LANDS.get(role, "pages.board"))
    return _visits(_said())


@patients_only
def cancel_form(appointment_id: UUID) -> Response:
    """Ask before a visit is called off, with what follows."""
    at = desk()
    row = _own(appointment_id)
    return page(
        "home/cancel.html",
        "home",
        visit=row,
        may=row.status in OPEN and at.now < row.starts_at,
        last_minute=row.starts_at - at.now <= LAST_MINUTE,
        today=at.today,
        phone=at.hospital.phone,
    )


@patients_only
def cancel(appointment_id: UUID) -> AnyResponse:
    """Call an own visit off."""
    version = request.form.get("version", type=int)
    try:
        runtime().transact(desk().actor, bookings.cancel, Cancel(appointment_id=appointment_id, version=version))
    except DomainError as error:
        _own(appointment_id)  # somebody else's visit is not there at all
        return _visits([Toast(refusals.said(error), "bad")], status=409)
    return go("pages.home", cancelled=appointment_id)


@patients_only
def confirm(appointment_id: UUID) -> AnyResponse:
    """Say that one will come."""
    version = request.form.get("version", type=int)
    try:
        runtime().transact(desk().actor, attendance.confirm, Attend(appointment_id, version=version))
    except DomainError as error:
        _own(appointment_id)
        return _visits([Toast(refusals.said(error), "bad")], status=409)
    return go("pages.home", confirmed=appointment_id)


def _own(appointment_id: UUID) -> AppointmentRow:
    row = runtime().read(appointments.one, desk().actor, appointment_id)
    if not desk().actor.owns(row.patient.id):
        raise not_found("Appointment")
    return row


def _visits(toasts: list[Toast], *, status: int = 200) -> Response:
    at, before = desk(), _before(request.args.get("before", ""))
    with reading() as session:
        ahead = appointments.listing(
            session, at.actor, appointments.Filters(first=at.today, statuses=LIVE), limit=AHEAD_SHOWN
        )
        ahead = [row for row in ahead if row.ends_at > at.now]
        shown = {row.id for row in ahead}
        # Cancelled visits of days to come are over too, so the newest may lie ahead, among those that don't.
        most = PAST_SHOWN + (0 if before else len(ahead))
        rows = appointments.latest(session, at.actor, before, most + 1)
    older = Cursor.after(rows[most - 1]) if len(rows) > most else None
    past = [row for row in rows[:most] if row.id not in shown]
    people = family()
    return page(
        "home/visits.html",
        "home",
        status=status,
        toasts=toasts,
        next=ahead[0] if ahead else None,
        later=ahead[1:],
        past=past,
        is_first=before is None,
        older=f"{older.starts_at.isoformat()}_{older.id}" if older else "",
        own_id=at.actor.patient_id,
        names={person.id: person.name for person in people} if len(people) > 1 else {},
        today=at.today,
        now=at.now,
        where=at.hospital.address or at.identity.hospital.name,
        phone=at.hospital.phone,
        calendar=lambda row: url_for("pages.calendar_file", appointment_id=row.id),
    )


def _before(text: str) -> Cursor | None:
    at, _, number = text.partition("_")
    try:
        return Cursor(datetime.fromisoformat(at).astimezone(UTC), UUID(number))
    except ValueError:
        return None


def _said() -> list[Toast]:
    """Say what was just done, read from the visit itself: the address only tells which one."""
    for key, words in (
        ("booked", marked("Booked: {doctor}, {when}.")),
        ("moved", marked("Moved: {doctor} now expects you on {when}.")),
        ("confirmed", marked("Thank you. {doctor} expects you on {when}.")),
        ("cancelled", marked("Cancelled: {doctor}, {when}.")),
    ):
        wanted = request.args.get(key, type=UUID)
        if wanted is None:
            continue
        try:
            row = _own(wanted)
        except DomainError:
            return []
        say = reader()
        when = say("{day} at {time}", day=medium_day(row.date), time=clock(row.start_time))
        return [Toast(say(words, doctor=doctor_name(row.doctor), when=when))]
    return []
