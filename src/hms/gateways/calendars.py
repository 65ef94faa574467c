"""Write appointments as iCalendar files (RFC 5545), for mails and for downloads."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

REFRESH = timedelta(hours=1)
"""How often we ask calendars to look again; most look less often."""

_END = b"END:VCALENDAR\r\n"


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


@dataclass(frozen=True, slots=True)
class CalendarFeed:
    """Many appointments under one name, for a calendar that looks again and again. ``timezone``: an IANA name."""

    name: str
    timezone: str
    entries: tuple[CalendarEntry, ...]


def write_calendar(entry: CalendarEntry) -> bytes:
    """Return the .ics file of one appointment, in UTC, which every calendar shows in its owner's zone."""
    calendar = _calendar(entry.method)
    calendar.add_component(_event(entry))
    return bytes(calendar.to_ical())


def write_feed(feed: CalendarFeed) -> bytes:
    """Return a calendar of many appointments, in UTC; cancelled ones are in it, so that they leave where they are.

    The words of entries end up on other people's machines: keep them few. The same entries give the same bytes.
    """
    calendar = _calendar("PUBLISH")
    calendar.add("name", feed.name)
    calendar.add("x-wr-calname", feed.name)
    calendar.add("x-wr-timezone", feed.timezone)
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    around = bytes(calendar.to_ical()).removesuffix(_END)
    return around + b"".join(_in_feed(entry) for entry in feed.entries) + _END


@lru_cache(maxsize=4096)
def _in_feed(entry: CalendarEntry) -> bytes:
    """Write one appointment of a feed; kept for a while, since of a changed feed most entries are as before."""
    event = _event(entry)
    event.add("last-modified", entry.written_at)
    event.add("class", "PRIVATE")
    return bytes(event.to_ical())


def _calendar(method: str) -> Any:
    import icalendar  # noqa: PLC0415 -- heavy: loads at the first file

    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//HMS//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def _event(entry: CalendarEntry) -> Any:
    import icalendar  # noqa: PLC0415 -- heavy: loads at the first file

    event = icalendar.Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.written_at)
    event.add("dtstart", entry.starts_at)
    event.add("dtend", entry.ends_at)
    event.add("summary", entry.summary)
    if entry.description:
        event.add("description", entry.description)
    event.add("location", entry.location)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    return event
