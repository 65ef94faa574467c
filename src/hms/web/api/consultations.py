"""Consultations: start, write, complete, abandon."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from hms.access.permissions import Permission
from hms.domain.errors import Code
from hms.queries import consultations as queries
from hms.queries.consultations import ConsultationRow
from hms.services import consultations
from hms.services.consultations import Abandon, Edit, Start
from hms.transaction import Work
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Note, Version

routes = Routes("Consultations", "What the doctor records of a visit. Doctors start and see their own.")

Short = Annotated[str, Field(min_length=1, max_length=200)]


class ConsultationStart(Body):
    """Which visit; ``version``: the appointment's, as the doctor saw it."""

    appointment_id: UUID
    version: Version | None = None


class Diagnosis(Body):
    """One diagnosis in words, with its ICD-10 code where there is one."""

    text: Note
    code: Annotated[str, Field(min_length=1, max_length=20)] | None = None


class Prescription(Body):
    """One prescribed medicine."""

    medicine: Short
    dose: Short | None = None
    frequency: Short | None = None
    duration: Short | None = None
    instructions: Note | None = None


class ConsultationNotes(Body):
    """What to write down; what is left out stays as it is. ``version``: the consultation's."""

    chief_complaint: Annotated[str, Field(max_length=1000)] | None = None
    diagnosis: Annotated[tuple[Diagnosis, ...], Field(max_length=50)] | None = None
    treatment_notes: Annotated[str, Field(max_length=20_000)] | None = None
    prescriptions: Annotated[tuple[Prescription, ...], Field(max_length=50)] | None = None
    version: Version | None = None


class Abandonment(Body):
    """Why the consultation is given up. ``version``: the consultation's."""

    reason: Note
    version: Version | None = None


@routes.post(
    "/consultations",
    needs=Permission.CONSULT,
    status=201,
    errors=(Code.NOT_FOUND, Code.INVALID_TRANSITION),
)
def start(call: Call, body: ConsultationStart) -> ConsultationRow:
    """Start the consultation of a patient who is checked in; the visit is IN_PROGRESS from now on."""

    def act(work: Work) -> ConsultationRow:
        started = consultations.start(work, Start(body.appointment_id, body.version))
        return _row(work, started)

    return call.transact(act)


@routes.get("/consultations/<uuid:consultation_id>", needs=Permission.CONSULT)
def one(call: Call, consultation_id: UUID) -> ConsultationRow:
    """Show a consultation."""
    return call.read(queries.one, call.actor, consultation_id)


@routes.patch(
    "/consultations/<uuid:consultation_id>",
    needs=Permission.CONSULT,
    errors=(Code.CONSULTATION_CLOSED,),
)
def edit(call: Call, consultation_id: UUID, body: ConsultationNotes) -> ConsultationRow:
    """Write into an open consultation; the first edit makes it IN_PROGRESS."""

    def act(work: Work) -> ConsultationRow:
        consultations.edit(work, _edit(consultation_id, body))
        return _row(work, consultation_id)

    return call.transact(act)


@routes.post(
    "/consultations/<uuid:consultation_id>/complete",
    needs=Permission.CONSULT,
    errors=(Code.CONSULTATION_INCOMPLETE, Code.CONSULTATION_CLOSED),
)
def complete(call: Call, consultation_id: UUID, body: ConsultationNotes) -> ConsultationRow:
    """Complete consultation and appointment together; takes the last words along.

    A chief complaint and a diagnosis are needed, from before or from this request.
    """

    def act(work: Work) -> ConsultationRow:
        consultations.complete(work, _edit(consultation_id, body))
        return _row(work, consultation_id)

    return call.transact(act)


@routes.post(
    "/consultations/<uuid:consultation_id>/abandon",
    needs=Permission.CONSULT,
    errors=(Code.CONSULTATION_CLOSED,),
)
def abandon(call: Call, consultation_id: UUID, body: Abandonment) -> ConsultationRow:
    """Give a consultation up, with the reason; the patient is waiting again."""

    def act(work: Work) -> ConsultationRow:
        consultations.abandon(work, Abandon(consultation_id, body.reason, body.version))
        return _row(work, consultation_id)

    return call.transact(act)


def _edit(consultation_id: UUID, body: ConsultationNotes) -> Edit:
    return Edit(
        consultation_id=consultation_id,
        chief_complaint=body.chief_complaint,
        diagnosis=_plain(body.diagnosis),
        treatment_notes=body.treatment_notes,
        prescriptions=_plain(body.prescriptions),
        version=body.version,
    )


def _plain(items: tuple[Body, ...] | None) -> tuple[dict[str, Any], ...] | None:
    return None if items is None else tuple(item.model_dump(exclude_none=True) for item in items)


def _row(work: Work, consultation_id: UUID) -> ConsultationRow:
    work.session.flush()
    return queries.one(work.session, work.actor, consultation_id)
