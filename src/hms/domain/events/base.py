"""The form of every event, and what events say of an appointment."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar
from uuid import UUID

from hms.domain.people import Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events. ``action`` is ``noun.verb``; ``entity`` names the table's noun."""

    action: ClassVar[str] = ""
    entity: ClassVar[str] = ""

    entity_id: UUID

    @property
    def name(self) -> str:
        """The action, as the audit row shows it."""
        return self.action

    @property
    def subject(self) -> str:
        """The noun that was changed."""
        return self.entity

    def details(self) -> dict[str, Any]:
        """Return the audit row's JSON-ready details: identifiers and facts, never contacts or clinical content."""
        return {
            f.name: plain(value)
            for f in fields(self)
            if f.name != "entity_id" and not isinstance(value := getattr(self, f.name), Contact | Visit)
        }


@dataclass(frozen=True, slots=True)
class Visit:
    """What messages say of an appointment. ``doctor_name`` without title; wall times are the hospital's."""

    appointment_id: UUID
    patient: Contact
    doctor: Contact
    doctor_name: str
    day: date
    start: time
    starts_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(Event):
    """A plain change that nobody needs to be told of; ``values`` are the new ones, JSON-ready after conversion."""

    noun: str
    verb: str
    values: dict[str, Any]

    @property
    def name(self) -> str:
        """The action, as the audit row shows it."""
        return f"{self.noun}.{self.verb}"

    @property
    def subject(self) -> str:
        """The noun that was changed."""
        return self.noun

    def details(self) -> dict[str, Any]:
        """Return the changed values."""
        return {key: plain(value) for key, value in self.values.items()}


def written(instant: datetime) -> str:
    """Write an instant as clients read it: in UTC, with milliseconds and Z."""
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def plain(value: object) -> Any:
    """Convert a value to what JSON can hold: instants, dates and identifiers as clients read them."""
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    return value
