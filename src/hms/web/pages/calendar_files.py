"""A visit as a file for the patient's own calendar."""

from uuid import UUID

from flask import Blueprint, Response

from hms.domain.appointments import Status
from hms.gateways.calendars import CalendarEntry, write_calendar
from hms.queries import appointments
from hms.web.pages.desk import desk, runtime


def register(pages: Blueprint) -> None:
    """Add the file's route."""
    pages.get("/visits/<uuid:appointment_id>/calendar.ics", endpoint="calendar_file")(calendar_file)


def calendar_file(appointment_id: UUID) -> Response:
    """Return the .ics file of a visit: staff of any, patients of their own."""
    at = desk()
    row = runtime().read(appointments.one, at.actor, appointment_id)
    doctor = f"Dr. {row.doctor.first_name} {row.doctor.last_name}"
    hospital = at.identity.hospital.name
    entry = CalendarEntry(
        appointment_id=row.id,
        # Rows and versions rise together, and the mailed file's number never passes the version.
        sequence=row.version - 1,
        summary=f"{doctor}, {hospital}",
        location=", ".join(part for part in (hospital, at.hospital.address) if part),
        description=f"Appointment with {doctor} ({row.doctor.specialization}).",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        written_at=runtime().clocks.machine.now(),
        is_cancelled=row.status is Status.CANCELLED,
    )
    answer = Response(write_calendar(entry), mimetype="text/calendar")
    answer.headers["Content-Disposition"] = "attachment; filename=appointment.ics"
    answer.headers["Cache-Control"] = "no-store"
    return answer
