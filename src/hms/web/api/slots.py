"""Doctors' slots: read, generate, regenerate, block."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from hms.access.permissions import Permission
from hms.domain.errors import Code, Detail, DomainError
from hms.processes import slots as calendar
from hms.queries import slots as queries
from hms.queries.free_times import FreeTime
from hms.queries.slots import SlotRow
from hms.services import slots
from hms.services.slots import BlockSlot, Generate, Generated, Regenerated
from hms.transaction import Work
from hms.web.api.answers import Page, page_of, read_cursor
from hms.web.api.positions import place, position
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Cursor, Day, Name, Note, Preview, Query

routes = Routes("Slots", "Bookable times. `isAvailable`: a booking made now would pass all checks of the calendar.")

LONGEST_RANGE = timedelta(days=62)
LIMIT = 500


class SlotPaging(Query):
    """Which part of the slots."""

    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = LIMIT


class SlotRange(SlotPaging):
    """Days from ``from`` to ``to``, both included, at most 62."""

    from_: Day
    to: Day


class FirstFree(Query):
    """Whose times, from which day on (today, when left out), and of how many doctors."""

    specialization: Name | None = None
    from_: Day | None = None
    limit: Annotated[int, Field(ge=1, le=50)] = 5


class Generation(Body):
    """How many days from today; by default the hospital's horizon."""

    days: Annotated[int, Field(ge=0, le=slots.MAX_DAYS)] | None = None


class Block(Body):
    """Block with a reason, or unblock."""

    blocked: bool
    reason: Note | None = None


@routes.get("/slots/first-free", needs=Permission.SEE_DOCTORS)
def first_free(call: Call, query: FirstFree) -> Page[FreeTime]:
    """List the first free time of each doctor of a specialty, the earliest first.

    Doctors who take no patients, or have nothing free as far ahead as can be booked, are left out.
    """
    found = calendar.first_free(call.runtime, call.actor, query.specialization, query.from_, query.limit)
    return Page(found, None, query.limit)


@routes.get("/slots/doctor/<uuid:doctor_id>", needs=Permission.SEE_DOCTORS, errors=(Code.DOCTOR_NOT_FOUND,))
def available(call: Call, doctor_id: UUID, query: SlotPaging) -> Page[SlotRow]:
    """List a doctor's times that can be booked now, the earliest first.

    Days that nobody has looked at yet are generated on the spot.
    """
    return _page(calendar.available(call.runtime, call.actor, doctor_id), query)


@routes.get("/slots/doctor/<uuid:doctor_id>/date/<day>", needs=Permission.SEE_DOCTORS, errors=(Code.DOCTOR_NOT_FOUND,))
def of_day(call: Call, doctor_id: UUID, day: date) -> Page[SlotRow]:
    """List all slots of a doctor's day.

    A day within the horizon that nobody has looked at yet is generated on the spot.
    """
    return Page(calendar.of_day(call.runtime, call.actor, doctor_id, day), None, LIMIT)


@routes.get("/slots/doctor/<uuid:doctor_id>/range", needs=Permission.SEE_DOCTORS, errors=(Code.DOCTOR_NOT_FOUND,))
def of_range(call: Call, doctor_id: UUID, query: SlotRange) -> Page[SlotRow]:
    """List all slots of a doctor's days; days within the horizon are generated on the spot."""
    if not timedelta(0) <= query.to - query.from_ < LONGEST_RANGE:
        reason = f"must be from 0 to {LONGEST_RANGE.days - 1} days after from"
        raise DomainError(Code.VALIDATION, f"The last day {reason}.", [Detail("to", reason)])
    return _page(calendar.of_range(call.runtime, call.actor, doctor_id, query.from_, query.to), query)


@routes.post("/slots/generate/<uuid:doctor_id>", needs=Permission.GENERATE_SLOTS, errors=(Code.DOCTOR_NOT_FOUND,))
def generate(call: Call, doctor_id: UUID, body: Generation) -> Generated:
    """Add the slots that a doctor's days lack; running it again changes nothing."""
    return call.transact(slots.generate, Generate(doctor_id, body.days))


@routes.post("/slots/regenerate/<uuid:doctor_id>", needs=Permission.EDIT_OWN_SCHEDULE, errors=(Code.DOCTOR_NOT_FOUND,))
def regenerate(call: Call, doctor_id: UUID, query: Preview) -> Regenerated:
    """Lay a doctor's future slots anew along the present week and slot length.

    Booked ones stay; unchanged ones keep their id and block. Doctors their own. With `preview=true` nothing is
    changed.
    """
    act = call.rehearse if query.preview else call.transact
    return act(slots.regenerate, doctor_id)


@routes.patch(
    "/slots/<uuid:slot_id>/block",
    needs=Permission.EDIT_OWN_SCHEDULE,
    errors=(Code.SLOT_HELD, Code.DATE_IN_PAST),
)
def block(call: Call, slot_id: UUID, body: Block) -> SlotRow:
    """Block or unblock one slot; one that is booked or over cannot be blocked. Doctors their own."""

    def act(work: Work) -> SlotRow:
        slots.set_blocked(work, BlockSlot(slot_id, body.blocked, body.reason))
        work.session.flush()
        return queries.one(work.session, work.actor, slot_id, work.now)

    return call.transact(act)


def _page(rows: Sequence[SlotRow], paging: SlotPaging) -> Page[SlotRow]:
    after = read_cursor(paging.cursor, position)
    if after is not None:
        rows = [row for row in rows if (row.starts_at, row.id) > after]
    return page_of(rows[: paging.limit + 1], paging.limit, lambda row: place(row.starts_at, row.id))
