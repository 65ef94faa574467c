"""Private calendar addresses for doctors and patients, and the calendars at them."""

from flask import Response, request

from hms.access.permissions import Permission
from hms.access.tokens import digest_of
from hms.domain.errors import Code, DomainError
from hms.processes import calendar_feeds
from hms.processes.calendar_feeds import FeedAddress
from hms.queries import calendar_feeds as queries
from hms.queries.calendar_feeds import FeedState
from hms.services import calendar_feeds as services
from hms.web.api.routing import Call, Routes

routes = Routes(
    "Calendar feeds",
    "One's own appointments in one's own calendar program, by a secret address that can be replaced and taken back.",
)

CALENDAR = "text/calendar"


@routes.get("/calendar-feed", needs=Permission.HAVE_CALENDAR_FEED)
def state(call: Call) -> FeedState:
    """Tell whether one's own calendar has an address. The address itself was shown once and is not kept."""
    return call.read(queries.state, call.actor)


@routes.post("/calendar-feed", needs=Permission.HAVE_CALENDAR_FEED, status=201, errors=(Code.NOT_FOUND,))
def renew(call: Call) -> FeedAddress:
    """Make an address for one's own calendar, in place of the one that there was.

    Give it to your calendar program («subscribe by URL»). Whoever has it reads the calendar. Patients find doctor,
    hospital and time; doctors find the time and the patient's number.
    """
    return calendar_feeds.renew(call.runtime, call.actor)


@routes.delete("/calendar-feed", needs=Permission.HAVE_CALENDAR_FEED, errors=(Code.NOT_FOUND,))
def revoke(call: Call) -> None:
    """Take the address back: nothing is found there from now on."""
    call.transact(services.revoke)


@routes.get("/calendar-feeds/<token>.ics", public=True, produces=CALENDAR, errors=(Code.NOT_FOUND, Code.RATE_LIMITED))
def calendar(call: Call, token: str) -> Response:
    """Give the calendar at a private address.

    Send the ETag of the last answer as If-None-Match: while nothing changed, 304 comes back. Visits of the last 14
    days and all that lie ahead; cancelled ones are in it with STATUS:CANCELLED.
    """
    wrong, reads = call.door.wrong_calendars, call.door.calendar_reads
    now = call.runtime.clocks.machine.now()
    wrong.check(call.address, now)
    try:
        feed = calendar_feeds.read(call.runtime, token)
    except DomainError:
        wrong.failed(call.address, now)
        raise
    digest = digest_of(token)
    reads.check(digest, now)
    reads.failed(digest, now)  # good reads count too: a calendar that asks all the time is broken
    fresh = request.if_none_match.contains_weak(feed.tag)
    answer = Response(status=304) if fresh else Response(calendar_feeds.render(feed), mimetype=CALENDAR)
    answer.set_etag(feed.tag, weak=True)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
