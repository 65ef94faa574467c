"""What became of a history that somebody asked for as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hms.domain.events.base import Event
from hms.domain.people import Contact


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked for a history; ``is_own``: it is their own."""

    contact: Contact
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryExported(Event):
    """The file is there. ``askers``: whose logins asked for it and may still have it; ``lines``: visits in it."""

    action: ClassVar[str] = "history_export.written"
    entity: ClassVar[str] = "history_export"

    askers: Sequence[Asker]
    patient_id: UUID
    patient_name: str
    lines: int
    days: int

    def details(self) -> dict[str, object]:
        """Return whose history it is, and how long."""
        return {"patientId": str(self.patient_id), "lines": self.lines}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryExportFailed(Event):
    """It was tried often enough."""

    action: ClassVar[str] = "history_export.failed"
    entity: ClassVar[str] = "history_export"

    askers: Sequence[Asker]
    patient_id: UUID
    patient_name: str

    def details(self) -> dict[str, object]:
        """Return whose history it is."""
        return {"patientId": str(self.patient_id)}
