"""A patient's booking: doctor, day, time, confirm. Each step is an address, so back works and nothing is lost.

Moving a visit takes the same steps: the address carries which one, and the last step moves it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.access.scope import not_found
from hms.domain.appointments import LIVE, OPEN
from hms.domain.errors import Code, DomainError
from hms.processes import slots as calendar
from hms.queries import appointments, free_times
from hms.queries.appointments import AppointmentRow
from hms.queries.free_times import DoctorChoice
from hms.queries.slots import SlotRow
from hms.services import bookings, rescheduling
from hms.services.bookings import Book
from hms.services.rescheduling import Reschedule
from hms.web.pages import refusals
from hms.web.pages.board_view import PARTS
from hms.web.pages.desk import desk, go, page, patients_only, reading, runtime
from hms.web.pages.guardians import Person, chosen, family
from hms.web.pages.readers import reader

REASON = 400
SOONEST = 3
# After these another time of the same doctor may still do; after the others another doctor or the clinic helps.
ANOTHER_TIME = frozenset(
    {
        Code.SLOT_TAKEN,
        Code.SLOT_BLOCKED,
        Code.NOT_A_SLOT,
        Code.DATE_IN_PAST,
        Code.DUPLICATE_BOOKING,
        Code.DOCTOR_FULLY_BOOKED,
        Code.DOCTOR_ABSENT,
        Code.DURING_BREAK,
        Code.OUTSIDE_SCHEDULE,
        Code.HOSPITAL_HOLIDAY,
        Code.TOO_FAR_AHEAD,
    }
)
REPEATED = frozenset({Code.DUPLICATE_BOOKING, Code.SLOT_TAKEN, Code.STALE_VERSION})


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is to be booked for, among whom; and the visit that is being moved, if one is."""

    person: Person
    people: Sequence[Person]
    moving: AppointmentRow | None

    @property
    def carry(self) -> dict[str, str]:
        """What each step's address carries along; nothing for a new visit of one's own."""
        if self.moving is not None:
            return {"move": str(self.moving.id)}
        return {} if self.person == self.people[0] else {"for": str(self.person.id)}


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the strip with how many times are free."""

    day: date
    free: int


@dataclass(frozen=True, slots=True)
class Part:
    """Free times of a part of the day."""

    words: str
    slots: Sequence[SlotRow]


def register(pages: Blueprint) -> None:
    """Add the booking's routes."""
    pages.get("/book", endpoint="book")(choose_doctor)
    pages.get("/book/<uuid:doctor_id>", endpoint="book_time")(choose_time)
    pages.get("/book/<uuid:doctor_id>/<day>/<start>", endpoint="book_confirm")(confirm)
    pages.post("/book/<uuid:doctor_id>/<day>/<start>", endpoint="book_take")(take)


@patients_only
def choose_doctor() -> Response:
    """Show the soonest free times of all, and the doctors by specialty, each with the earliest one."""
    at, wish = desk(), _wish()
    policy = at.hospital.policy
    with reading() as session:
        rows = free_times.doctors(
            session,
            at.actor,
            at.now + policy.rebook_buffer,
            at.today,
            at.today + timedelta(days=policy.booking_days_ahead),
        )
    by_specialty = [(words, list(doctors)) for words, doctors in groupby(rows, key=lambda row: row.specialization)]
    return page(
        "booking/doctors.html", "book", specialties=by_specialty, soonest=_soonest(rows), wish=wish, today=at.today
    )


@patients_only
def choose_time(doctor_id: UUID) -> Response:
    """Show the strip of days and the chosen day's free times."""
    return _times(_wish(), doctor_id, _date(request.args.get("day", "")))


@patients_only
def confirm(doctor_id: UUID, day: str, start: str) -> Response:
    """Show what will be booked or moved, or fresh times when it is gone meanwhile."""
    at, wish = desk(), _wish()
    wished_day, wished_time = _when(day, start)
    doctor = _doctor(doctor_id)
    free = calendar.of_day(runtime(), at.actor, doctor_id, wished_day)
    slot = next((row for row in free if row.start_time == wished_time), None)
    if slot is None or not slot.is_available:
        say = reader()
        gone = say("That time is not free any more. Please choose another one: these are free now.")
        return _times(wish, doctor_id, wished_day, problem=gone)
    return page(
        "booking/confirm.html",
        "book",
        doctor=doctor,
        slot=slot,
        wish=wish,
        reason=request.args.get("reason", "")[:REASON],
        where=at.hospital.address or at.identity.hospital.name,
    )


@patients_only
def take(doctor_id: UUID, day: str, start: str) -> AnyResponse:
    """Book the time or move the visit to it, or say why not beside fresh times; what was typed comes back."""
    wish, when = _wish(), _when(day, start)
    reason = request.form.get("reason", "").strip()
    try:
        done = _take(wish, doctor_id, when, reason)
    except DomainError as error:
        if error.code in REPEATED and (own := _own_already(wish, doctor_id, when)):
            done = own  # the button was pressed twice
        elif error.code in ANOTHER_TIME:
            return _times(wish, doctor_id, when[0], problem=refusals.said(error), reason=reason)
        else:
            return _not_done(wish, error)
    return go("pages.home", **{"moved" if wish.moving else "booked": done.id})


def confirm_address(doctor_id: UUID, day: date, start: time, carry: dict[str, str]) -> str:
    """Return the address of the last step for a time."""
    return url_for("pages.book_confirm", doctor_id=doctor_id, day=day.isoformat(), start=f"{start:%H:%M}", **carry)  # type: ignore[arg-type]


def _take(wish: Wish, doctor_id: UUID, when: tuple[date, time], reason: str) -> AppointmentRow:
    actor = desk().actor
    if wish.moving is None:
        book = Book(
            doctor_id=doctor_id, day=when[0], start=when[1], patient_id=wish.person.id, reason=reason[:REASON] or None
        )
        return runtime().transact(actor, bookings.book, book)
    move = Reschedule(
        appointment_id=wish.moving.id,
        day=when[0],
        start=when[1],
        doctor_id=doctor_id,
        version=request.form.get("version", type=int),
    )
    return runtime().transact(actor, rescheduling.reschedule, move)


def _own_already(wish: Wish, doctor_id: UUID, when: tuple[date, time]) -> AppointmentRow | None:
    """Return the person's own visit at just this time, if there is one."""
    at = desk()
    filters = appointments.Filters(
        first=when[0], last=when[0], doctor_id=doctor_id, patient_id=wish.person.id, statuses=LIVE
    )
    rows = runtime().read(appointments.listing, at.actor, filters)
    return next((row for row in rows if row.start_time == when[1]), None)


def _not_done(wish: Wish, error: DomainError) -> Response:
    return page(
        "booking/refused.html",
        "book",
        status=409,
        message=refusals.said(error),
        code=error.code.value,
        wish=wish,
        phone=desk().hospital.phone,
    )


def _wish() -> Wish:
    """Read from the address what is wished; another family's people and visits do not exist."""
    people = family()
    moved = request.args.get("move", "")
    if not moved:
        return Wish(chosen(people, request.args.get("for", "")), people, None)
    try:
        row = runtime().read(appointments.one, desk().actor, UUID(moved))
    except ValueError:
        raise not_found("Appointment") from None
    if row.status not in OPEN or desk().now >= row.starts_at:
        raise DomainError(Code.TOO_LATE, "This visit can no longer be moved here. Please call the clinic.")
    return Wish(chosen(people, str(row.patient.id)), people, row)


def _soonest(rows: Sequence[DoctorChoice]) -> list[tuple[datetime, DoctorChoice]]:
    """Return the doctors whose first free times come first of all; none where the list itself is as short."""
    free = sorted(((row.earliest, row) for row in rows if row.earliest is not None), key=lambda pair: pair[0])
    return free[:SOONEST] if len(rows) > SOONEST else []


def _times(wish: Wish, doctor_id: UUID, wished: date | None, *, problem: str = "", reason: str = "") -> Response:
    at, doctor = desk(), _doctor(doctor_id)
    free = calendar.available(runtime(), at.actor, doctor_id)
    counts: dict[date, int] = {}
    for row in free:
        counts[row.slot_date] = counts.get(row.slot_date, 0) + 1
    last = max([at.today + timedelta(days=13), *counts])
    if wished is not None and not at.today <= wished <= last:
        wished = None
    days = [at.today + timedelta(days=offset) for offset in range((last - at.today).days + 1)]
    shown = wished if wished is not None else next(iter(counts), None)
    return page(
        "booking/times.html",
        "book",
        status=409 if problem else 200,
        doctor=doctor,
        wish=wish,
        days=[Day(day, counts.get(day, 0)) for day in days],
        chosen=shown,
        parts=_parts([row for row in free if row.slot_date == shown]),
        next_free=next((day for day in counts if shown and day > shown), None),
        today=at.today,
        problem=problem,
        carry={**wish.carry, **({"reason": reason} if reason else {})},
        phone=at.hospital.phone,
    )


def _doctor(doctor_id: UUID) -> DoctorChoice:
    doctor = runtime().read(free_times.doctor, desk().actor, doctor_id)
    if doctor is None:
        raise not_found("Doctor")
    return doctor


def _parts(free: Sequence[SlotRow]) -> list[Part]:
    parts = [
        Part(words, [row for row in free if start <= row.start_time < end]) for words, start, end in PARTS.values()
    ]
    return [part for part in parts if part.slots]


def _when(day: str, start: str) -> tuple[date, time]:
    try:
        return date.fromisoformat(day), time.fromisoformat(start)
    except ValueError:
        raise not_found("Time") from None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
