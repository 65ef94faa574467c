"""Booked visits that a change touches, as staff are warned of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from hms.domain.events import Visit
from hms.services.availability import Unavailability

Date = date
Time = time
"""The types, in rows that have a field of their name."""


@dataclass(frozen=True, slots=True)
class AffectedVisit:
    """A booked visit: when, and whose."""

    id: UUID
    date: Date
    time: Time
    patient: str


@dataclass(frozen=True, slots=True)
class VisitsWarning:
    """What a change means for visits already booked. Their patients are told."""

    message: str
    affected_appointments: tuple[AffectedVisit, ...]


def counted(visits: Sequence[Visit], ending: str) -> str:
    """Say how many appointments are «affected» or «cancelled»."""
    return f"{len(visits)} existing appointment{'' if len(visits) == 1 else 's'} {ending}"


def warning_of(visits: Sequence[Visit], message: str) -> VisitsWarning | None:
    """Build the warning that lists visits; none for none."""
    if not visits:
        return None
    return VisitsWarning(message, rows_of(visits))


def rows_of(visits: Sequence[Visit]) -> tuple[AffectedVisit, ...]:
    """Return visits as they are listed."""
    return tuple(AffectedVisit(visit.appointment_id, visit.day, visit.start, visit.patient.name) for visit in visits)


def warning_of_stop(stopped: Unavailability | None) -> VisitsWarning | None:
    """Build the warning of a doctor who takes no more patients: who is cancelled, and how many wait in the clinic."""
    if stopped is None or not (stopped.cancelled or stopped.checked_in):
        return None
    message = counted(stopped.cancelled, "cancelled")
    if waiting := len(stopped.checked_in):
        message += f"; {waiting} patient{'' if waiting == 1 else 's'} already checked in, please talk to them"
    return VisitsWarning(message, rows_of(stopped.cancelled))
