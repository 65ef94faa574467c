"""Doctors' absences."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from hms.access.permissions import Permission
from hms.domain.absences import AbsenceType
from hms.domain.errors import Code, Detail, DomainError
from hms.queries import absences as queries
from hms.queries.absences import AbsenceFilters, AbsenceRow
from hms.services import absences
from hms.services.absences import AbsenceChange, CancelAbsence, CreateAbsence, UpdateAbsence
from hms.transaction import Work
from hms.web.api.affected import VisitsWarning, counted, warning_of
from hms.web.api.answers import Page, Warned, page_of, read_cursor
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Day, Edit, Note, Paging, Preview, Version, WallTime

routes = Routes(
    "Absences",
    "When doctors are away: whole days, or part of one day. Slots in that time are blocked. Booked visits stay and "
    "their patients are told; an EMERGENCY cancels them. With `preview=true` nothing is changed.",
)

EDIT = Permission.EDIT_OWN_SCHEDULE
OF_SPAN = (
    Code.DOCTOR_NOT_FOUND,
    Code.ABSENCE_END_BEFORE_START,
    Code.ABSENCE_PART_OF_DAY,
    Code.ABSENCE_IN_PAST,
    Code.ABSENCE_OVERLAP,
)


class AbsenceSearch(Paging):
    """Only those that touch a day from ``from`` to ``to``; ``withCancelled``: for staff, also those called off."""

    from_: Day | None = None
    to: Day | None = None
    with_cancelled: bool = False


class AbsenceCreation(Body):
    """Whole days, or with ``isFullDay: false`` a span of one day from ``startTime`` to ``endTime``."""

    absence_type: AbsenceType
    start_date: Day
    end_date: Day
    is_full_day: bool = True
    start_time: WallTime | None = None
    end_time: WallTime | None = None
    reason: Note | None = None


class AbsenceEdit(Edit):
    """What to change; what is left out stays. One that becomes ``isFullDay`` loses its times."""

    absence_type: AbsenceType = AbsenceType.OTHER
    start_date: Day = date.min
    end_date: Day = date.min
    is_full_day: bool = True
    start_time: WallTime | None = None
    end_time: WallTime | None = None
    reason: Note | None = None
    version: Version | None = None


@dataclass(frozen=True, slots=True)
class CreatedAbsence:
    """The absence, and how many slots it blocks, visits it cancelled (EMERGENCY), notifications patients got."""

    absence: AbsenceRow
    slots_blocked: int
    cancelled_appointments: int
    patient_notifications: int


@dataclass(frozen=True, slots=True)
class ChangedAbsence:
    """The same after a change; ``slotsUnblocked``: slots that nothing blocks any more."""

    absence: AbsenceRow
    slots_blocked: int
    slots_unblocked: int
    cancelled_appointments: int
    patient_notifications: int


@routes.get("/doctors/<uuid:doctor_id>/absences", needs=Permission.SEE_DOCTORS, errors=(Code.DOCTOR_NOT_FOUND,))
def listing(call: Call, doctor_id: UUID, query: AbsenceSearch) -> Page[AbsenceRow]:
    """List a doctor's absences by start.

    Everybody who books may know when a doctor is away. Only staff see the type, only admins and the doctor the reason.
    """
    if query.from_ and query.to and query.to < query.from_:
        raise DomainError(Code.VALIDATION, "The last day lies before the first.", [Detail("to", "must not be earlier")])
    filters = AbsenceFilters(doctor_id=doctor_id, first=query.from_, last=query.to, with_cancelled=query.with_cancelled)
    after = read_cursor(query.cursor, lambda day, row_id: (date.fromisoformat(day), UUID(row_id)))
    rows = call.read(queries.listing, call.actor, filters, after=after, limit=query.limit + 1)
    return page_of(rows, query.limit, lambda row: (row.start_date, row.id))


@routes.post("/doctors/<uuid:doctor_id>/absences", needs=EDIT, status=201, idempotent=True, errors=OF_SPAN)
def create(call: Call, doctor_id: UUID, query: Preview, body: AbsenceCreation) -> Warned[CreatedAbsence, VisitsWarning]:
    """Enter an absence. Doctors their own.

    Booked visits inside it stay, and the warning lists them; an EMERGENCY cancels them. Either way their patients are
    told, once.
    """
    command = CreateAbsence(
        doctor_id=doctor_id,
        absence_type=body.absence_type,
        first=body.start_date,
        last=body.end_date,
        is_full_day=body.is_full_day,
        start=body.start_time,
        end=body.end_time,
        reason=body.reason,
    )

    def act(work: Work) -> Warned[CreatedAbsence, VisitsWarning]:
        change = absences.create(work, command)
        data = CreatedAbsence(change.absence, change.slots_blocked, len(change.cancelled), change.notified)
        return Warned(data, _warning(change))

    return call.rehearse(act) if query.preview else call.once(act)


@routes.patch(
    "/doctors/<uuid:doctor_id>/absences/<uuid:absence_id>", needs=EDIT, errors=(*OF_SPAN, Code.ABSENCE_CLOSED)
)
def update(
    call: Call, doctor_id: UUID, absence_id: UUID, query: Preview, body: AbsenceEdit
) -> Warned[ChangedAbsence, VisitsWarning]:
    """Change an absence. Doctors their own.

    All of it is applied anew to the new span: slots outside of it open again, visits inside are listed or, in an
    EMERGENCY, cancelled. One under way keeps its start.
    """
    command = UpdateAbsence(
        doctor_id=doctor_id, absence_id=absence_id, changes=body.given("version"), version=body.version
    )
    return _changed((call.rehearse if query.preview else call.transact)(absences.update, command))


@routes.delete(
    "/doctors/<uuid:doctor_id>/absences/<uuid:absence_id>",
    needs=EDIT,
    errors=(Code.DOCTOR_NOT_FOUND, Code.ABSENCE_CLOSED),
)
def cancel(
    call: Call, doctor_id: UUID, absence_id: UUID, query: Preview, version: int | None
) -> Warned[ChangedAbsence, VisitsWarning]:
    """Call an absence off. Doctors their own.

    Its slots open again unless another absence or a person blocks them. Visits that stayed now take place, and the
    warning lists them; what an EMERGENCY has cancelled stays cancelled.
    """
    command = CancelAbsence(doctor_id=doctor_id, absence_id=absence_id, version=version)
    change = (call.rehearse if query.preview else call.transact)(absences.cancel, command)
    return _changed(change, counted(change.affected, "no longer affected"))


def _changed(change: AbsenceChange, message: str | None = None) -> Warned[ChangedAbsence, VisitsWarning]:
    data = ChangedAbsence(
        absence=change.absence,
        slots_blocked=change.slots_blocked,
        slots_unblocked=change.slots_unblocked,
        cancelled_appointments=len(change.cancelled),
        patient_notifications=change.notified,
    )
    return Warned(data, _warning(change, message))


def _warning(change: AbsenceChange, message: str | None = None) -> VisitsWarning | None:
    if change.cancelled:
        return warning_of(change.cancelled, counted(change.cancelled, "cancelled"))
    return warning_of(change.affected, message or counted(change.affected, "affected"))
