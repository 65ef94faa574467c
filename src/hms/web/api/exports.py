"""A patient's history as a file: asked for, written in the background, and given to whose it is."""

from dataclasses import dataclass
from uuid import UUID

from flask import Response

from hms.access.permissions import Permission
from hms.domain.errors import Code
from hms.processes import exports
from hms.queries import exports as queries
from hms.queries.exports import TaskRow
from hms.services import exports as services
from hms.services.exports import ExportHistory
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body

routes = Routes(
    "Exports",
    "A patient's own history as a file for spreadsheets. A worker writes it; ask the task until it is DONE.",
)


class Wish(Body):
    """Whose history: one's own, or ``patientId`` of somebody one looks after."""

    patient_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class ExportTask:
    """The task to ask for by GET /tasks/:taskId."""

    task_id: UUID


@routes.post(
    "/patient/export-history",
    needs=Permission.SEE_OWN_RECORD,
    status=202,
    errors=(Code.NOT_FOUND, Code.RATE_LIMITED),
)
def ask(call: Call, body: Wish) -> ExportTask:
    """Ask for the whole history as a file: every visit that has begun, with diagnosis and treatment notes.

    While a task of that patient is under way, it is given again. When the file is done, who asked is told by mail, with
    the file or a link to it, as the hospital has it.
    """
    return ExportTask(call.transact(services.ask, ExportHistory(body.patient_id)))


@routes.get("/tasks/<uuid:task_id>", errors=(Code.NOT_FOUND,))
def task(call: Call, task_id: UUID) -> TaskRow:
    """Tell how far a task is. Only the patient, and who looks after them, finds it.

    ``status``: PENDING, RUNNING, DONE, FAILED (``error`` says what to do), or EXPIRED once the file is not kept any
    more. ``progress``: percent.
    """
    return call.read(queries.one, call.actor, task_id, call.now)


@routes.get("/tasks/<uuid:task_id>/file", produces=exports.CSV, errors=(Code.NOT_FOUND, Code.TOO_EARLY, Code.TOO_LATE))
def file(call: Call, task_id: UUID) -> Response:
    """Send the file of a task that is DONE, to the patient and who looks after them.

    Columns: date, doctor, diagnosis, treatment_notes, status, specialization, time; dates and times are the hospital's,
    the latest visit first. A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    found = call.read(queries.file, call.actor, task_id, call.now)
    day = found.day.astimezone(call.identity.hospital.zone).date()
    headers = {
        "Content-Disposition": f'attachment; filename="history-{day}.csv"',
        "Content-Length": str(found.size),
        "Cache-Control": "no-store",
    }
    return Response(exports.file_of(call.runtime, found), mimetype=exports.CSV, headers=headers)
