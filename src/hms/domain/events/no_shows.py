"""What follows when a patient fails to appear."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hms.domain.events.base import Event, Visit
from hms.domain.no_shows import NoShowReason
from hms.domain.people import Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class NoShowMarked(Event):
    """A patient failed to appear; ``count`` is the patient's count after it."""

    action: ClassVar[str] = "no_show.marked"
    entity: ClassVar[str] = "appointment"

    visit: Visit
    reason: NoShowReason
    slot_released: bool
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientBlocked(Event):
    """A patient may not book any more, since ``cause`` (the penalty's or block action's identifier)."""

    action: ClassVar[str] = "patient.blocked"
    entity: ClassVar[str] = "patient"

    patient: Contact
    reason: str
    cause: UUID
