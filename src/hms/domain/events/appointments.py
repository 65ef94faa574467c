"""What happens to appointments."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from hms.domain.appointments import Status
from hms.domain.events.base import Event, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentBooked(Event):
    """A patient got a slot. ``override_reason``: urgent-care override of a block."""

    action: ClassVar[str] = "appointment.booked"
    entity: ClassVar[str] = "appointment"

    visit: Visit
    starts_at: datetime
    override_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentRescheduled(Event):
    """A visit goes to another time or doctor. ``sequence``: that of its calendar entry, one more with each move."""

    action: ClassVar[str] = "appointment.rescheduled"
    entity: ClassVar[str] = "appointment"

    before: Visit
    visit: Visit
    was_at: datetime
    starts_at: datetime
    sequence: int
    reason: str | None = None
    override_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentMoved(Event):
    """An appointment changed its state."""

    action: ClassVar[str] = "appointment.status"
    entity: ClassVar[str] = "appointment"

    before: Status
    after: Status
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentCancelled(Event):
    """An appointment was called off. ``by_patient`` tells the doctor; ``is_last_minute``: within 24 h of the start."""

    action: ClassVar[str] = "appointment.cancelled"
    entity: ClassVar[str] = "appointment"

    visit: Visit
    before: Status
    by_patient: bool
    is_last_minute: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentReminded(Event):
    """A patient is reminded of a visit, ``lead`` days before its day."""

    action: ClassVar[str] = "appointment.reminded"
    entity: ClassVar[str] = "appointment"

    visit: Visit
    starts_at: datetime
    lead: int
