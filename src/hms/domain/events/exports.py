"""What became of a history that somebody asked for as a file."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hms.domain.events.base import Event
from hms.domain.people import Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryExported(Event):
    """The file is there. ``asker``: whose login asked for it, if it may still have it; ``lines``: visits in it."""

    action: ClassVar[str] = "history_export.written"
    entity: ClassVar[str] = "history_export"

    asker: Contact | None
    patient_id: UUID
    patient_name: str
    is_own: bool
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

    asker: Contact | None
    patient_id: UUID
    patient_name: str
    is_own: bool

    def details(self) -> dict[str, object]:
        """Return whose history it is."""
        return {"patientId": str(self.patient_id)}
