"""What happens to doctors' and the hospital's calendars."""

from dataclasses import dataclass
from typing import Any, ClassVar

from hms.domain.events.base import Event, Visit, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleChanged(Event):
    """A doctor's week changed; ``affected`` visits no longer lie inside it."""

    action: ClassVar[str] = "schedule.changed"
    entity: ClassVar[str] = "doctor"

    affected: tuple[Visit, ...]

    def details(self) -> dict[str, Any]:
        """Return the affected appointments' identifiers."""
        return {"affected": [str(visit.appointment_id) for visit in self.affected]}


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayChanged(Event):
    """A closed day came, changed or went; ``affected`` visits lie on days that it newly closes."""

    entity: ClassVar[str] = "holiday"

    verb: str
    holiday_name: str
    values: dict[str, Any]
    affected: tuple[Visit, ...] = ()

    @property
    def name(self) -> str:
        """The action, as the audit row shows it."""
        return f"holiday.{self.verb}"

    def details(self) -> dict[str, Any]:
        """Return what changed, and the affected appointments' identifiers."""
        affected = [str(visit.appointment_id) for visit in self.affected]
        return {"name": self.holiday_name, **plain(self.values), "affected": affected}


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceChanged(Event):
    """A doctor's absence came, changed or went.

    ``affected`` visits stay and their patients are told; ``cancelled`` ones fell to an emergency.
    """

    entity: ClassVar[str] = "absence"

    verb: str
    values: dict[str, Any]
    affected: tuple[Visit, ...] = ()
    cancelled: tuple[Visit, ...] = ()

    @property
    def name(self) -> str:
        """The action, as the audit row shows it."""
        return f"absence.{self.verb}"

    def details(self) -> dict[str, Any]:
        """Return what changed, and the identifiers of the affected and cancelled appointments."""
        affected, cancelled = ([str(v.appointment_id) for v in visits] for visits in (self.affected, self.cancelled))
        return {**plain(self.values), "affected": affected, "cancelled": cancelled}


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorMadeUnavailable(Event):
    """A doctor takes no more patients; the ``cancelled`` visits lay ahead."""

    action: ClassVar[str] = "doctor.unavailable"
    entity: ClassVar[str] = "doctor"

    cancelled: tuple[Visit, ...]

    def details(self) -> dict[str, Any]:
        """Return the cancelled appointments' identifiers."""
        return {"cancelled": [str(visit.appointment_id) for visit in self.cancelled]}
