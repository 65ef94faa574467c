"""A visit as a file for the patient's own calendar."""

from uuid import UUID

from flask import Blueprint, Response

from hms.processes import calendar_files
from hms.web.pages.desk import desk, runtime


def register(pages: Blueprint) -> None:
    """Add the file's route."""
    pages.get("/visits/<uuid:appointment_id>/calendar.ics", endpoint="calendar_file")(calendar_file)


def calendar_file(appointment_id: UUID) -> Response:
    """Return the .ics file of a visit: staff of any, patients of their own."""
    file = calendar_files.calendar_file(runtime(), desk().actor, appointment_id)
    answer = Response(file, mimetype="text/calendar")
    answer.headers["Content-Disposition"] = "attachment; filename=appointment.ics"
    return answer
