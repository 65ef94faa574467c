"""Write appointments as iCalendar files (RFC 5545), for mails and for downloads."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One appointment. ``sequence`` rises with every change of it; all instants carry their offset."""

    appointment_id: UUID
    sequence: int
    summary: str
    location: str
    description: str
    starts_at: datetime
    ends_at: datetime
    written_at: datetime
    is_cancelled: bool = False

    @property
    def uid(self) -> str:
        """The identifier that stays the same for ever, so that calendars update what they have."""
        return f"{self.appointment_id}@hms"

    @property
    def method(self) -> str:
        """What the file asks a calendar to do."""
        return "CANCEL" if self.is_cancelled else "PUBLISH"


def write_calendar(entry: CalendarEntry) -> bytes:
    """Return the .ics file of one appointment, in UTC, which every calendar shows in its owner's zone."""
    import icalendar  # noqa: PLC0415 -- heavy: loads at the first file

    event = icalendar.Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.written_at)
    event.add("dtstart", entry.starts_at)
    event.add("dtend", entry.ends_at)
    event.add("summary", entry.summary)
    event.add("description", entry.description)
    event.add("location", entry.location)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//HMS//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", entry.method)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
