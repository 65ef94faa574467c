"""What the database refused, in the words of the domain.

The last guards live in the schema: unique indexes, exclusion constraints, triggers. Their violations reach us as
driver errors; here each one gets the code that a check in front of it would have given.
"""

import re

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from hms.domain.errors import Code

_MESSAGES: dict[Code, str] = {
    Code.SLOT_TAKEN: "Somebody else has just taken this time. Please choose another one.",
    Code.DUPLICATE_BOOKING: "The patient already has an appointment that overlaps this time.",
    Code.DOCTOR_FULLY_BOOKED: "The doctor's day is full. Please choose another day.",
    Code.INVALID_TRANSITION: "The appointment's state has changed meanwhile. Reload and try again.",
    Code.ALREADY_PROCESSING: "Already processing",
    Code.EMAIL_TAKEN: "This email address already has a login at this hospital.",
    Code.HOLIDAY_EXISTS: "This date is in the list already. Edit that entry instead, or choose another date.",
    Code.ALREADY_EXISTS: "This already exists.",
    Code.CONFLICT: "Somebody else changed this at the same time. Reload and try again.",
}

# What an engine's message contains → code. PostgreSQL names the constraint; SQLite names the columns.
_SIGNS: tuple[tuple[str, Code], ...] = (
    ("uq_appointments_slot_held", Code.SLOT_TAKEN),
    ("UNIQUE constraint failed: appointments.slot_id", Code.SLOT_TAKEN),
    ("ex_appointments_doctor_live", Code.SLOT_TAKEN),
    ("ex_appointments_patient_live", Code.DUPLICATE_BOOKING),
    ("uq_cron_job_runs", Code.ALREADY_PROCESSING),
    ("UNIQUE constraint failed: cron_job_runs", Code.ALREADY_PROCESSING),
    ("uq_users_hospital_id_email", Code.EMAIL_TAKEN),
    ("UNIQUE constraint failed: users.hospital_id, users.email", Code.EMAIL_TAKEN),
    ("uq_hospital_holidays", Code.HOLIDAY_EXISTS),
    ("UNIQUE constraint failed: hospital_holidays", Code.HOLIDAY_EXISTS),
    ("uq_", Code.ALREADY_EXISTS),
    ("UNIQUE constraint failed", Code.ALREADY_EXISTS),
)
_RAISED = re.compile(r"HMS:([A-Z_]+)")
_RETRYABLE_STATES = frozenset({"40001", "40P01", "55P03"})
_CANCELED = "57014"


def violated(error: DBAPIError) -> Code | None:
    """Return the domain code of a refused write, or None when the error is no guard's."""
    text = str(error.orig)
    if raised := _RAISED.search(text):
        return Code(raised[1]) if raised[1] in Code.__members__ else Code.CONFLICT
    if isinstance(error, IntegrityError):
        return next((code for sign, code in _SIGNS if sign in text), None)
    return None


def message_of(code: Code) -> str:
    """Return what to tell a person when a guard, and no check before it, refused."""
    return _MESSAGES.get(code, _MESSAGES[Code.CONFLICT])


def is_retryable(error: DBAPIError) -> bool:
    """Tell serialization failures, deadlocks and lock time-outs, after which the whole function may run again."""
    if getattr(error.orig, "sqlstate", None) in _RETRYABLE_STATES:
        return True
    return isinstance(error, OperationalError) and "database is locked" in str(error.orig)


def is_overtime(error: DBAPIError) -> bool:
    """Tell a statement that was ended because it took too long."""
    if getattr(error.orig, "sqlstate", None) == _CANCELED:
        return True
    return isinstance(error, OperationalError) and str(error.orig) == "interrupted"
