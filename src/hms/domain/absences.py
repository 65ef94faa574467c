"""A doctor's absence: kinds, states, and which spans make sense beside what is there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum
from uuid import UUID

from hms.domain.errors import Code, Detail, DomainError
from hms.domain.intervals import Span


class AbsenceType(StrEnum):
    """Why a doctor is away; EMERGENCY cancels what is booked."""

    ANNUAL_LEAVE = "ANNUAL_LEAVE"
    SICK_LEAVE = "SICK_LEAVE"
    CONFERENCE = "CONFERENCE"
    TRAINING = "TRAINING"
    PERSONAL = "PERSONAL"
    EMERGENCY = "EMERGENCY"
    OTHER = "OTHER"


class AbsenceStatus(StrEnum):
    """Whether an absence is in effect."""

    ACTIVE = "ACTIVE"
    CANCELLED = "CANCELLED"


WORDS: dict[AbsenceType, str] = {
    AbsenceType.ANNUAL_LEAVE: "annual leave",
    AbsenceType.SICK_LEAVE: "sick leave",
    AbsenceType.CONFERENCE: "conference",
    AbsenceType.TRAINING: "training",
    AbsenceType.PERSONAL: "personal",
    AbsenceType.EMERGENCY: "emergency",
    AbsenceType.OTHER: "other",
}

EMERGENCY_NOTE = "Auto-cancelled due to doctor emergency leave"


@dataclass(frozen=True, slots=True)
class Leave:
    """When a doctor is away, in the hospital's dates and wall times: whole days, or ``part`` of one day."""

    first: date
    last: date
    part: Span[time] | None = None

    def overlaps(self, other: "Leave") -> bool:
        """Tell whether the two share any moment."""
        if self.last < other.first or other.last < self.first:
            return False
        return self.part is None or other.part is None or self.part.overlaps(other.part)

    @property
    def words(self) -> str:
        """Say when, as a person would."""
        if self.part is not None:
            return f"{_day(self.first)} {self.part.start:%H:%M}-{self.part.end:%H:%M}"
        return _day(self.first) if self.first == self.last else f"{_day(self.first)} to {_day(self.last)}"


@dataclass(frozen=True, slots=True)
class KnownAbsence:
    """An active absence that another one must keep clear of."""

    id: UUID
    type: AbsenceType
    leave: Leave


def leave_of(first: date, last: date, is_full_day: bool, start: time | None, end: time | None) -> Leave:
    """Build a span out of what somebody sent; ABSENCE_END_BEFORE_START or ABSENCE_PART_OF_DAY say what to change."""
    if last < first:
        raise DomainError(
            Code.ABSENCE_END_BEFORE_START,
            f"The absence ends ({_day(last)}) before it starts ({_day(first)}). Choose an end on or after the start.",
            [Detail("endDate", f"must be {first.isoformat()} or later")],
        )
    if is_full_day:
        given = [name for name, value in (("startTime", start), ("endTime", end)) if value is not None]
        if given:
            raise _part("An absence of whole days has no times. Leave them out, or set isFullDay to false.", *given)
        return Leave(first, last)
    if first != last:
        raise _part(
            "An absence of part of a day lies on one day. Choose the same start and end date, or make one absence for "
            "each day.",
            "endDate",
        )
    if start is None or end is None:
        missing = [name for name, value in (("startTime", start), ("endTime", end)) if value is None]
        raise _part("An absence of part of a day needs its start and its end time.", *missing)
    if end <= start:
        raise _part(f"The end ({end:%H:%M}) must be after the start ({start:%H:%M}).", "endTime")
    return Leave(first, last, Span(start, end))


def require_upcoming(leave: Leave, today: date) -> None:
    """Raise ABSENCE_IN_PAST for one that starts before today."""
    if leave.first < today:
        raise _past(f"An absence cannot start in the past. Today is {_day(today)}.", "startDate", today)


def require_no_past_rewritten(before: Leave, after: Leave, today: date) -> None:
    """Raise ABSENCE_IN_PAST when a change would touch days that are over; one under way may end yesterday at least."""
    if after.first != before.first and min(after.first, before.first) < today:
        raise _past(
            f"An absence that has begun keeps its start, and none can be moved into the past. Today is {_day(today)}.",
            "startDate",
            max(before.first, today),
        )
    yesterday = today - timedelta(days=1)
    if after.last != before.last and after.last < max(yesterday, after.first):
        raise _past("An absence cannot be made to end on a day that is long over.", "endDate", yesterday)


def require_changeable(status: AbsenceStatus, leave: Leave, today: date) -> None:
    """Raise ABSENCE_CLOSED for one that is cancelled or over."""
    if status is AbsenceStatus.CANCELLED:
        raise DomainError(Code.ABSENCE_CLOSED, "This absence is cancelled. Create a new one instead.")
    if leave.last < today:
        raise DomainError(
            Code.ABSENCE_CLOSED, f"This absence ({leave.words}) is over and stays in the record as it was."
        )


def require_no_overlap(leave: Leave, others: Iterable[KnownAbsence]) -> None:
    """Raise ABSENCE_OVERLAP naming the active absences that the span overlaps."""
    met = sorted((o for o in others if o.leave.overlaps(leave)), key=lambda o: (o.leave.first, o.id))
    if not met:
        return
    listed = "; ".join(f"{one.leave.words} ({WORDS[one.type]})" for one in met)
    raise DomainError(
        Code.ABSENCE_OVERLAP,
        f"The doctor is already away then: {listed}. Choose other dates, or change or cancel that absence.",
        [Detail("startDate", f"overlaps absence {one.id}: {one.leave.words}") for one in met],
    )


def _part(message: str, *names: str) -> DomainError:
    return DomainError(Code.ABSENCE_PART_OF_DAY, message, [Detail(name, message) for name in names])


def _past(message: str, name: str, earliest: date) -> DomainError:
    return DomainError(Code.ABSENCE_IN_PAST, message, [Detail(name, f"must be {earliest.isoformat()} or later")])


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
