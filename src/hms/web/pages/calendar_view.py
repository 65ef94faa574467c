"""What the day's calendar shows: each doctor's column of visits, free and blocked times, placed in five-minute rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID

from hms.domain.absences import WORDS
from hms.domain.policy import Policy
from hms.queries.absences import AbsenceRow
from hms.queries.board import BoardRow
from hms.queries.calendars import GridSlot
from hms.queries.doctors import DoctorRow

T = TypeVar("T", GridSlot, BoardRow)
STEP = 5
"""Minutes of one row; places.css has a place for each of a day's rows."""
USUAL_HOURS = (9, 17)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a column. ``kind``: visit, free, past, closed, blocked or away. ``at``, ``span``: rows."""

    key: str
    kind: str
    start: time
    end: time
    at: int
    span: int
    words: str = ""
    visit: BoardRow | None = None
    slot: GridSlot | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One doctor's day. ``note`` says why nothing can be booked, if so."""

    doctor: DoctorRow
    items: Sequence[Item]
    booked: int
    free: int
    blocked: int
    note: str

    @property
    def name(self) -> str:
        """The doctor's name with title."""
        return f"Dr. {self.doctor.first_name} {self.doctor.last_name}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole day. ``now_at``: the row of the present moment on the hospital's day, None when out of sight."""

    day: date
    today: date
    now: datetime
    hours: Sequence[time]
    columns: Sequence[Column]
    holiday: str
    now_at: int | None

    @property
    def is_today(self) -> bool:
        """Tell whether it is the hospital's present day."""
        return self.day == self.today

    @property
    def rows(self) -> int:
        """How many rows of five minutes it is high."""
        return len(self.hours) * 60 // STEP


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read for one day."""

    doctors: Sequence[DoctorRow]
    slots: Sequence[GridSlot]
    visits: Sequence[BoardRow]
    away: Sequence[AbsenceRow]
    holiday: str


@dataclass(frozen=True, slots=True)
class Moment:
    """When the day is looked at, by the hospital's wall clock."""

    day: date
    now: datetime
    wall: datetime
    policy: Policy


def look(facts: Facts, at: Moment) -> Sheet:
    """Put the day together: visits that hold their time, and whatever else each doctor's hours hold."""
    slots, visits = _by_doctor(facts.slots), _by_doctor(row for row in facts.visits if row.holds_slot)
    hours = _hours([*facts.slots, *(row for rows in visits.values() for row in rows)])
    away = {row.id: row for row in facts.away}
    notes = _notes(facts)
    columns = [
        _column(doctor, slots.get(doctor.id, ()), visits.get(doctor.id, ()), away, notes.get(doctor.id, ""), hours, at)
        for doctor in facts.doctors
        if (doctor.is_active or visits.get(doctor.id))
    ]
    today = at.wall.date()
    minute = (at.wall.hour - hours[0].hour) * 60 + at.wall.minute
    inside = at.day == today and 0 <= minute < len(hours) * 60
    return Sheet(at.day, today, at.now, hours, columns, facts.holiday, minute // STEP if inside else None)


def absence_words(absence: AbsenceRow | None) -> str:
    """Write what an absence is, as in «Annual leave»."""
    return WORDS[absence.absence_type].capitalize() if absence and absence.absence_type else "Away"


def _column(
    doctor: DoctorRow,
    slots: Sequence[GridSlot],
    visits: Sequence[BoardRow],
    away: Mapping[UUID, AbsenceRow],
    note: str,
    hours: Sequence[time],
    at: Moment,
) -> Column:
    takes = doctor.is_available and doctor.is_active
    full = len(visits) >= doctor.max_patients_per_day
    latest = at.wall.date() + timedelta(days=at.policy.booking_days_ahead)
    open_day = takes and not full and at.day <= latest
    items = [_of_slot(slot, away, hours, at, open_day) for slot in slots if not slot.taken]
    items += [_of_visit(row, hours, at) for row in visits]
    items = _joined(sorted(items, key=lambda item: item.start))
    if not note and not takes:
        note = "Not available"
    elif not note and full:
        note = "Full"
    return Column(
        doctor=doctor,
        items=items,
        booked=len(visits),
        free=sum(item.kind == "free" for item in items),
        blocked=sum(slot.is_blocked and not slot.taken for slot in slots),
        note=note,
    )


def _of_slot(
    slot: GridSlot, away: Mapping[UUID, AbsenceRow], hours: Sequence[time], at: Moment, open_day: bool
) -> Item:
    absence = away.get(slot.absence_id) if slot.absence_id else None
    if slot.absence_id:
        kind, words = "away", absence_words(absence)
    elif slot.blocked_by_hand:
        kind, words = "blocked", slot.blocked_reason or "Blocked"
    elif slot.ends_at < at.now + at.policy.rebook_buffer:
        kind, words = "past", ""
    else:
        kind, words = ("free", "") if open_day else ("closed", "")
    return _placed(Item(f"s{slot.id}", kind, slot.start, slot.end, 0, 0, words, slot=slot), hours)


def _of_visit(row: BoardRow, hours: Sequence[time], at: Moment) -> Item:
    late = row.status in ("SCHEDULED", "CONFIRMED") and at.now >= row.starts_at
    return _placed(Item(f"v{row.id}", "visit", row.start, row.end, 0, 0, visit=row, late=late), hours)


def _placed(item: Item, hours: Sequence[time]) -> Item:
    top = hours[0].hour * 60
    start, end = _minutes(item.start) - top, _minutes(item.end) - top
    return replace(item, at=start // STEP, span=max(1, (end - start) // STEP))


def _joined(items: Sequence[Item]) -> list[Item]:
    """Draw neighbours that are blocked for one reason as one."""
    joined: list[Item] = []
    for item in items:
        last = joined[-1] if joined else None
        alike = last is not None and last.kind == item.kind in ("away", "blocked") and last.words == item.words
        if last is not None and alike and last.end == item.start:
            joined[-1] = replace(last, end=item.end, span=item.at + item.span - last.at)
        else:
            joined.append(item)
    return joined


def _notes(facts: Facts) -> dict[UUID, str]:
    return {row.doctor_id: f"Away: {absence_words(row).lower()}" for row in facts.away if row.is_full_day}


def _hours(spans: Sequence[GridSlot | BoardRow]) -> list[time]:
    first = min([USUAL_HOURS[0], *(span.start.hour for span in spans)])
    last = max([USUAL_HOURS[1], *(-(-_minutes(span.end) // 60) for span in spans)])
    return [time(hour) for hour in range(first, min(last, 24))]


def _by_doctor(rows: Iterable[T]) -> dict[UUID, list[T]]:
    of: dict[UUID, list[T]] = {}
    for row in rows:
        of.setdefault(row.doctor_id, []).append(row)
    return of


def _minutes(wall: time) -> int:
    return wall.hour * 60 + wall.minute
