"""A patient's booking: doctor, day, time, confirm. Each step is an address, so back works and nothing is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import groupby
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.access.scope import not_found
from hms.domain.errors import Code, DomainError
from hms.queries import free_times, slots
from hms.queries.free_times import DoctorChoice
from hms.queries.slots import SlotRow
from hms.services import bookings
from hms.services import slots as calendar
from hms.services.bookings import Book
from hms.web.pages.board_view import PARTS
from hms.web.pages.desk import Desk, desk, go, page, patients_only, reading, runtime

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
    """Show the doctors by specialty, each with the earliest free time."""
    at = desk()
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
    return page("booking/doctors.html", "book", specialties=by_specialty, today=at.today)


@patients_only
def choose_time(doctor_id: UUID) -> Response:
    """Show the strip of days and the chosen day's free times."""
    return _times(doctor_id, _date(request.args.get("day", "")))


@patients_only
def confirm(doctor_id: UUID, day: str, start: str) -> Response:
    """Show what will be booked, or fresh times when it is gone meanwhile."""
    at, wished = desk(), (_date(day), _time(start))
    if wished[0] is None or wished[1] is None:
        raise not_found("Time")
    doctor = _doctor(doctor_id)
    with reading() as session:
        free = slots.of_day(session, at.actor, doctor_id, wished[0], at.now)
    slot = next((row for row in free if row.start_time == wished[1]), None)
    if slot is None or not slot.is_available:
        gone = "That time is not free any more. Please choose another one: these are free now."
        return _times(doctor_id, wished[0], problem=gone)
    return page(
        "booking/confirm.html",
        "book",
        doctor=doctor,
        slot=slot,
        reason=request.args.get("reason", "")[:400],
        where=_where(at),
    )


@patients_only
def take(doctor_id: UUID, day: str, start: str) -> AnyResponse:
    """Book the time, or say why not beside fresh times; what was typed comes back."""
    wished_day, wished_time = _date(day), _time(start)
    if wished_day is None or wished_time is None:
        raise not_found("Time")
    reason = request.form.get("reason", "").strip()
    wish = Book(doctor_id=doctor_id, day=wished_day, start=wished_time, reason=reason[:400] or None)
    try:
        booked = runtime().transact(desk().actor, bookings.book, wish)
    except DomainError as error:
        if error.code in ANOTHER_TIME:
            return _times(doctor_id, wished_day, problem=error.message, reason=reason)
        return page(
            "booking/refused.html",
            "book",
            status=409,
            message=error.message,
            code=error.code.value,
            phone=desk().hospital.phone,
        )
    return go("pages.home", booked=booked.id)


def _times(doctor_id: UUID, wished: date | None, *, problem: str = "", reason: str = "") -> Response:
    doctor, free = _doctor(doctor_id), _free(doctor_id)
    at = desk()
    counts: dict[date, int] = {}
    for row in free:
        counts[row.slot_date] = counts.get(row.slot_date, 0) + 1
    last = max([at.today + timedelta(days=13), *counts])
    if wished is not None and wished > last:
        wished = None
    days = [at.today + timedelta(days=offset) for offset in range((last - at.today).days + 1)]
    chosen = _chosen(wished, counts)
    return page(
        "booking/times.html",
        "book",
        status=409 if problem else 200,
        doctor=doctor,
        days=[Day(day, counts.get(day, 0)) for day in days],
        chosen=chosen,
        parts=_parts([row for row in free if row.slot_date == chosen]),
        next_free=next((day for day in counts if chosen and day > chosen), None),
        today=at.today,
        problem=problem,
        reason=reason,
        phone=at.hospital.phone,
    )


def _chosen(wished: date | None, counts: dict[date, int]) -> date | None:
    """Return the day to show: the wished one, else the first with free times."""
    return wished if wished is not None else next(iter(counts), None)


def _free(doctor_id: UUID) -> list[SlotRow]:
    """Return the doctor's free times; days that nobody generated yet are generated on the spot (rules §2)."""
    at = desk()
    last = at.today + timedelta(days=at.hospital.policy.booking_days_ahead)
    with reading() as session:
        missing = slots.days_to_generate(session, at.actor, doctor_id, at.today, last, at.now)
    for day in missing:
        runtime().transact(at.actor, calendar.ensure_day, doctor_id, day)
    with reading() as session:
        return slots.available(session, at.actor, doctor_id, at.now)


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


def _where(at: Desk) -> str:
    return at.hospital.address or at.identity.hospital.name


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


def confirm_address(slot: SlotRow) -> str:
    """Return the address of the last step for a time."""
    day, start = slot.slot_date.isoformat(), f"{slot.start_time:%H:%M}"
    return url_for("pages.book_confirm", doctor_id=slot.doctor_id, day=day, start=start)
