"""What a file tells of its doctors: names, slot length, and the hours in which they see patients."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, time

from hms.domain.imports import read_date, read_minutes, read_wall_time
from hms.domain.slots import DayOfWeek, WeeklyBlock, wall_end
from hms.processes.imports_file import Line
from hms.services.imports_people import NewDoctor

USUAL_MINUTES = 30
USUAL_A_DAY = 30
UNKNOWN_SPECIALTY = "General medicine"


@dataclass
class _Seen:
    names: Counter[str] = field(default_factory=Counter)
    specialties: Counter[str] = field(default_factory=Counter)
    minutes: Counter[int] = field(default_factory=Counter)
    days: Counter[date] = field(default_factory=Counter)
    hours: dict[DayOfWeek, tuple[time, time]] = field(default_factory=dict)


def doctors_of(lines: Iterable[Line]) -> dict[str, NewDoctor]:
    """Return login address → how to create that doctor, from all lines that say enough.

    The slot length is the most frequent one; each weekday's hours run from the earliest start to the latest end.
    """
    seen: dict[str, _Seen] = defaultdict(_Seen)
    for line in lines:
        cells = line.cells
        email = cells.get("doctor_email", "").strip().lower()
        try:
            day, start = read_date(cells["date"].strip()), read_wall_time(cells["start_time"].strip())
            minutes = read_minutes(cells["minutes"].strip()) if cells.get("minutes", "").strip() else None
        except (KeyError, ValueError):
            continue  # the row itself is reported when its turn comes
        if not email:
            continue
        doctor = seen[email]
        _count(doctor.names, cells.get("doctor_name"))
        _count(doctor.specialties, cells.get("specialization"))
        _widen(doctor, day, start, minutes)
    return {email: _doctor(email, doctor) for email, doctor in seen.items()}


def _count(counter: Counter[str], cell: str | None) -> None:
    if cell and (value := cell.strip()) and value.isprintable():
        counter[value] += 1


def _widen(doctor: _Seen, day: date, start: time, minutes: int | None) -> None:
    doctor.days[day] += 1
    if minutes:
        doctor.minutes[minutes] += 1
    end = wall_end(start, minutes or USUAL_MINUTES) or time(23, 59)
    weekday = DayOfWeek.of(day)
    earliest, latest = doctor.hours.get(weekday, (start, end))
    doctor.hours[weekday] = (min(earliest, start), max(latest, end))


def _doctor(email: str, seen: _Seen) -> NewDoctor:
    name = _most(seen.names) or email.partition("@")[0]
    first, _, last = name.removeprefix("Dr. ").removeprefix("Dr ").rpartition(" ")
    return NewDoctor(
        first_name=(first or "Dr.")[:100],
        last_name=last[:100],
        specialization=(_most(seen.specialties) or UNKNOWN_SPECIALTY)[:100],
        slot_duration=seen.minutes.most_common(1)[0][0] if seen.minutes else USUAL_MINUTES,
        max_patients_per_day=min(max(seen.days.values(), default=0) + USUAL_A_DAY, 500),
        week=tuple(WeeklyBlock(day, *seen.hours[day]) for day in DayOfWeek if day in seen.hours),
    )


def _most(counter: Counter[str]) -> str | None:
    return counter.most_common(1)[0][0] if counter else None
