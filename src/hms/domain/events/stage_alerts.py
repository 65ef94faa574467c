"""What happens to alerts of visits that wait."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from hms.domain.events.base import Event
from hms.domain.people import Contact
from hms.domain.stage_alerts import AlertFacts, AlertType


@dataclass(frozen=True, slots=True, kw_only=True)
class StageAlertRaised(Event):
    """A visit does not move on; ``staff`` are to be told."""

    action: ClassVar[str] = "stage_alert.raised"
    entity: ClassVar[str] = "stage_alert"

    appointment_id: UUID
    alert_type: AlertType
    facts: AlertFacts
    staff: tuple[Contact, ...]

    def details(self) -> dict[str, Any]:
        """Return which visit, and what of it."""
        return {"appointment_id": str(self.appointment_id), "alert_type": self.alert_type.value}
