"""Stage alerts: a patient is here and the visit does not move on; when that is due, for whom, in which words."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hms.domain.errors import Code, DomainError
from hms.domain.people import STAFF, Role
from hms.domain.policy import Policy


class AlertType(StrEnum):
    """What does not move on."""

    NO_VITALS = "NO_VITALS"
    NO_DOCTOR = "NO_DOCTOR"
    WAITING_TOO_LONG = "WAITING_TOO_LONG"


class AlertStatus(StrEnum):
    """Where an alert stands."""

    ACTIVE = "ACTIVE"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"


TITLES: Mapping[AlertType, str] = {
    AlertType.NO_VITALS: "Vitals Not Recorded",
    AlertType.NO_DOCTOR: "Doctor Has Not Seen Patient",
    AlertType.WAITING_TOO_LONG: "Patient Waiting Too Long",
}

TEXTS: Mapping[AlertType, str] = {
    AlertType.NO_VITALS: "Patient {patient} ({mrn}) checked in at {came} but vitals not recorded.",
    AlertType.NO_DOCTOR: "Patient {patient} ({mrn}) checked in at {came}, vitals done but doctor not seen patient.",
    AlertType.WAITING_TOO_LONG: "Patient {patient} ({mrn}) checked in at {came} and has been waiting for {minutes} "
    "minutes since {since}.",
}

CONCERNS: Mapping[Role, frozenset[AlertType]] = {
    Role.HOSPITAL_ADMIN: frozenset(AlertType),
    Role.RECEPTIONIST: frozenset({AlertType.WAITING_TOO_LONG}),
    Role.NURSE: frozenset({AlertType.NO_VITALS, AlertType.WAITING_TOO_LONG}),
    Role.DOCTOR: frozenset({AlertType.WAITING_TOO_LONG}),
}
"""Which alerts of the whole hospital a role follows; beside them, doctors follow all of their own patients'."""

STALE_AFTER = timedelta(days=1)
"""An alert this late tells nobody anything: the patient is gone, and the visit is on the review list."""


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What an alert's text names; times are the hospital's wall times. ``minutes``: the longest wait that is borne."""

    patient: str
    mrn: str
    came: time
    since: time
    minutes: int


@dataclass(frozen=True, slots=True)
class Wait:
    """A patient who is checked in. ``duration``: the slot's, as booked."""

    starts_at: datetime
    duration: timedelta
    checked_in_at: datetime
    has_vitals: bool

    @property
    def expected_at(self) -> datetime:
        """When the visit should be over: start + duration; for who came after that, the check-in takes its place."""
        return max(self.starts_at + self.duration, self.checked_in_at)


def due_times(wait: Wait, policy: Policy) -> dict[AlertType, datetime]:
    """Return when each alert that fits the visit's stage is due (rules §5)."""
    waiting_since = max(wait.starts_at, wait.checked_in_at)
    stage, minutes = (
        (AlertType.NO_DOCTOR, policy.doctor_alert_minutes)
        if wait.has_vitals
        else (AlertType.NO_VITALS, policy.vitals_alert_minutes)
    )
    return {
        stage: wait.expected_at + timedelta(minutes=minutes),
        AlertType.WAITING_TOO_LONG: waiting_since + timedelta(minutes=policy.waiting_alert_minutes),
    }


def due_alerts(wait: Wait, policy: Policy, raised: Collection[AlertType], now: datetime) -> list[AlertType]:
    """Return what to raise now, beside what was ``raised`` in this wait before; an alert a day late is not."""
    return [
        kind
        for kind, due_at in due_times(wait, policy).items()
        if kind not in raised and due_at <= now < due_at + STALE_AFTER
    ]


def next_due(
    wait: Wait, policy: Policy, raised: Collection[AlertType] = (), after: datetime | None = None
) -> datetime | None:
    """Return when to look at the visit again: the next due time of what was not raised, and lies behind ``after``."""
    times = [
        due_at
        for kind, due_at in due_times(wait, policy).items()
        if kind not in raised and (after is None or due_at > after)
    ]
    return min(times, default=None)


def facts(wait: Wait, policy: Policy, zone: ZoneInfo, *, patient: str, mrn: str) -> AlertFacts:
    """Return what an alert's text names."""
    since = max(wait.starts_at, wait.checked_in_at)
    return AlertFacts(patient, mrn, _wall(wait.checked_in_at, zone), _wall(since, zone), policy.waiting_alert_minutes)


def message(kind: AlertType, known: AlertFacts) -> str:
    """Write an alert's text as its row keeps it."""
    return TEXTS[kind].format(
        patient=known.patient,
        mrn=known.mrn,
        came=f"{known.came:%H:%M}",
        since=f"{known.since:%H:%M}",
        minutes=known.minutes,
    )


def audience(kind: AlertType, roles_present: Collection[Role]) -> frozenset[Role]:
    """Return the roles to tell, apart from the visit's own doctor; where there are no nurses, admins do their work."""
    if kind is AlertType.WAITING_TOO_LONG:
        return STAFF
    if kind is AlertType.NO_DOCTOR:
        return frozenset()
    return frozenset({Role.NURSE if Role.NURSE in roles_present else Role.HOSPITAL_ADMIN})


def require_open(status: AlertStatus) -> None:
    """Raise INVALID_TRANSITION for who would acknowledge an alert that is resolved."""
    if status is AlertStatus.RESOLVED:
        raise DomainError(
            Code.INVALID_TRANSITION, "This alert is resolved already, so there is nothing left to acknowledge."
        )


def _wall(at: datetime, zone: ZoneInfo) -> time:
    return at.astimezone(zone).time()
