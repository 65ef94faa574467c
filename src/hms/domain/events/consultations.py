"""What happens while a patient is at the clinic."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hms.domain.events.base import Event, Visit
from hms.domain.people import Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalsRecorded(Event):
    """Somebody measured a patient who waits, or put such measurements right; no values here."""

    action: ClassVar[str] = "vitals.recorded"
    entity: ClassVar[str] = "appointment"

    vitals_id: UUID
    is_correction: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantInvited(Event):
    """A doctor was asked to take part in a consultation."""

    action: ClassVar[str] = "consultation.participant_invited"
    entity: ClassVar[str] = "consultation"

    participant_id: UUID
    doctor_id: UUID
    doctor: Contact
    role: str
    visit: Visit
