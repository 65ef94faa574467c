"""An appointment as a calendar file, to download; the mails carry the same one."""

from uuid import UUID

from hms.access.actors import Actor
from hms.domain.appointments import Status
from hms.gateways.calendars import CalendarEntry, write_calendar
from hms.queries import calendar_files
from hms.runtime import Runtime


def calendar_file(runtime: Runtime, actor: Actor, appointment_id: UUID) -> bytes:
    """Return the .ics file of an appointment, in UTC; raise NOT_FOUND when it is not the actor's to see.

    Its UID never changes and its SEQUENCE rises, so a calendar updates what an earlier mail put there.
    """
    visit = runtime.read(calendar_files.of_appointment, actor, appointment_id)
    return write_calendar(
        CalendarEntry(
            appointment_id=visit.appointment_id,
            sequence=visit.sequence,
            summary=f"{visit.doctor_name}, {visit.hospital_name}",
            location=", ".join(part for part in (visit.hospital_name, visit.hospital_address) if part),
            description=f"Appointment with {visit.doctor_name} ({visit.specialization}).",
            starts_at=visit.starts_at,
            ends_at=visit.ends_at,
            written_at=runtime.clocks.machine.now(),
            is_cancelled=visit.status is Status.CANCELLED,
        )
    )
