"""One visit: its card, and what staff do with it. Each change answers with the board as it then is."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, may
from hms.domain.appointments import OPEN, Status
from hms.domain.no_shows import NoShowReason, is_rebookable
from hms.queries import appointments
from hms.queries import board as boards
from hms.queries.board import BoardRow
from hms.services import attendance, bookings, no_shows
from hms.services.attendance import Attend
from hms.services.bookings import Cancel
from hms.services.no_shows import LateArrival, MarkNoShow
from hms.web.pages import behind, board
from hms.web.pages.desk import Toast, by_htmx, desk, page, reading, runtime, staff_only

NOTES = 400


def register(pages: Blueprint) -> None:
    """Add the routes of one visit."""
    at = "/visits/<uuid:appointment_id>"
    pages.get(at, endpoint="visit")(card)
    pages.get(f"{at}/no-show", endpoint="no_show_form")(no_show_form)
    pages.get(f"{at}/cancel", endpoint="cancel_form")(cancel_form)
    for verb, view in {
        "check_in": check_in,
        "undo_check_in": undo_check_in,
        "late_arrival": late_arrival,
        "no_show": no_show,
        "cancel": cancel,
    }.items():
        pages.post(f"{at}/{verb.replace('_', '-')}", endpoint=verb)(view)


@staff_only
def card(appointment_id: UUID) -> Response:
    """Show a visit with its patient, its history and what can be done."""
    at = desk()
    with reading() as session:
        row = boards.visit(session, at.actor, appointment_id)
        events = appointments.events(session, at.actor, appointment_id)
    return _sheet("visits/card.html", row, events=events, today=at.today, **_may(row))


@staff_only
def check_in(appointment_id: UUID) -> AnyResponse:
    """Check the patient in."""
    toast = board.checked_in_toast(_row(appointment_id))
    return behind.change(attendance.check_in, Attend(appointment_id, version=_version()), done=toast)


@staff_only
def undo_check_in(appointment_id: UUID) -> AnyResponse:
    """Take a mistaken check-in back."""
    row = _row(appointment_id)
    toast = Toast(f"{row.patient_name} is expected again at {desk().formats.clock(row.start)}.")
    return behind.change(attendance.undo_check_in, Attend(appointment_id, version=_version()), done=toast)


@staff_only
def late_arrival(appointment_id: UUID) -> AnyResponse:
    """Check in a patient who was marked as missed."""
    row = _row(appointment_id)
    toast = Toast(f"{row.patient_name} is here after all. The missed visit no longer counts.")
    return behind.change(no_shows.late_arrival, LateArrival(appointment_id, version=_version()), done=toast)


@staff_only
def no_show_form(appointment_id: UUID) -> Response:
    """Show what follows from marking the visit as missed, in numbers, before it is done."""
    at, row = desk(), _row(appointment_id)
    policy = at.hospital.policy
    count = row.no_show_count + 1
    return _sheet(
        "visits/no_show.html",
        row,
        count=count,
        threshold=policy.no_show_block_threshold,
        blocks=count >= policy.no_show_block_threshold and row.patient_status == "ACTIVE",
        frees=is_rebookable(row.ends_at, at.now, policy.rebook_buffer),
        begun=at.now >= row.starts_at,
        too_early=at.now < row.starts_at - timedelta(hours=policy.patient_called_hours),
        open=row.status in OPEN,
    )


@staff_only
def no_show(appointment_id: UUID) -> AnyResponse:
    """Mark the visit as missed."""
    row = _row(appointment_id)
    called = request.form.get("reason") == NoShowReason.PATIENT_CALLED
    command = MarkNoShow(
        appointment_id,
        reason=NoShowReason.PATIENT_CALLED if called else None,
        notes=request.form.get("notes", "").strip()[:NOTES] or None,
        version=_version(),
    )
    return behind.change(no_shows.mark, command, done=Toast(f"{row.patient_name}'s visit is marked as missed."))


@staff_only
def cancel_form(appointment_id: UUID) -> Response:
    """Ask before a visit is called off."""
    row = _row(appointment_id)
    frees = is_rebookable(row.ends_at, desk().now, desk().hospital.policy.rebook_buffer)
    return _sheet("visits/cancel.html", row, frees=frees, open=row.status in {*OPEN, Status.CHECKED_IN})


@staff_only
def cancel(appointment_id: UUID) -> AnyResponse:
    """Call the visit off."""
    row = _row(appointment_id)
    reason = request.form.get("reason", "").strip()[:NOTES] or None
    command = Cancel(appointment_id=appointment_id, reason=reason, version=_version())
    return behind.change(bookings.cancel, command, done=Toast(f"{row.patient_name}'s visit is cancelled."))


def _row(appointment_id: UUID) -> BoardRow:
    return runtime().read(boards.visit, desk().actor, appointment_id)


def _version() -> int | None:
    return request.form.get("version", type=int)


def _may(row: BoardRow) -> dict[str, bool]:
    actor, at = desk().actor, desk()
    is_today, is_open = row.day == at.today, row.status in OPEN
    return {
        "may_check_in": is_open and is_today,
        "may_undo": row.status is Status.CHECKED_IN and board.may_undo(),
        "may_miss": is_open,
        "may_arrive_late": row.status is Status.NO_SHOW and is_today,
        "may_start": row.status is Status.CHECKED_IN and board.may_consult(actor, row),
        "may_open": row.consultation_id is not None and board.may_consult(actor, row),
        "may_record": row.status is Status.CHECKED_IN
        and may(actor, Permission.RECORD_VITALS)
        and actor.doctor_id in (None, row.doctor_id),
        "may_cancel": row.status in {*OPEN, Status.CHECKED_IN} and may(actor, Permission.BOOK_FOR_OTHERS),
    }


def _sheet(template: str, row: BoardRow, *, status: int = 200, **values: Any) -> Response:
    """Render a sheet for the page that asked, or a page of its own for a browser that follows a link."""
    around = "visits/bare.html" if by_htmx() else "visits/alone.html"
    return page(template, "board", status=status, around=around, row=row, **values)
