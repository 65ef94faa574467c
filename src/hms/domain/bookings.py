"""The fourteen checks of a booking, in order, over plain values (rules §3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from hms.domain.errors import Code, DomainError
from hms.domain.intervals import Span
from hms.domain.no_shows import is_rebookable
from hms.domain.people import PatientStatus
from hms.domain.policy import Policy
from hms.domain.schedules import block_around
from hms.domain.slots import WeeklyBlock

LAST_MINUTE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class DoctorFacts:
    """What of a doctor bears on a booking; ``counted``: patients who count on that day already."""

    is_available: bool
    is_active: bool
    max_patients_per_day: int
    counted: int


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """The slot that starts at the wished time. ``is_taken``: somebody holds it, or the doctor is taken then."""

    is_blocked: bool
    is_taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFacts:
    """Everything that decides one wish for one time, read while it is locked.

    ``patient_status`` is None for a patient who is not there, ``doctor`` and ``slot`` likewise; ``wall`` ends at the
    day's last moment when the visit would last past it. ``overrides_block``: urgent care with a reason, by one who may.
    """

    now: datetime
    today: date
    policy: Policy
    day: date
    wall: Span[time]
    ends_at: datetime
    patient_status: PatientStatus | None
    may_override: bool = False
    overrides_block: bool = False
    patient_is_taken: bool = False
    doctor: DoctorFacts | None
    is_holiday: bool = False
    is_absent: bool = False
    blocks: tuple[WeeklyBlock, ...] = ()
    slot: SlotFacts | None


def require_bookable(facts: BookingFacts) -> None:
    """Raise the error of the first of the fourteen checks that fails."""
    for check in CHECKS:
        check(facts)


def is_last_minute(starts_at: datetime, now: datetime) -> bool:
    """Tell whether a patient's cancellation comes within the last 24 hours before the start."""
    return timedelta(0) <= starts_at - now <= LAST_MINUTE


def _patient_exists(facts: BookingFacts) -> None:
    if facts.patient_status in {None, PatientStatus.INACTIVE}:
        raise DomainError(Code.PATIENT_NOT_FOUND, "There is no such patient.")


def _patient_not_blocked(facts: BookingFacts) -> None:
    if facts.patient_status is PatientStatus.BLOCKED and not facts.overrides_block:
        way_out = "For urgent care, book with a reason." if facts.may_override else "Please contact the clinic."
        raise DomainError(
            Code.PATIENT_BLOCKED,
            f"Patient is blocked from booking appointments due to repeated no-shows. {way_out}",
        )


def _patient_free(facts: BookingFacts) -> None:
    if facts.patient_is_taken:
        raise DomainError(
            Code.DUPLICATE_BOOKING,
            "The patient already has an appointment that overlaps this time. Choose another time, or cancel that one.",
        )


def _doctor_exists(facts: BookingFacts) -> None:
    if facts.doctor is None:
        raise DomainError(Code.DOCTOR_NOT_FOUND, "There is no such doctor.")


def _doctor_available(facts: BookingFacts) -> None:
    if facts.doctor and not facts.doctor.is_available:
        raise DomainError(
            Code.DOCTOR_UNAVAILABLE, "This doctor takes no appointments at present. Please choose another doctor."
        )


def _doctor_active(facts: BookingFacts) -> None:
    if facts.doctor and not facts.doctor.is_active:
        raise DomainError(Code.DOCTOR_INACTIVE, "This doctor no longer works here. Please choose another doctor.")


def _not_past(facts: BookingFacts) -> None:
    if not is_rebookable(facts.ends_at, facts.now, facts.policy.rebook_buffer):
        raise DomainError(Code.DATE_IN_PAST, "This time has passed. Please choose a later one.")


def _not_too_far(facts: BookingFacts) -> None:
    days = facts.policy.booking_days_ahead
    if (facts.day - facts.today).days > days:
        raise DomainError(
            Code.TOO_FAR_AHEAD, f"Appointments can be booked at most {days} days ahead. Please choose an earlier day."
        )


def _no_holiday(facts: BookingFacts) -> None:
    if facts.is_holiday:
        raise DomainError(Code.HOSPITAL_HOLIDAY, "The hospital is closed on that day. Please choose another day.")


def _doctor_present(facts: BookingFacts) -> None:
    if facts.is_absent:
        raise DomainError(Code.DOCTOR_ABSENT, "The doctor is away at that time. Please choose another time.")


def _inside_schedule(facts: BookingFacts) -> None:
    if _block(facts) is None:
        raise DomainError(Code.OUTSIDE_SCHEDULE, "The doctor does not work at that time. Please choose another time.")


def _outside_break(facts: BookingFacts) -> None:
    block = _block(facts)
    if block and block.pause and block.pause.overlaps(facts.wall):
        raise DomainError(Code.DURING_BREAK, "The doctor has a break at that time. Please choose another time.")


def _slot_free(facts: BookingFacts) -> None:
    if facts.slot is None:
        raise DomainError(
            Code.NOT_A_SLOT, "No appointment starts at that time. Please choose one of the offered times."
        )
    if facts.slot.is_blocked:
        raise DomainError(Code.SLOT_BLOCKED, "This time is blocked. Please choose another one.")
    if facts.slot.is_taken:
        raise DomainError(Code.SLOT_TAKEN, "Somebody else has just taken this time. Please choose another one.")


def _day_not_full(facts: BookingFacts) -> None:
    if facts.doctor and facts.doctor.counted >= facts.doctor.max_patients_per_day:
        raise DomainError(Code.DOCTOR_FULLY_BOOKED, "The doctor's day is full. Please choose another day.")


def _block(facts: BookingFacts) -> WeeklyBlock | None:
    return block_around(facts.blocks, facts.day, facts.wall)


CHECKS: tuple[Callable[[BookingFacts], None], ...] = (
    _patient_exists,
    _patient_not_blocked,
    _patient_free,
    _doctor_exists,
    _doctor_available,
    _doctor_active,
    _not_past,
    _not_too_far,
    _no_holiday,
    _doctor_present,
    _inside_schedule,
    _outside_break,
    _slot_free,
    _day_not_full,
)
"""The checks of rules §3, first to last."""
