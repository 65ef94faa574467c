"""Colleagues in a consultation, and what they add."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from hms.access.permissions import Permission
from hms.domain.consultations import ParticipantRole
from hms.domain.errors import Code
from hms.queries import consultations as queries
from hms.queries.consultations import ConsultationNoteRow, ParticipantRow
from hms.services import participants
from hms.services.participants import AddNote, Dismiss, Invite
from hms.transaction import Work
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body

routes = Routes("Participants", "Doctors whom the primary doctor asks to take part; they read along and add notes.")


class Invitation(Body):
    """Whom to ask, and as what: CONSULTING, ASSISTING or SUPERVISING."""

    doctor_id: UUID
    role: Annotated[ParticipantRole, Field(strict=False)] = ParticipantRole.CONSULTING


class NoteText(Body):
    """What to add."""

    text: Annotated[str, Field(min_length=1, max_length=20_000)]


@routes.post(
    "/consultations/<uuid:consultation_id>/participants",
    needs=Permission.CONSULT,
    status=201,
    errors=(Code.CONSULTATION_CLOSED, Code.DOCTOR_NOT_FOUND, Code.DOCTOR_INACTIVE, Code.ALREADY_EXISTS),
)
def invite(call: Call, consultation_id: UUID, body: Invitation) -> list[ParticipantRow]:
    """Ask a doctor to take part, and list who takes part then; the doctor is told at once."""

    def act(work: Work) -> list[ParticipantRow]:
        participants.invite(work, Invite(consultation_id, body.doctor_id, body.role))
        work.session.flush()
        return queries.participants(work.session, work.actor, consultation_id)

    return call.transact(act)


@routes.get("/consultations/<uuid:consultation_id>/participants", needs=Permission.CONSULT)
def listing(call: Call, consultation_id: UUID) -> list[ParticipantRow]:
    """List who takes part, the primary doctor first."""
    return call.read(queries.participants, call.actor, consultation_id)


@routes.delete(
    "/consultations/<uuid:consultation_id>/participants/<uuid:doctor_id>",
    needs=Permission.CONSULT,
    errors=(Code.CONSULTATION_CLOSED,),
)
def dismiss(call: Call, consultation_id: UUID, doctor_id: UUID) -> None:
    """Let an invited doctor go; their notes stay."""
    call.transact(participants.dismiss, Dismiss(consultation_id, doctor_id))


@routes.post(
    "/consultations/<uuid:consultation_id>/notes",
    needs=Permission.CONSULT,
    status=201,
    errors=(Code.CONSULTATION_CLOSED,),
)
def add_note(call: Call, consultation_id: UUID, body: NoteText) -> list[ConsultationNoteRow]:
    """Add a note, and list all of them then; for whoever takes part."""

    def act(work: Work) -> list[ConsultationNoteRow]:
        participants.add_note(work, AddNote(consultation_id, body.text))
        work.session.flush()
        return queries.notes(work.session, work.actor, consultation_id)

    return call.transact(act)


@routes.get("/consultations/<uuid:consultation_id>/notes", needs=Permission.CONSULT)
def notes(call: Call, consultation_id: UUID) -> list[ConsultationNoteRow]:
    """List what was added, oldest first."""
    return call.read(queries.notes, call.actor, consultation_id)
