"""A doctor's week and slot length changed together, so that patients hear of the outcome once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hms.domain.slots import WeeklyBlock
from hms.services import doctors, schedules
from hms.services.doctors import EditDoctor
from hms.services.schedules import ReplaceSchedules, ScheduleChange
from hms.transaction import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceWeek:
    """The doctor's whole week from now on. ``slot_duration``: minutes, None to leave it; ``version`` goes with it."""

    doctor_id: UUID
    rows: Sequence[WeeklyBlock]
    slot_duration: int | None = None
    version: int | None = None


def replace(work: Work, command: ReplaceWeek) -> ScheduleChange:
    """Replace week and slot length; raise what `schedules.replace` and `doctors.update` raise."""
    if command.slot_duration is not None:
        changes = {"slot_duration": command.slot_duration}
        doctors.update(work, EditDoctor(doctor_id=command.doctor_id, changes=changes, version=command.version))
    return schedules.replace(work, ReplaceSchedules(command.doctor_id, command.rows))
