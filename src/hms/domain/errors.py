"""The one error that rules and services raise, and the closed list of its codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """What went wrong, as an API client reads it. The web floor alone maps a code to an HTTP status."""

    # the fourteen booking checks
    PATIENT_NOT_FOUND = "PATIENT_NOT_FOUND"
    PATIENT_BLOCKED = "PATIENT_BLOCKED"
    DUPLICATE_BOOKING = "DUPLICATE_BOOKING"
    DOCTOR_NOT_FOUND = "DOCTOR_NOT_FOUND"
    DOCTOR_UNAVAILABLE = "DOCTOR_UNAVAILABLE"
    DOCTOR_INACTIVE = "DOCTOR_INACTIVE"
    DATE_IN_PAST = "DATE_IN_PAST"
    TOO_FAR_AHEAD = "TOO_FAR_AHEAD"
    HOSPITAL_HOLIDAY = "HOSPITAL_HOLIDAY"
    DOCTOR_ABSENT = "DOCTOR_ABSENT"
    OUTSIDE_SCHEDULE = "OUTSIDE_SCHEDULE"
    DURING_BREAK = "DURING_BREAK"
    NOT_A_SLOT = "NOT_A_SLOT"
    SLOT_BLOCKED = "SLOT_BLOCKED"
    SLOT_TAKEN = "SLOT_TAKEN"
    DOCTOR_FULLY_BOOKED = "DOCTOR_FULLY_BOOKED"
    # identity
    UNAUTHENTICATED = "UNAUTHENTICATED"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105 -- a code, not a secret
    FORBIDDEN = "FORBIDDEN"
    HOSPITAL_REQUIRED = "HOSPITAL_REQUIRED"
    LINK_ENDED = "LINK_ENDED"
    # things and their states
    NOT_FOUND = "NOT_FOUND"
    VALIDATION = "VALIDATION"
    STALE_VERSION = "STALE_VERSION"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    POSSIBLE_DUPLICATE = "POSSIBLE_DUPLICATE"
    INVALID_TRANSITION = "INVALID_TRANSITION"
    NOT_VISIT_DAY = "NOT_VISIT_DAY"
    TOO_EARLY = "TOO_EARLY"
    TOO_LATE = "TOO_LATE"
    SLOT_HELD = "SLOT_HELD"
    SCHEDULE_INVALID = "SCHEDULE_INVALID"
    SCHEDULE_OVERLAP = "SCHEDULE_OVERLAP"
    ABSENCE_END_BEFORE_START = "ABSENCE_END_BEFORE_START"
    ABSENCE_IN_PAST = "ABSENCE_IN_PAST"
    ABSENCE_PART_OF_DAY = "ABSENCE_PART_OF_DAY"
    ABSENCE_OVERLAP = "ABSENCE_OVERLAP"
    ABSENCE_CLOSED = "ABSENCE_CLOSED"
    HOLIDAY_EXISTS = "HOLIDAY_EXISTS"
    UNKNOWN_COUNTRY = "UNKNOWN_COUNTRY"
    UNKNOWN_SUBDIVISION = "UNKNOWN_SUBDIVISION"
    CONSULTATION_INCOMPLETE = "CONSULTATION_INCOMPLETE"
    CONSULTATION_CLOSED = "CONSULTATION_CLOSED"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    CONFLICT = "CONFLICT"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    # jobs and operations
    ALREADY_PROCESSING = "ALREADY_PROCESSING"
    RUN_LOST = "RUN_LOST"
    RUN_FAILED = "RUN_FAILED"
    NOT_CONFIGURED = "NOT_CONFIGURED"
    RATE_LIMITED = "RATE_LIMITED"
    BUSY = "BUSY"


@dataclass(frozen=True, slots=True)
class Detail:
    """One reason among several, beside the field it belongs to (camelCase, as clients name it)."""

    field: str
    message: str


class DomainError(Exception):
    """A refusal by a rule: a code for programs, a message that tells a person what to do.

    ``current`` carries the present state of a row for optimistic-lock conflicts; plain JSON-ready values.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        details: Sequence[Detail] = (),
        *,
        current: object | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = tuple(details)
        self.current = current

    def __repr__(self) -> str:
        return f"DomainError({self.code}, {self.message!r})"
