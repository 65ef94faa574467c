"""A patient's history as a file: ask for it, see it come, and download it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.access.scope import not_found
from hms.domain.errors import Code, DomainError
from hms.languages import marked
from hms.processes import exports
from hms.queries import exports as queries
from hms.queries.exports import TaskRow
from hms.services import exports as services
from hms.services.exports import ExportHistory
from hms.web.pages import refusals
from hms.web.pages.board import HTMX_CONFIG
from hms.web.pages.desk import Toast, desk, go, page, patients_only, runtime
from hms.web.pages.guardians import Person, family
from hms.web.pages.readers import reader

HERE = "home"


def register(pages: Blueprint) -> None:
    """Add the routes of exported histories."""
    pages.get("/my/exports", endpoint="exports")(overview)
    pages.post("/my/exports", endpoint="export")(ask)
    pages.get("/my/exports/<uuid:export_id>", endpoint="export_task")(task)
    pages.get("/my/exports/<uuid:export_id>/state", endpoint="export_state")(state)
    pages.get("/my/exports/<uuid:export_id>/history.csv", endpoint="export_file")(file)


@patients_only
def overview() -> Response:
    """Show each person whose history can be asked for, with the last file of theirs."""
    return _overview([])


@patients_only
def ask() -> AnyResponse:
    """Ask for a history, one's own or that of somebody one looks after; a task under way is shown instead."""
    patient_id = request.form.get("patient", type=UUID)
    try:
        export_id = runtime().transact(desk().actor, services.ask, ExportHistory(patient_id))
    except DomainError as error:
        if error.code is not Code.RATE_LIMITED:
            raise
        told = refusals.said(error, marked("This was asked for too often today. Take the last file, or try tomorrow."))
        return _overview([Toast(told, "bad")], status=429)
    return go("pages.export_task", export_id=export_id)


@patients_only
def task(export_id: UUID) -> Response:
    """Show how far a file is, and where to download it."""
    row = _row(export_id)
    return page("exports/task.html", HERE, htmx_config=HTMX_CONFIG, **_values(row))


@patients_only
def state(export_id: UUID) -> Response:
    """Answer the part of that page that changes; 204 while it is as it was seen, so that nothing is read out again."""
    row = _row(export_id)
    if request.args.get("seen") == _seen(row):
        return Response(status=204)
    return page("exports/state.html", **_values(row))


@patients_only
def file(export_id: UUID) -> Response:
    """Send the file."""
    at = desk()
    found = runtime().read(queries.file, at.actor, export_id, at.now)
    answer = Response(exports.file_of(runtime(), found), mimetype=exports.CSV)
    answer.headers["Content-Disposition"] = f'attachment; filename="history-{at.formats.local_date(found.day)}.csv"'
    answer.content_length = found.size
    return answer


def _row(export_id: UUID) -> TaskRow:
    at = desk()
    return runtime().read(queries.one, at.actor, export_id, at.now)


def _values(row: TaskRow) -> dict[str, Any]:
    people = family()
    whose = next((person for person in people if person.id == row.patient_id), None)
    if whose is None:  # looked after no more, since the actor was read
        raise not_found("Task")
    mailed = desk().hospital.policy.mail_clinical_content
    return {"row": row, "whose": whose, "size": _size(row.size), "mailed": mailed, "seen": _seen(row)}


def _seen(row: TaskRow) -> str:
    return f"{row.status.value}-{row.progress}-{reader().language}"


def _overview(toasts: list[Toast], *, status: int = 200) -> Response:
    at, people = desk(), family()
    tasks = {row.patient_id: row for row in runtime().read(queries.latest, at.actor, at.now)} if people else {}
    shown: list[tuple[Person, TaskRow | None]] = [(person, tasks.get(person.id)) for person in people]
    days = at.hospital.policy.export_keep_days
    return page("exports/list.html", HERE, status=status, toasts=toasts, shown=shown, days=days, to=_address)


def _address(row: TaskRow) -> str:
    return url_for("pages.export_task", export_id=row.id)


def _size(size: int) -> str:
    return f"{max(1, round(size / 1024)):,} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"
