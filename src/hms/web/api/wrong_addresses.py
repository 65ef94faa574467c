"""Addresses at which people cannot be reached."""

from hms.access.permissions import Permission
from hms.queries import wrong_addresses as queries
from hms.queries.wrong_addresses import WrongAddressRow
from hms.web.api.answers import Page, page_of, read_cursor
from hms.web.api.positions import place, position
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Paging

routes = Routes("Wrong addresses", "Whom messages do not reach: mended where the address stands.")


@routes.get("/wrong-addresses", needs=Permission.MEND_ADDRESSES)
def listing(call: Call, query: Paging) -> Page[WrongAddressRow]:
    """List addresses that were refused for good or cannot be read, newest first.

    To mend one, send the right `email` or `phone` and the row's `version` to `PATCH /patients/{patientId}`, or, as an
    admin, the `email` to `PATCH /users/{userId}`. A row goes when it is mended, or when a message arrives after all.
    """
    after = read_cursor(query.cursor, position)
    rows = call.read(queries.listing, call.actor, after=after, limit=query.limit + 1)
    return page_of(rows, query.limit, lambda row: place(row.since, row.id))
