"""Whose turn it is among patients who wait."""

from datetime import datetime


def waiting_since(starts_at: datetime, checked_in_at: datetime) -> datetime:
    """Return from when on a patient is kept waiting: who comes early waits from the visit's start on."""
    return max(starts_at, checked_in_at)


def turn(starts_at: datetime, checked_in_at: datetime) -> tuple[datetime, datetime, datetime]:
    """Return the sort key of the waiting room: first who has waited longest, then by the appointed time.

    Coming early gains nothing over those with an earlier appointment; coming late means to wait behind those who
    were here when their time came.
    """
    return waiting_since(starts_at, checked_in_at), starts_at, checked_in_at


def called_as(first_name: str, last_name: str) -> str:
    """Return a name as a screen in the waiting room may show it: "Roy A."."""
    return f"{first_name} {last_name[:1]}.".strip(" .") + "."
