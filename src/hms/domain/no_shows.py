"""No-shows: reasons, decisions, due times, slot release, counting and blocking."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from hms.domain.errors import Code, Detail, DomainError
from hms.domain.intervals import Span
from hms.domain.people import PatientStatus
from hms.domain.schedules import fits
from hms.domain.slots import Absence, Holiday, WeeklyBlock


class NoShowReason(StrEnum):
    """Why an appointment was marked."""

    AUTO_TIMEOUT = "AUTO_TIMEOUT"
    MANUAL_STAFF = "MANUAL_STAFF"
    MANUAL_DOCTOR = "MANUAL_DOCTOR"
    PATIENT_CALLED = "PATIENT_CALLED"


class ReviewReason(StrEnum):
    """Why the sweep leaves an appointment to a human."""

    DOCTOR_ABSENT = "DOCTOR_ABSENT"
    HOSPITAL_HOLIDAY = "HOSPITAL_HOLIDAY"
    OUTSIDE_SCHEDULE = "OUTSIDE_SCHEDULE"
    BEYOND_CATCH_UP = "BEYOND_CATCH_UP"
    IMPORTED_OPEN = "IMPORTED_OPEN"
    LEFT_OPEN = "LEFT_OPEN"
    NO_HEARTBEAT = "NO_HEARTBEAT"
    NO_CHECK_INS = "NO_CHECK_INS"


REVIEW_WORDS: dict[ReviewReason, str] = {
    ReviewReason.DOCTOR_ABSENT: "The doctor was away at that time.",
    ReviewReason.HOSPITAL_HOLIDAY: "The hospital was closed on that day.",
    ReviewReason.OUTSIDE_SCHEDULE: "The time lies outside the doctor's present hours.",
    ReviewReason.BEYOND_CATCH_UP: "The automation did not run for so long that it no longer decides by itself.",
    ReviewReason.IMPORTED_OPEN: "It came from the old books without an outcome.",
    ReviewReason.LEFT_OPEN: "The patient was checked in, and the visit was never ended.",
    ReviewReason.NO_HEARTBEAT: "HMS was not running at that time, so nobody could be checked in.",
    ReviewReason.NO_CHECK_INS: "Nobody was checked in with this doctor in those hours.",
}
"""Why a visit is on the review list, for people."""


class ReviewDecision(StrEnum):
    """What a human decided."""

    NO_SHOW = "NO_SHOW"
    ATTENDED = "ATTENDED"
    CLINIC_FAULT = "CLINIC_FAULT"


@dataclass(frozen=True, slots=True)
class Missed:
    """What the sweep weighs of one due appointment; ``wall``: its span in the hospital's wall time."""

    day: date
    wall: Span[time]
    due_at: datetime
    imported: bool


def review_reason(
    visit: Missed,
    *,
    now: datetime,
    catch_up: timedelta,
    holidays: Iterable[Holiday],
    absences: Iterable[Absence],
    week: Sequence[WeeklyBlock],
) -> ReviewReason | None:
    """Return why a due appointment is a human's to decide, or None when the sweep may mark it (rules §2, §5).

    The clinic's own doing comes first, because it tells the human more than mere age.
    """
    if visit.imported:
        return ReviewReason.IMPORTED_OPEN
    if any(holiday.closes(visit.day) for holiday in holidays):
        return ReviewReason.HOSPITAL_HOLIDAY
    if any(absence.covers(visit.day, visit.wall) for absence in absences):
        return ReviewReason.DOCTOR_ABSENT
    if not fits(week, visit.day, visit.wall):
        return ReviewReason.OUTSIDE_SCHEDULE
    if now - visit.due_at > catch_up:
        return ReviewReason.BEYOND_CATCH_UP
    return None


def is_rebookable(ends_at: datetime, now: datetime, buffer: timedelta) -> bool:
    """Tell whether a freed slot could still be booked: 10:00-10:15 at 10:10, and not at 10:11 (rules §2)."""
    return now + buffer <= ends_at


def releases_slot(reason: NoShowReason, ends_at: datetime, now: datetime, buffer: timedelta) -> bool:
    """Tell whether marking frees the slot; never for AUTO_TIMEOUT, since the end has passed."""
    return reason is not NoShowReason.AUTO_TIMEOUT and is_rebookable(ends_at, now, buffer)


def manual_reason(asked: NoShowReason | None, *, by_doctor: bool) -> NoShowReason:
    """Return the reason to log: PATIENT_CALLED as asked, else who marked decides; VALIDATION for AUTO_TIMEOUT."""
    if asked is NoShowReason.AUTO_TIMEOUT:
        raise DomainError(
            Code.VALIDATION,
            "AUTO_TIMEOUT is what the sweep writes. Choose MANUAL_STAFF, MANUAL_DOCTOR or PATIENT_CALLED.",
            [Detail("reason", "must be MANUAL_STAFF, MANUAL_DOCTOR or PATIENT_CALLED")],
        )
    if asked is NoShowReason.PATIENT_CALLED:
        return asked
    return NoShowReason.MANUAL_DOCTOR if by_doctor else NoShowReason.MANUAL_STAFF


def require_markable(reason: NoShowReason, starts_at: datetime, now: datetime, called_hours: int) -> None:
    """Raise TOO_EARLY for a manual mark before its time: the start, or hours earlier when the patient called."""
    if reason is NoShowReason.PATIENT_CALLED:
        if now < starts_at - timedelta(hours=called_hours):
            raise DomainError(
                Code.TOO_EARLY,
                f"The visit is more than {called_hours} hours away, so it is a cancellation. Cancel it instead.",
            )
    elif now < starts_at:
        raise DomainError(
            Code.TOO_EARLY,
            "The visit has not begun, so the patient may still come. Wait until its start, choose PATIENT_CALLED if "
            "the patient called to say so, or cancel it.",
        )


class MarkAction(StrEnum):
    """What an admin did about a mark."""

    WAIVED = "waived"
    REINSTATED = "reinstated"
    JUSTIFIED = "justified"
    UNJUSTIFIED = "unjustified"
    UNDONE = "undone"
    CORRECTED = "corrected"


class Correction(StrEnum):
    """What a mark should have been: the patient was there, or the clinic could not see them."""

    ATTENDED = "ATTENDED"
    CLINIC_FAULT = "CLINIC_FAULT"


class MarkEffect(StrEnum):
    """What a mark does to its patient's count."""

    COUNTS = "COUNTS"
    WAIVED = "WAIVED"
    JUSTIFIED = "JUSTIFIED"
    TAKEN_BACK = "TAKEN_BACK"
    TOO_OLD = "TOO_OLD"
    NEVER_COUNTED = "NEVER_COUNTED"


NOTE_LENGTH = 400


def require_note(note: str) -> str:
    """Return the note without the blanks around it; raise VALIDATION when nothing is left, or too much."""
    words = note.strip()
    if not 0 < len(words) <= NOTE_LENGTH:
        reason = f"must say why, in at most {NOTE_LENGTH} characters"
        raise DomainError(Code.VALIDATION, f"The note {reason}.", [Detail("note", reason)])
    return words


@dataclass(frozen=True, slots=True)
class Tally:
    """A patient's penalties that count; ``fresh`` of them came after the last explicit unblock."""

    count: int = 0
    fresh: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What follows for a patient from the penalties that count."""

    status: PatientStatus
    count: int
    blocked_at: datetime | None
    blocked_reason: str | None
    blocked_by_count: bool


def block_reason(count: int) -> str:
    """Return the text kept with a block that the count has set."""
    return f"Blocked due to {count} no-show appointments"


def is_blocking(tally: Tally, threshold: int) -> bool:
    """Tell whether the penalties block: enough count, and one at least is newer than the last explicit unblock."""
    return tally.count >= threshold and tally.fresh > 0


def standing_after(before: Standing, tally: Tally, *, threshold: int, new: int, now: datetime) -> Standing:
    """Return a patient's standing with the penalties of ``tally``, of which ``new`` have just been added.

    Whether the count blocks follows from the penalties alone, whatever was waived, justified or taken back in
    between. What a human set (a block by hand, INACTIVE) stays.
    """
    count, is_blocked = tally.count, is_blocking(tally, threshold)
    if before.status is PatientStatus.ACTIVE and is_blocked:
        reason = block_reason(blocking_count(count, threshold, new))
        return Standing(PatientStatus.BLOCKED, count, now, reason, blocked_by_count=True)
    if before.status is PatientStatus.BLOCKED and before.blocked_by_count and not is_blocked:
        return Standing(PatientStatus.ACTIVE, count, None, None, blocked_by_count=False)
    return Standing(before.status, count, before.blocked_at, before.blocked_reason, before.blocked_by_count)


def blocking_count(count: int, threshold: int, new: int) -> int:
    """Return the count at which the patient was blocked, the same however the penalties were batched."""
    return min(count, max(threshold, count - new + 1))
