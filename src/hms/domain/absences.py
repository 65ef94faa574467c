"""Kinds and states of a doctor's absence."""

from enum import StrEnum


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
