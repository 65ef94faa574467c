"""The review list: what a human must decide, one by one or many at once."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from hms.access.permissions import Permission
from hms.domain.errors import Code
from hms.domain.no_shows import ReviewDecision, ReviewReason
from hms.queries import reviews as queries
from hms.queries.appointments import AppointmentRow
from hms.queries.reviews import ReviewFilter, ReviewRow
from hms.services import reviews
from hms.services.reviews import MOST_AT_ONCE, Decide, Decided, DecideItem, DecideMany
from hms.web.api.answers import Page, page_of, read_cursor
from hms.web.api.appointments import changed
from hms.web.api.positions import place, position
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Limit, Note, Paging, Version

routes = Routes("Reviews", "Visits that the automation leaves to a human; nobody is penalised without a decision.")


class ReviewSearch(Paging):
    """Which ones: by reason, and of one doctor."""

    reason: ReviewReason | None = None
    doctor_id: UUID | None = None
    limit: Limit = 200


class Decision(Body):
    """NO_SHOW marks with all that follows, ATTENDED completes, CLINIC_FAULT cancels. ``version``: the appointment's."""

    decision: ReviewDecision
    note: Note | None = None
    version: Version | None = None


class Chosen(Body):
    """One of the visits. ``version``: the appointment's."""

    appointment_id: UUID
    version: Version | None = None


class Decisions(Body):
    """The same decision for many visits."""

    items: Annotated[list[Chosen], Field(min_length=1, max_length=MOST_AT_ONCE)]
    decision: ReviewDecision
    note: Note | None = None


@routes.get("/no-show/reviews", needs=Permission.DECIDE_REVIEWS)
def waiting(call: Call, query: ReviewSearch) -> Page[ReviewRow]:
    """List visits that wait for a human decision, oldest first, and those left open at the end of their day.

    Each says why it is there. What was left open ends as any other visit does (``canDecide`` is false).
    """
    wanted = ReviewFilter(query.reason, query.doctor_id)
    after = read_cursor(query.cursor, position)
    rows = call.read(queries.waiting, call.actor, call.today, query.limit + 1, wanted, after=after)
    return page_of(rows, query.limit, lambda row: place(row.starts_at, row.appointment_id))


@routes.post("/no-show/reviews", needs=Permission.DECIDE_REVIEWS)
def decide_many(call: Call, body: Decisions) -> list[Decided]:
    """Decide many open reviews alike, all at once.

    What can no longer be decided, because somebody was quicker, says so in its own result (``code`` and ``message``;
    ``status`` is null) and stops none of the others.
    """
    items = tuple(DecideItem(item.appointment_id, item.version) for item in body.items)
    return call.transact(reviews.decide_many, DecideMany(items, body.decision, body.note))


@routes.post(
    "/no-show/reviews/<uuid:appointment_id>", needs=Permission.DECIDE_REVIEWS, errors=(Code.INVALID_TRANSITION,)
)
def decide(call: Call, appointment_id: UUID, body: Decision) -> AppointmentRow:
    """Decide an open review; nobody is penalised without a decision."""
    command = Decide(appointment_id, body.decision, body.note, body.version)
    return changed(call, appointment_id, lambda work: reviews.decide(work, command))
