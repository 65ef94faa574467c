"""What happened, as plain values: each change emits one event, which becomes audit rows and messages."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar
from uuid import UUID

from hms.domain.appointments import Status
from hms.domain.no_shows import NoShowReason
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
            f.name: _plain(value)
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
        return {key: _plain(value) for key, value in self.values.items()}


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
        return {"name": self.holiday_name, **_plain(self.values), "affected": affected}


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
        return {**_plain(self.values), "affected": affected, "cancelled": cancelled}


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorMadeUnavailable(Event):
    """A doctor takes no more patients; the ``cancelled`` visits lay ahead."""

    action: ClassVar[str] = "doctor.unavailable"
    entity: ClassVar[str] = "doctor"

    cancelled: tuple[Visit, ...]

    def details(self) -> dict[str, Any]:
        """Return the cancelled appointments' identifiers."""
        return {"cancelled": [str(visit.appointment_id) for visit in self.cancelled]}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailing(Event):
    """A job failed three times in a row; ``cause`` is the run that made it three."""

    action: ClassVar[str] = "job.failing"
    entity: ClassVar[str] = "job_run"

    job: str
    failures: int
    error: str
    admins: tuple[Contact, ...]

    def details(self) -> dict[str, Any]:
        """Return job, failures and the error's first line."""
        return {"job": self.job, "failures": self.failures, "error": self.error}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecovered(Event):
    """A job that had failed three times in a row is well again."""

    action: ClassVar[str] = "job.recovered"
    entity: ClassVar[str] = "job_run"

    job: str
    admins: tuple[Contact, ...]

    def details(self) -> dict[str, Any]:
        """Return the job."""
        return {"job": self.job}


def written(instant: datetime) -> str:
    """Write an instant as clients read it: in UTC, with milliseconds and Z."""
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    return value
