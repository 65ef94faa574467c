"""The life of an appointment: states, the one table of allowed transitions, and who may make them."""

from datetime import datetime, timedelta
from enum import StrEnum

from hms.domain.errors import Code, DomainError
from hms.domain.people import Role


class Status(StrEnum):
    """Where an appointment stands."""

    SCHEDULED = "SCHEDULED"
    CONFIRMED = "CONFIRMED"
    CHECKED_IN = "CHECKED_IN"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    NO_SHOW = "NO_SHOW"
    CANCELLED = "CANCELLED"


S = Status

LIVE = frozenset({S.SCHEDULED, S.CONFIRMED, S.CHECKED_IN, S.IN_PROGRESS})
"""States in which a patient and a doctor are taken for that time."""

OPEN = frozenset({S.SCHEDULED, S.CONFIRMED})
"""States from which a patient may still fail to appear."""

TRANSITIONS: frozenset[tuple[Status, Status]] = frozenset(
    {
        (S.SCHEDULED, S.CONFIRMED),
        (S.SCHEDULED, S.CHECKED_IN),
        (S.SCHEDULED, S.CANCELLED),
        (S.SCHEDULED, S.NO_SHOW),
        (S.SCHEDULED, S.COMPLETED),
        (S.CONFIRMED, S.SCHEDULED),
        (S.CONFIRMED, S.CHECKED_IN),
        (S.CONFIRMED, S.CANCELLED),
        (S.CONFIRMED, S.NO_SHOW),
        (S.CONFIRMED, S.COMPLETED),
        (S.CHECKED_IN, S.IN_PROGRESS),
        (S.CHECKED_IN, S.CANCELLED),
        (S.CHECKED_IN, S.SCHEDULED),
        (S.IN_PROGRESS, S.COMPLETED),
        (S.IN_PROGRESS, S.CHECKED_IN),
        (S.NO_SHOW, S.CHECKED_IN),
        (S.NO_SHOW, S.SCHEDULED),
        (S.NO_SHOW, S.COMPLETED),
        (S.NO_SHOW, S.CANCELLED),
    }
)
"""Every allowed change of state; the database trigger holds the same pairs (rules §4)."""

WORDS: dict[Status, str] = {
    S.SCHEDULED: "scheduled",
    S.CONFIRMED: "confirmed",
    S.CHECKED_IN: "here",
    S.IN_PROGRESS: "with the doctor",
    S.COMPLETED: "done",
    S.NO_SHOW: "missed",
    S.CANCELLED: "cancelled",
}

STATUS_SETTERS: dict[Status, frozenset[Role]] = {
    S.CONFIRMED: frozenset({Role.PATIENT, Role.RECEPTIONIST, Role.HOSPITAL_ADMIN}),
    S.CHECKED_IN: frozenset({Role.RECEPTIONIST, Role.NURSE, Role.DOCTOR, Role.HOSPITAL_ADMIN}),
    S.CANCELLED: frozenset({Role.PATIENT, Role.RECEPTIONIST, Role.HOSPITAL_ADMIN}),
    S.SCHEDULED: frozenset({Role.RECEPTIONIST, Role.NURSE, Role.HOSPITAL_ADMIN}),
}
"""The states that may be asked for directly, and by whom; the others follow from marking and consultations."""


def counts_for_day(status: Status, holds_slot: bool) -> bool:
    """Tell whether an appointment uses up one of the doctor's patients of that day (rules §3, check 14)."""
    return status in LIVE or status is S.COMPLETED or (status is S.NO_SHOW and holds_slot)


def require_transition(before: Status, after: Status) -> None:
    """Raise INVALID_TRANSITION unless the table allows the change."""
    if (before, after) not in TRANSITIONS:
        raise DomainError(
            Code.INVALID_TRANSITION,
            f"This appointment is {WORDS[before]} and cannot become {WORDS[after]}. Reload to see its present state.",
        )


def no_show_due(starts_at: datetime, booked_at: datetime, duration: timedelta) -> datetime:
    """Return when an open appointment counts as missed: the later of its end and booking + duration (rules §5)."""
    return max(starts_at, booked_at) + duration
