"""Colleagues in a consultation: who takes part, asking one more, letting one go, and what they add."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from hms.domain.consultations import CLOSED, ParticipantRole
from hms.domain.errors import DomainError
from hms.queries import consultations as queries
from hms.queries import doctors
from hms.queries.consultations import ConsultationRow
from hms.queries.doctors import DoctorFilters
from hms.services import participants
from hms.services.participants import AddNote, Dismiss, Invite
from hms.web.pages.desk import by_htmx, desk, go, page, reading, runtime, staff_only

MANY = 500
NOTE = 20_000
ROLES = {
    ParticipantRole.CONSULTING: "Consulting",
    ParticipantRole.ASSISTING: "Assisting",
    ParticipantRole.SUPERVISING: "Supervising",
}


def register(pages: Blueprint) -> None:
    """Add the routes of those who take part."""
    at = "/consultations/<uuid:consultation_id>"
    pages.post(f"{at}/colleagues", endpoint="invite_colleague")(invite)
    pages.post(f"{at}/colleagues/<uuid:doctor_id>/dismiss", endpoint="dismiss_colleague")(dismiss)
    pages.post(f"{at}/notes", endpoint="add_note")(add_note)


@staff_only
def invite(consultation_id: UUID) -> AnyResponse:
    """Ask a doctor to take part; they are told at once."""
    doctor_id = request.form.get("doctor", type=UUID)
    role = request.form.get("role", type=ParticipantRole) or ParticipantRole.CONSULTING
    if doctor_id is None:
        return _shown(consultation_id, "Choose the colleague first.")
    return _change(consultation_id, participants.invite, Invite(consultation_id, doctor_id, role))


@staff_only
def dismiss(consultation_id: UUID, doctor_id: UUID) -> AnyResponse:
    """Let an invited doctor go; what they wrote stays."""
    return _change(consultation_id, participants.dismiss, Dismiss(consultation_id, doctor_id))


@staff_only
def add_note(consultation_id: UUID) -> AnyResponse:
    """Add a note; what was typed stays when it could not be."""
    text = request.form.get("text", "").strip()[:NOTE]
    if not text:
        return _shown(consultation_id, "Write the note first.")
    return _change(consultation_id, participants.add_note, AddNote(consultation_id, text), typed=text)


def together(row: ConsultationRow, *, leads: bool) -> dict[str, Any]:
    """Return what the block of those who take part shows; ``leads``: the reader may ask and let go."""
    actor = desk().actor
    with reading() as session:
        people = queries.participants(session, actor, row.id)
        notes = queries.notes(session, actor, row.id)
        choice = doctors.listing(session, actor, DoctorFilters(), after=None, limit=MANY) if leads else []
    here = {person.doctor_id for person in people}
    return {
        "people": people,
        "notes": notes,
        "choice": [doctor for doctor in choice if doctor.is_active and doctor.id not in here],
        "roles": ROLES,
        "may_ask": leads,
        "may_note": row.status not in CLOSED,
        "problem": "",
        "typed_note": "",
    }


def _change(consultation_id: UUID, service: Callable[..., object], command: object, *, typed: str = "") -> AnyResponse:
    try:
        runtime().transact(desk().actor, service, command)
    except DomainError as error:
        return _shown(consultation_id, error.message, typed=typed)
    if not by_htmx():
        return go("pages.consultation", consultation_id=consultation_id)
    return _shown(consultation_id)


def _shown(consultation_id: UUID, problem: str = "", *, typed: str = "") -> AnyResponse:
    actor = desk().actor
    row = runtime().read(queries.one, actor, consultation_id)
    leads = row.status not in CLOSED and actor.doctor_id in (None, row.doctor_id)
    values = {**together(row, leads=leads), "problem": problem, "typed_note": typed}
    around = "consultation/together.html" if by_htmx() else "consultation/together_alone.html"
    return page(around, "day", status=409 if problem else 200, row=row, **values)
