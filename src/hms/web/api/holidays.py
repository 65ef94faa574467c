"""The hospital's holidays: days on which nobody is seen."""

from dataclasses import dataclass
from datetime import date, time
from typing import Annotated
from uuid import UUID

from pydantic import Field

from hms.access.permissions import Permission
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.events import Visit
from hms.processes import holidays as countries
from hms.queries import holidays as queries
from hms.queries.holidays import Date, HolidayRow
from hms.services import holidays
from hms.services.holidays import AddHoliday, EditHoliday, HolidayChange, RemoveHoliday
from hms.web.api.answers import Page, Warned
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Day, Edit, Note, Preview, Query, Version

routes = Routes(
    "Holidays",
    "Days on which the hospital is closed: no slots, no bookings. What was booked before stays, and its patients are "
    "told to contact the clinic; the answer's warning lists it. With `preview=true` nothing is changed.",
)

MOST = 2000
MOST_YEARS = 10
HolidayName = Annotated[str, Field(min_length=1, max_length=200)]
Year = Annotated[int, Field(ge=1990, le=2100)]


class HolidaySpan(Query):
    """Only those that may close a day from ``from`` to ``to``; either may be left out."""

    from_: Day | None = None
    to: Day | None = None


class HolidayCreation(Body):
    """A day to close. ``isRecurring``: on the same month and day of every year, 29 February in leap years only."""

    name: HolidayName
    date: Day
    is_recurring: bool = False
    is_active: bool = True
    description: Note | None = None


class HolidayEdit(Edit):
    """What to change; what is left out stays."""

    name: HolidayName = ""
    date: Day = date.min
    is_recurring: bool = False
    is_active: bool = True
    description: Note | None = None
    version: Version | None = None


class HolidayImport(Body):
    """A country (ISO 3166-1, two letters), its region if wanted, and ``year`` or ``years`` (at most ten)."""

    country: Annotated[str, Field(min_length=2, max_length=3)]
    subdivision: Annotated[str, Field(min_length=1, max_length=10)] | None = None
    year: Year | None = None
    years: Annotated[tuple[Year, ...], Field(max_length=MOST_YEARS)] = ()


@dataclass(frozen=True, slots=True)
class ChangedHoliday:
    """The entry and what followed: days that closed and opened, free slots of all doctors that went and came."""

    id: UUID
    name: str
    date: Date
    is_recurring: bool
    is_active: bool
    description: str | None
    next_date: Date | None
    version: int
    closed_days: tuple[Date, ...]
    opened_days: tuple[Date, ...]
    slots_removed: int
    slots_created: int


@dataclass(frozen=True, slots=True)
class RemovedHoliday:
    """What followed: the days that opened, and the slots that all doctors were given on them."""

    id: UUID
    opened_days: tuple[Date, ...]
    slots_created: int


@dataclass(frozen=True, slots=True)
class ImportedHolidays:
    """The entries that came. ``skipped``: days that the list had already, whatever their name or state."""

    created: tuple[HolidayRow, ...]
    skipped: int
    slots_removed: int


@dataclass(frozen=True, slots=True)
class HolidayVisit:
    """A booked visit on a day that closes; it stays until somebody moves or cancels it."""

    id: UUID
    date: Date
    time: time
    doctor: str
    patient: str


@dataclass(frozen=True, slots=True)
class HolidayWarning:
    """What a closed day means for visits already booked. Their patients are told."""

    message: str
    affected_appointments: tuple[HolidayVisit, ...]


@routes.get("/holidays", needs=Permission.SEE_DOCTORS)
def listing(call: Call, query: HolidaySpan) -> Page[HolidayRow]:
    """List the holidays by date.

    Everybody who books needs to know the closed days; entries that are not active are shown to admins alone.
    """
    if query.from_ and query.to and query.to < query.from_:
        raise DomainError(Code.VALIDATION, "The last day lies before the first.", [Detail("to", "must not be earlier")])
    return Page(call.read(queries.listing, call.actor, call.today, query.from_, query.to), None, MOST)


@routes.post("/holidays", needs=Permission.MANAGE_HOLIDAYS, status=201, errors=(Code.HOLIDAY_EXISTS,))
def create(call: Call, query: Preview, body: HolidayCreation) -> Warned[ChangedHoliday, HolidayWarning]:
    """Close a day.

    Free slots of all doctors go that day; nothing is cancelled.
    """
    command = AddHoliday(
        name=body.name,
        day=body.date,
        is_recurring=body.is_recurring,
        is_active=body.is_active,
        description=body.description,
    )
    act = call.rehearse if query.preview else call.transact
    return _changed(act(holidays.add, command))


@routes.patch("/holidays/<uuid:holiday_id>", needs=Permission.MANAGE_HOLIDAYS, errors=(Code.HOLIDAY_EXISTS,))
def edit(call: Call, holiday_id: UUID, query: Preview, body: HolidayEdit) -> Warned[ChangedHoliday, HolidayWarning]:
    """Edit an entry.

    Another date opens the old day and closes the new one; `isActive: false` opens the day again.
    """
    command = EditHoliday(holiday_id=holiday_id, changes=body.given("version"), version=body.version)
    act = call.rehearse if query.preview else call.transact
    return _changed(act(holidays.edit, command))


@routes.delete("/holidays/<uuid:holiday_id>", needs=Permission.MANAGE_HOLIDAYS)
def remove(call: Call, holiday_id: UUID, query: Preview, version: int | None) -> RemovedHoliday:
    """Delete an entry and open its days again."""
    act = call.rehearse if query.preview else call.transact
    change = act(holidays.remove, RemoveHoliday(holiday_id=holiday_id, version=version))
    return RemovedHoliday(holiday_id, change.opened, change.slots_created)


@routes.post(
    "/holidays/import",
    needs=Permission.MANAGE_HOLIDAYS,
    errors=(Code.UNKNOWN_COUNTRY, Code.UNKNOWN_SUBDIVISION),
)
def import_country(call: Call, query: Preview, body: HolidayImport) -> Warned[ImportedHolidays, HolidayWarning]:
    """Close a country's public holidays, or a region's, of some years.

    Importing again doubles nothing: a day that is in the list stays as it is.
    """
    years = {*body.years, *(() if body.year is None else (body.year,))}
    if not years:
        raise DomainError(Code.VALIDATION, "Say which years to import.", [Detail("years", "give year or years")])
    change = countries.import_country(
        call.runtime, call.actor, body.country, body.subdivision, years, preview=query.preview
    )
    return Warned(ImportedHolidays(change.rows, change.skipped, change.slots_removed), _warning(change.affected))


def _changed(change: HolidayChange) -> Warned[ChangedHoliday, HolidayWarning]:
    row = change.rows[0]
    data = ChangedHoliday(
        id=row.id,
        name=row.name,
        date=row.date,
        is_recurring=row.is_recurring,
        is_active=row.is_active,
        description=row.description,
        next_date=row.next_date,
        version=row.version,
        closed_days=change.closed,
        opened_days=change.opened,
        slots_removed=change.slots_removed,
        slots_created=change.slots_created,
    )
    return Warned(data, _warning(change.affected))


def _warning(affected: tuple[Visit, ...]) -> HolidayWarning | None:
    if not affected:
        return None
    visits = tuple(
        HolidayVisit(visit.appointment_id, visit.day, visit.start, f"Dr. {visit.doctor_name}", visit.patient.name)
        for visit in affected
    )
    plural = "s" if len(visits) > 1 else ""
    return HolidayWarning(f"{len(visits)} existing appointment{plural} affected", visits)
