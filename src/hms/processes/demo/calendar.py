"""The doctors' slots over the demo's whole span."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hms.processes.demo.people import DemoDoctor
from hms.processes.demo.roster import Hours
from hms.processes.demo.seeded import Row, Seeded


@dataclass(frozen=True, slots=True)
class DemoSlot:
    """One bookable span of a doctor's day."""

    id: UUID
    day: date
    start: time
    end: time
    starts_at: datetime
    ends_at: datetime


def slots_of_day(chance: Seeded, doctor: DemoDoctor, day: date, zone: ZoneInfo) -> list[DemoSlot]:
    """Return the doctor's slots of a day, none on a day off."""
    if day.weekday() not in doctor.weekdays:
        return []
    length = timedelta(minutes=doctor.plan.slot)
    made = []
    for hours in doctor.plan.hours:
        for begin, stop in _stretches(hours):
            start, last = (datetime.combine(day, wall, tzinfo=zone) for wall in (begin, stop))
            while start + length <= last:
                end = start + length
                span = (start.astimezone(UTC), end.astimezone(UTC))
                made.append(DemoSlot(chance.id_at(start), day, start.time(), end.time(), *span))
                start = end
    return made


def slot_row(slot: DemoSlot, doctor: DemoDoctor, hospital_id: UUID) -> Row:
    """Return the row of a slot."""
    return {
        "id": slot.id,
        "hospital_id": hospital_id,
        "doctor_id": doctor.id,
        "slot_date": slot.day,
        "start_time": slot.start,
        "end_time": slot.end,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
    }


def _stretches(hours: Hours) -> Iterator[tuple[time, time]]:
    start, end, pause, resume = hours
    if pause is None or resume is None:
        yield start, end
    else:
        yield start, pause
        yield resume, end
