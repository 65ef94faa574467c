"""The consultation: its form, saved as it is written; what is known of the patient beside it; complete or abandon."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, may, require
from hms.domain.consultations import CLOSED
from hms.domain.errors import Code, DomainError
from hms.queries import board as boards
from hms.queries import consultations as queries
from hms.queries import vitals as measures
from hms.queries.board import BoardRow
from hms.queries.consultations import ConsultationRow
from hms.services import consultations
from hms.services.consultations import Abandon, Start
from hms.web.pages import behind, board, queues
from hms.web.pages import vitals as vitals_page
from hms.web.pages.colleagues import together
from hms.web.pages.consultation_form import Written
from hms.web.pages.desk import Toast, by_htmx, desk, go, page, reading, runtime, staff_only

EARLIER = 8
REASON = 400


def register(pages: Blueprint) -> None:
    """Add the routes of a consultation."""
    pages.post("/visits/<uuid:appointment_id>/begin", endpoint="begin")(begin)
    at = "/consultations/<uuid:consultation_id>"
    pages.get(at, endpoint="consultation")(consultation)
    pages.post(at, endpoint="save_consultation")(save)
    pages.post(f"{at}/draft", endpoint="draft_consultation")(draft)
    pages.post(f"{at}/complete", endpoint="complete_consultation")(complete)
    pages.post(f"{at}/abandon", endpoint="abandon_consultation")(abandon)


@staff_only
def begin(appointment_id: UUID) -> AnyResponse:
    """Begin the consultation and lead to its page; whoever cannot sees the present list and why."""
    command = Start(appointment_id, version=request.form.get("version", type=int))
    try:
        started = runtime().transact(desk().actor, consultations.start, command)
    except DomainError as error:
        toast = Toast(error.message, "bad")
        if by_htmx():
            return behind.part(toast, status=409)
        return queues.own_day([toast], status=409)
    return _lead_to(url_for("pages.consultation", consultation_id=started))


@staff_only
def consultation(consultation_id: UUID) -> Response:
    """Show the consultation: to write in for who leads it, to read for others who take part, and when it is over."""
    row = _row(consultation_id)
    return _whole(row, Written.of(row))


@staff_only
def save(consultation_id: UUID) -> AnyResponse:
    """Record the form as it stands, for a browser without scripts."""
    written = Written.read(request.form)
    try:
        runtime().transact(desk().actor, consultations.edit, written.edit(consultation_id, _version()))
    except DomainError as error:
        return _whole(_row(consultation_id), written, [Toast(error.message, "bad")], status=409)
    if written.errors:
        return _whole(_row(consultation_id), written, status=422)
    return go("pages.consultation", consultation_id=consultation_id)


@staff_only
def draft(consultation_id: UUID) -> AnyResponse:
    """Record the form as it is being written; say what was kept, when, and in which version it is now."""
    written = Written.read(request.form)
    try:
        runtime().transact(desk().actor, consultations.edit, written.edit(consultation_id, _version()))
    except DomainError as error:
        if error.code not in (Code.STALE_VERSION, Code.CONSULTATION_CLOSED):
            raise
        row = _row(consultation_id)
        if row.status in CLOSED or not written.is_recorded_in(row):
            return _told({"problem": error.message, "closed": row.status in CLOSED, "version": row.version}, 409)
    row = _row(consultation_id)
    return _told({"version": row.version, "saved": desk().formats.clock(desk().now), "errors": written.errors})


@staff_only
def complete(consultation_id: UUID) -> AnyResponse:
    """Complete consultation and visit; whatever is missing is said beside its field, all at once."""
    written = Written.read(request.form)
    errors = dict(written.errors)
    try:
        if errors:
            runtime().rehearse(desk().actor, consultations.complete, written.edit(consultation_id, _version()))
        else:
            runtime().transact(desk().actor, consultations.complete, written.edit(consultation_id, _version()))
    except DomainError as error:
        if error.code is not Code.CONSULTATION_INCOMPLETE:
            return _not_done(consultation_id, written, error)
        names = {"chiefComplaint": "complaint"}
        errors.update({names.get(detail.field, detail.field): detail.message for detail in error.details})
    if errors:
        if _asks_for_json():
            return _told({"errors": errors}, 422)
        shown = Written(written.complaint, written.notes, written.diagnosis, written.prescriptions, errors)
        return _whole(_row(consultation_id), shown, status=422)
    return _lead_to(_back(_row(consultation_id).appointment_id))


@staff_only
def abandon(consultation_id: UUID) -> AnyResponse:
    """Give the consultation up, with the reason; the patient waits again."""
    reason = request.form.get("reason", "").strip()[:REASON]
    try:
        runtime().transact(desk().actor, consultations.abandon, Abandon(consultation_id, reason))
    except DomainError as error:
        row = _row(consultation_id)
        return _whole(row, Written.of(row), [Toast(error.message, "bad")], status=409)
    return _lead_to(_back())


def _back(completed: UUID | None = None) -> str:
    """Return where one came from: a doctor's own day; the board for an administrator, who has none."""
    if desk().actor.doctor_id is None:
        return url_for("pages.board")
    return url_for("pages.day", completed=completed)


def _row(consultation_id: UUID) -> ConsultationRow:
    return runtime().read(queries.one, desk().actor, consultation_id)


def _version() -> int | None:
    return request.form.get("version", type=int)


def _asks_for_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _told(facts: dict[str, Any], status: int = 200) -> Response:
    answer = jsonify(facts)
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _lead_to(address: str) -> AnyResponse:
    if _asks_for_json():
        return _told({"location": address})
    return behind.lead_to(address)


def _not_done(consultation_id: UUID, written: Written, error: DomainError) -> AnyResponse:
    row = _row(consultation_id)  # whoever has no such consultation learns that, and no more
    if _asks_for_json():
        return _told({"problem": error.message, "closed": row.status in CLOSED, "version": row.version}, 409)
    return _whole(row, written, [Toast(error.message, "bad")], status=409)


def _whole(row: ConsultationRow, written: Written, toasts: list[Toast] | None = None, *, status: int = 200) -> Response:
    at = desk()
    require(at.actor, Permission.CONSULT)
    with reading() as session:
        visit = boards.visit(session, at.actor, row.appointment_id)
        measured = measures.of_appointment(session, at.actor, row.appointment_id)
        earlier = queries.earlier(session, at.actor, visit.patient_id, visit.starts_at, EARLIER)
    years = vitals_page.years_of(visit)
    present = measured[0] if measured and measured[0].superseded_at is None else None
    return page(
        "consultation/page.html",
        "day" if at.actor.doctor_id else "board",
        status=status,
        toasts=toasts or [],
        row=row,
        visit=visit,
        written=written,
        leads=_leads(visit, row),
        is_open=row.status not in CLOSED,
        years=years,
        measured=present,
        readings=vitals_page.shown(present, years) if present else [],
        earlier=earlier,
        today=at.today,
        htmx_config=board.HTMX_CONFIG,
        reader=at.identity.user_id,
        back=_back(),
        **together(row, leads=_leads(visit, row)),
    )


def _leads(visit: BoardRow, row: ConsultationRow) -> bool:
    if row.status in CLOSED or not may(desk().actor, Permission.CONSULT):
        return False
    return board.may_consult(desk().actor, visit)
