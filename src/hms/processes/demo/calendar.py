"""The doctors' slots over the demo's whole span."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from hms.domain.slots import Calendar, DayOfWeek, PlannedSlot, WeeklyBlock
from hms.processes.demo.people import DemoDoctor
from hms.processes.demo.seeded import Row, Seeded


@dataclass(frozen=True, slots=True)
class DemoSlot:
    """One bookable span of a doctor's day."""

    id: UUID
    plan: PlannedSlot


def calendar_of(doctor: DemoDoctor, zone: ZoneInfo) -> Calendar:
    """Return a doctor's calendar; the demo has neither holidays nor absences."""
    blocks = tuple(
        WeeklyBlock(day, *hours)
        for number, day in enumerate(DayOfWeek)
        if number in doctor.weekdays
        for hours in doctor.plan.hours
    )
    return Calendar(zone, doctor.plan.slot, blocks)


def slots_of_day(chance: Seeded, calendar: Calendar, day: date) -> list[DemoSlot]:
    """Return the slots of a day, none on a day off."""
    return [DemoSlot(chance.id_at(planned.starts_at), planned) for planned in calendar.slots_of(day)]


def slot_row(slot: DemoSlot, doctor: DemoDoctor, hospital_id: UUID) -> Row:
    """Return the row of a slot."""
    return {
        "id": slot.id,
        "hospital_id": hospital_id,
        "doctor_id": doctor.id,
        "slot_date": slot.plan.day,
        "start_time": slot.plan.start,
        "end_time": slot.plan.end,
        "starts_at": slot.plan.starts_at,
        "ends_at": slot.plan.ends_at,
    }
