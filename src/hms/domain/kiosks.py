"""Checking oneself in at the entrance: when a kiosk takes a visit, and how numbers are typed there."""

from datetime import datetime, timedelta

from hms.domain.appointments import OPEN, Status


def takes(status: Status, starts_at: datetime, due_at: datetime, now: datetime, minutes_before: int) -> bool:
    """Tell whether a kiosk checks a visit of today in: from some minutes before the start until it counts as missed.

    Who is later than that goes to reception, which sees what has become of the time.
    """
    return status in OPEN and starts_at - timedelta(minutes=minutes_before) <= now < due_at


def whole_mrn(typed: str, hospital_code: str) -> str:
    """Return a medical record number as it is stored, from what was typed: any case, spaces, without the code."""
    mrn = "".join(typed.split()).upper()
    return mrn if "-" in mrn else f"{hospital_code}-{mrn}"
