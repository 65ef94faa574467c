"""No-shows: reasons, decisions, due times, slot release, counting and blocking."""

from enum import StrEnum


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
    NO_EVIDENCE = "NO_EVIDENCE"


class ReviewDecision(StrEnum):
    """What a human decided."""

    NO_SHOW = "NO_SHOW"
    ATTENDED = "ATTENDED"
    CLINIC_FAULT = "CLINIC_FAULT"
