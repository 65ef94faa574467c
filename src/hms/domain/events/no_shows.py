"""What follows when a patient fails to appear."""

from dataclasses import dataclass
from typing import Any, ClassVar

from hms.domain.events.base import Event, Visit
from hms.domain.no_shows import Correction, MarkAction, NoShowReason
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
class MarkChanged(Event):
    """An admin did something about a mark or its penalty.

    ``entity_id``: the penalty that was waived or reinstated, the log otherwise; ``version``: that row's. ``count``:
    the patient's after it; ``counts``: whether the mark is part of it. ``unblocks``: the patient may book again.
    """

    verb: MarkAction
    visit: Visit
    note: str
    version: int
    count: int
    counts: bool = False
    unblocks: bool = False
    to: Correction | None = None

    @property
    def name(self) -> str:
        """The action, as the audit row shows it."""
        return f"{self.subject}.{self.verb.value}"

    @property
    def subject(self) -> str:
        """The noun that was changed."""
        return "penalty" if self.verb in {MarkAction.WAIVED, MarkAction.REINSTATED} else "no_show"

    def details(self) -> dict[str, Any]:
        """Return the note, what it did to the count, and the appointment's identifier."""
        said = {"appointment_id": str(self.visit.appointment_id), "note": self.note, "count": self.count}
        return said | ({"to": self.to.value} if self.to else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientBlocked(Event):
    """A patient may not book any more, by the count or by hand (``reason``: the note). ``version``: the patient's."""

    action: ClassVar[str] = "patient.blocked"
    entity: ClassVar[str] = "patient"

    patient: Contact
    reason: str
    version: int
    by_count: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientUnblocked(Event):
    """A patient may book again, since the count fell or by hand (``note``). ``version``: the patient's.

    ``is_told``: False when what else happened tells the patient so already.
    """

    action: ClassVar[str] = "patient.unblocked"
    entity: ClassVar[str] = "patient"

    patient: Contact
    version: int
    by_count: bool
    note: str | None = None
    is_told: bool = True
