"""Private calendars: their addresses, and what a calendar program finds there.

A patient reads doctor, hospital and time; a doctor reads the time and the patient's number, nothing else. Such a
calendar lies on telephones and with firms that no hospital has an agreement with.
"""

from dataclasses import dataclass
from datetime import datetime

from hms.access.actors import Actor
from hms.access.tokens import digest_of
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.gateways.calendars import CalendarEntry, CalendarFeed, write_feed
from hms.queries import calendar_feeds as queries
from hms.queries.calendar_feeds import Feed, FeedVisit
from hms.runtime import Runtime
from hms.services import calendar_feeds

PATH = "/api/v1/calendar-feeds"


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """A private address, shown this once; who has it reads the calendar until it is replaced or taken back."""

    url: str
    created_at: datetime


def renew(runtime: Runtime, actor: Actor) -> FeedAddress:
    """Make the actor's own address, in place of one that there was; raise FORBIDDEN."""
    feed = runtime.transact(actor, calendar_feeds.renew)
    return FeedAddress(f"{runtime.settings.base_url}{PATH}/{feed.token}.ics", feed.created_at)


def read(runtime: Runtime, token: str) -> Feed:
    """Return what the address with this secret shows now; raise NOT_FOUND for one that is good no more."""
    feed = runtime.read(queries.by_digest, digest_of(token), runtime.clocks.hospital.now())
    if feed is None:
        message = "There is no calendar at this address any more. Copy the present address from HMS."
        raise DomainError(Code.NOT_FOUND, message)
    return feed


def render(feed: Feed) -> bytes:
    """Write a feed as iCalendar, in UTC. UIDs are those of the confirmations' calendar files."""
    entries = tuple(_entry(feed, visit) for visit in feed.visits)
    return write_feed(CalendarFeed(f"{feed.hospital_name}: {feed.owner}", feed.timezone, entries))


def _entry(feed: Feed, visit: FeedVisit) -> CalendarEntry:
    place = (feed.hospital_name, feed.hospital_address)
    return CalendarEntry(
        appointment_id=visit.appointment_id,
        sequence=visit.sequence,
        summary=f"Appointment {visit.mrn}" if feed.of_doctor else f"{visit.doctor_name}, {feed.hospital_name}",
        location=", ".join(part for part in place if part),
        description="" if feed.of_doctor else f"Appointment with {visit.doctor_name}.",
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        written_at=visit.changed_at,
        is_cancelled=visit.status is Status.CANCELLED,
    )
