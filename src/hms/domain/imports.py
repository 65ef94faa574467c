"""Rows of a clinic's old books: from a CSV file's cells to plain values, or the reasons why not (rules §9)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from hms.domain.appointments import Status
from hms.domain.errors import Detail
from hms.domain.people import Sex
from hms.domain.slots import instant_of, wall_end

T = TypeVar("T")

PATIENT_COLUMNS = ("patient_ref", "first_name", "last_name")
"""Columns that every file has."""

VISIT_COLUMNS = ("appointment_ref", "doctor_email", "date", "start_time")
"""Columns that a file with appointments has; a row without any of them is a patient alone."""

OPTIONAL_COLUMNS = (
    "date_of_birth",
    "sex",
    "phone",
    "email",
    "language",
    "doctor_name",
    "specialization",
    "minutes",
    "booked_at",
    "outcome",
    "type",
    "reason",
)
KNOWN_COLUMNS = frozenset({*PATIENT_COLUMNS, *VISIT_COLUMNS, *OPTIONAL_COLUMNS})
YEARS = range(1900, 2201)
"""Whatever lies outside is a slip, and some of it no calendar can convert."""

EARLIEST = date(YEARS[0], 1, 1)
_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s,;<>().]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


class Outcome(StrEnum):
    """How a past visit ended."""

    ATTENDED = "attended"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


STATUS_OF: Mapping[Outcome, Status] = {
    Outcome.ATTENDED: Status.COMPLETED,
    Outcome.NO_SHOW: Status.NO_SHOW,
    Outcome.CANCELLED: Status.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class PatientRow:
    """A patient as the old system knows them; ``ref`` is its own identifier."""

    ref: str
    first_name: str
    last_name: str
    date_of_birth: date | None
    sex: Sex
    phone: str | None
    email: str | None
    language: str


@dataclass(frozen=True, slots=True)
class VisitRow:
    """An appointment of the old system. ``minutes`` None: as long as the doctor's slots are.

    ``day`` and ``start`` are the hospital's wall time, ``starts_at`` and ``booked_at`` instants (UTC).
    """

    ref: str
    doctor_email: str
    day: date
    start: time
    starts_at: datetime
    minutes: int | None
    booked_at: datetime | None
    outcome: Outcome | None
    type: str | None
    reason: str | None

    def end(self, minutes: int) -> time | None:
        """Return the wall time at which a visit of this length ends, None past midnight."""
        return wall_end(self.start, minutes)


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One line of the file."""

    line: int
    patient: PatientRow
    visit: VisitRow | None


class BadRowError(Exception):
    """A line that cannot be taken over; ``details`` name each column with its reason."""

    def __init__(self, details: list[Detail]) -> None:
        super().__init__("; ".join(f"{detail.field}: {detail.message}" for detail in details))
        self.details = details


def is_past(visit: VisitRow, minutes: int, now: datetime) -> bool:
    """Tell whether a visit is history: it has ended, or it has begun and its outcome is known."""
    if visit.outcome is Outcome.CANCELLED:
        return True  # whenever it would have been: nothing is left to check
    begun = visit.starts_at <= now
    return begun and (visit.outcome is not None or visit.starts_at + timedelta(minutes=minutes) <= now)


def parse(
    line: int, cells: Mapping[str, str], zone: ZoneInfo, now: datetime, dialable: Callable[[str], str | None]
) -> ImportRow:
    """Read one line's cells; raise BadRowError with everything that is wrong with them.

    ``dialable`` writes a phone number as it is kept, None for one that cannot be dialled.
    """
    reader = _Reader(cells)
    patient = _patient(reader, now.astimezone(zone).date(), dialable)
    visit = _visit(reader, zone, now) if any(cells.get(name, "").strip() for name in VISIT_COLUMNS) else None
    if reader.wrong:
        raise BadRowError(reader.wrong)
    return ImportRow(line, patient, visit)


class _Reader:
    """Read cells one by one and remember what is wrong with them."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self._cells = cells
        self.wrong: list[Detail] = []

    def text(self, name: str, longest: int) -> str:
        """Return a cell that may not be empty."""
        value = self.maybe(name, longest)
        if value is None:
            self.refuse(name, "is missing")
        return value or ""

    def maybe(self, name: str, longest: int) -> str | None:
        """Return a cell, None when it is empty."""
        value = self._cells.get(name, "").strip()
        if not value:
            return None
        if len(value) > longest:
            self.refuse(name, f"is longer than {longest} characters")
        elif not value.isprintable():
            self.refuse(name, "has characters that cannot be read; is the file UTF-8?")
        return value

    def read(self, name: str, read: Callable[[str], T], expected: str) -> T | None:
        """Return a converted cell, None when it is empty or wrong."""
        value = self._cells.get(name, "").strip()
        if not value:
            return None
        try:
            return read(value)
        except ValueError:
            self.refuse(name, f"{value[:40]!r} is not {expected}")
            return None

    def needed(self, name: str, read: Callable[[str], T], expected: str) -> T | None:
        """Return a converted cell that may not be empty, None when it is or is wrong."""
        if not self._cells.get(name, "").strip():
            self.refuse(name, "is missing")
            return None
        return self.read(name, read, expected)

    def refuse(self, name: str, reason: str) -> None:
        """Remember that a cell is wrong."""
        self.wrong.append(Detail(name, reason))


def _patient(reader: _Reader, today: date, dialable: Callable[[str], str | None]) -> PatientRow:
    born = reader.read("date_of_birth", read_date, "a date such as 1980-02-29")
    if born and born > today:
        reader.refuse("date_of_birth", f"{born} lies in the future")
    return PatientRow(
        ref=reader.text("patient_ref", 100),
        first_name=reader.text("first_name", 100),
        last_name=reader.text("last_name", 100),
        date_of_birth=born,
        sex=reader.read("sex", _sex, "female, male, other or unknown") or Sex.UNKNOWN,
        phone=reader.read("phone", _phone(dialable), "a whole phone number, such as +44 20 7946 0000"),
        email=reader.read("email", _read_email, "an email address"),
        language=reader.read("language", _read_language, "a language such as en or pt-BR") or "en",
    )


def _visit(reader: _Reader, zone: ZoneInfo, now: datetime) -> VisitRow:
    day = reader.needed("date", read_date, "a date such as 2026-01-22") or EARLIEST
    start = reader.needed("start_time", read_wall_time, "a time such as 09:00") or time(0)
    starts_at = instant_of(day, start, zone)
    if starts_at.astimezone(zone).replace(tzinfo=None) != datetime.combine(day, start):
        reader.refuse("start_time", f"{start:%H:%M} does not exist on {day}: the clocks go forward then")
    booked_at = reader.read("booked_at", _instant(zone), "an instant such as 2026-01-20T14:30 or …T14:30:00Z")
    if booked_at and booked_at > max(starts_at, now):
        reader.refuse("booked_at", "lies after the visit's start")
    outcome = reader.read("outcome", _outcome, "attended, no_show, cancelled or empty")
    if starts_at > now and outcome in {Outcome.ATTENDED, Outcome.NO_SHOW}:
        reader.refuse("outcome", f"{outcome} is said of a visit that has not begun")
    minutes = reader.read("minutes", read_minutes, "a number from 5 to 480")
    if minutes and wall_end(start, minutes) is None:
        reader.refuse("minutes", "the visit would last past midnight")
    return VisitRow(
        ref=reader.text("appointment_ref", 100),
        doctor_email=reader.needed("doctor_email", _read_email, "an email address") or "",
        day=day,
        start=start,
        starts_at=starts_at,
        minutes=minutes,
        booked_at=booked_at,
        outcome=outcome,
        type=reader.maybe("type", 40),
        reason=reader.maybe("reason", 400),
    )


def read_date(value: str) -> date:
    """Read a date such as 2026-01-22; raise ValueError otherwise."""
    read = date.fromisoformat(value)
    if len(value) != 10 or read.year not in YEARS:
        raise ValueError(value)
    return read


def _sex(value: str) -> Sex:
    return Sex(value.upper())


def _outcome(value: str) -> Outcome:
    return Outcome(value.lower().replace("-", "_").replace(" ", "_"))


def read_wall_time(value: str) -> time:
    """Read a wall time such as 09:00 or 9:00; raise ValueError otherwise."""
    read = time.fromisoformat(value if value[1:2] != ":" else f"0{value}")
    if read.tzinfo or read.microsecond:
        raise ValueError(value)
    return read


def read_minutes(value: str) -> int:
    """Read a length from 5 to 480 minutes; raise ValueError otherwise."""
    if not value.isascii() or not value.isdigit() or not 5 <= (minutes := int(value)) <= 480:
        raise ValueError(value)
    return minutes


def _instant(zone: ZoneInfo) -> Callable[[str], datetime]:
    def read(value: str) -> datetime:
        instant = datetime.fromisoformat(value)
        if instant.year not in YEARS:
            raise ValueError(value)
        return (instant if instant.tzinfo else instant.replace(tzinfo=zone)).astimezone(UTC)

    return read


def _read_email(value: str) -> str:
    return _matched(_EMAIL, value, 254).lower()


def _phone(dialable: Callable[[str], str | None]) -> Callable[[str], str]:
    def read(value: str) -> str:
        number = dialable(value)
        if number is None:
            raise ValueError(value)
        return number

    return read


def _read_language(value: str) -> str:
    return _matched(_LANGUAGE, value, 16)


def _matched(pattern: re.Pattern[str], value: str, longest: int) -> str:
    if len(value) > longest or not pattern.fullmatch(value):
        raise ValueError(value)
    return value
