"""A doctor's week: replace it, with all that follows for slots and booked patients."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, insert

from hms.domain.events import ScheduleChanged, Visit
from hms.domain.schedules import require_valid
from hms.domain.slots import WeeklyBlock
from hms.models import DoctorSchedule, new_id
from hms.queries import schedules
from hms.queries.schedules import ScheduleRow
from hms.services.calendars import lock_doctor, require_own_calendar
from hms.services.slots import relay
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class ReplaceSchedules:
    """The doctor's whole week from now on."""

    doctor_id: UUID
    rows: Sequence[WeeklyBlock]


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """The new rows, and the booked visits that no longer lie inside them (they stay)."""

    rows: tuple[ScheduleRow, ...]
    affected: tuple[Visit, ...]


def replace(work: Work, command: ReplaceSchedules) -> ScheduleChange:
    """Replace the weekly rows, lay the slots anew and tell the patients whose visits fell outside.

    Raises SCHEDULE_INVALID or SCHEDULE_OVERLAP with every row that needs changing, DOCTOR_NOT_FOUND, FORBIDDEN.
    """
    require_own_calendar(work, command.doctor_id)
    require_valid(command.rows)
    doctor = lock_doctor(work, command.doctor_id, exclusive=True)
    work.session.execute(delete(DoctorSchedule).where(DoctorSchedule.doctor_id == doctor.id))
    if command.rows:
        statement = insert(DoctorSchedule).execution_options(render_nulls=True)
        work.session.execute(statement, [_values(work, doctor.id, block) for block in command.rows])
    relay(work, doctor)
    affected = tuple(schedules.outside(work.session, work.actor, doctor.id, command.rows, work.now))
    work.emit(ScheduleChanged(entity_id=doctor.id, affected=affected))
    return ScheduleChange(tuple(schedules.week(work.session, work.actor, doctor.id)), affected)


def _values(work: Work, doctor_id: UUID, block: WeeklyBlock) -> dict[str, object]:
    return {
        "id": new_id(),
        "hospital_id": work.actor.hospital_id,
        "doctor_id": doctor_id,
        "day_of_week": block.day_of_week,
        "start_time": block.start,
        "end_time": block.end,
        "break_start": block.break_start,
        "break_end": block.break_end,
        "is_active": block.is_active,
    }
