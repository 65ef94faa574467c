"""Doctors' weekly schedules."""

from dataclasses import dataclass
from datetime import date, time
from typing import Annotated
from uuid import UUID

from pydantic import Field

from hms.access.permissions import Permission
from hms.domain.errors import Code, DomainError
from hms.domain.events import Visit
from hms.domain.people import Role
from hms.domain.slots import DayOfWeek, WeeklyBlock
from hms.queries import schedules as queries
from hms.queries.schedules import ScheduleRow
from hms.services import schedules
from hms.services.schedules import ReplaceSchedules
from hms.web.api.answers import Page, Warned
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Preview, WallTime

routes = Routes("Schedules", "A doctor's week, in wall times of the hospital.")

MOST_ROWS = 70


class WeeklyHours(Body):
    """Hours of one day of the week, with at most one break. Several rows a day are fine if they do not overlap."""

    day_of_week: DayOfWeek
    start_time: WallTime
    end_time: WallTime
    break_start: WallTime | None = None
    break_end: WallTime | None = None
    is_active: bool = True


class Week(Body):
    """The whole week from now on: what is not in it is no longer worked."""

    schedules: Annotated[tuple[WeeklyHours, ...], Field(max_length=MOST_ROWS)]


@dataclass(frozen=True, slots=True)
class ScheduleDay:
    """Hours of one day of the week."""

    id: UUID
    doctor_id: UUID
    day_of_week: DayOfWeek
    start_time: time
    end_time: time
    break_start: time | None
    break_end: time | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class AffectedAppointment:
    """A booked visit that a change leaves as it is, though it no longer fits."""

    id: UUID
    date: date
    time: time


@dataclass(frozen=True, slots=True)
class AffectedWarning:
    """What a change means for visits already booked. Their patients are told."""

    message: str
    affected_appointments: tuple[AffectedAppointment, ...]


@routes.get("/doctors/<uuid:doctor_id>/schedules", needs=Permission.EDIT_OWN_SCHEDULE, errors=(Code.DOCTOR_NOT_FOUND,))
def week(call: Call, doctor_id: UUID) -> Page[ScheduleDay]:
    """List a doctor's weekly rows, Monday first. Doctors their own."""
    rows = call.read(queries.week, call.actor, doctor_id)
    if call.actor.role is Role.DOCTOR and call.actor.doctor_id != doctor_id:
        raise DomainError(Code.FORBIDDEN, "You may only see your own schedule.")
    return Page([_day(row) for row in rows], None, MOST_ROWS)


@routes.put(
    "/doctors/<uuid:doctor_id>/schedules",
    needs=Permission.EDIT_OWN_SCHEDULE,
    errors=(Code.DOCTOR_NOT_FOUND, Code.SCHEDULE_INVALID, Code.SCHEDULE_OVERLAP),
)
def replace(
    call: Call, doctor_id: UUID, query: Preview, body: Week
) -> Warned[tuple[ScheduleDay, ...], AffectedWarning]:
    """Replace a doctor's week. Doctors their own.

    The future slots are laid anew. Booked visits that no longer lie inside the week stay, their patients are told to
    contact the clinic, and the warning lists them.
    """
    command = ReplaceSchedules(doctor_id, [_block(row) for row in body.schedules])
    if query.preview:
        change = call.runtime.rehearse(call.actor, schedules.replace, command)
    else:
        change = call.transact(schedules.replace, command)
    return Warned(tuple(_day(row) for row in change.rows), _warning(change.affected))


def _block(row: WeeklyHours) -> WeeklyBlock:
    return WeeklyBlock(row.day_of_week, row.start_time, row.end_time, row.break_start, row.break_end, row.is_active)


def _day(row: ScheduleRow) -> ScheduleDay:
    block = row.block
    return ScheduleDay(
        row.id,
        row.doctor_id,
        block.day_of_week,
        block.start,
        block.end,
        block.break_start,
        block.break_end,
        block.is_active,
    )


def _warning(affected: tuple[Visit, ...]) -> AffectedWarning | None:
    if not affected:
        return None
    visits = tuple(AffectedAppointment(visit.appointment_id, visit.day, visit.start) for visit in affected)
    plural = "s" if len(visits) > 1 else ""
    return AffectedWarning(f"{len(visits)} existing appointment{plural} affected", visits)
