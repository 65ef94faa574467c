"""Alerts of patients who wait: the open ones, taken up, resolved."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hms.access.permissions import Permission
from hms.domain.errors import Code
from hms.domain.stage_alerts import AlertStatus, AlertType
from hms.queries import stage_alerts as queries
from hms.queries.stage_alerts import AlertFilter, AlertRow
from hms.services import stage_alerts
from hms.services.stage_alerts import Handle
from hms.transaction import Work
from hms.web.api.answers import Page, page_of, read_cursor
from hms.web.api.positions import place, position
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Paging

routes = Routes("Alerts", "Patients who are here and whose visit does not move on.")


class OpenStatus(StrEnum):
    """Where an open alert stands."""

    ACTIVE = "ACTIVE"
    ACKNOWLEDGED = "ACKNOWLEDGED"


class AlertSearch(Paging):
    """``mine``: only the alerts that the caller's role follows, and a doctor's own."""

    mine: bool = False
    status: OpenStatus | None = None
    alert_type: AlertType | None = None
    doctor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AlertPerson:
    """Somebody by name."""

    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class AlertPatient:
    """The patient who waits."""

    first_name: str
    last_name: str
    mrn: str


@dataclass(frozen=True, slots=True)
class AlertDoctor:
    """The doctor for whom the patient waits."""

    user: AlertPerson


@dataclass(frozen=True, slots=True)
class Alert:
    """A visit that does not move on. ``acknowledgedBy``: the login that took it up."""

    id: UUID
    alert_type: AlertType
    status: AlertStatus
    message: str
    triggered_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    patient: AlertPatient
    doctor: AlertDoctor
    appointment_id: UUID


@routes.get("/no-show/alerts", needs=Permission.SEE_ALERTS)
def waiting(call: Call, query: AlertSearch) -> Page[Alert]:
    """List open alerts, newest first. Doctors see their own patients', and whoever waits too long."""
    wanted = AlertFilter(
        mine=query.mine,
        status=AlertStatus(query.status) if query.status else None,
        alert_type=query.alert_type,
        doctor_id=query.doctor_id,
    )
    after = read_cursor(query.cursor, position)
    rows = call.read(queries.waiting, call.actor, wanted, after, query.limit + 1)
    page = page_of(rows, query.limit, lambda row: place(row.triggered_at, row.id))
    return Page([_alert(row) for row in page.rows], page.next_cursor, page.limit)


@routes.put(
    "/no-show/alerts/<uuid:alert_id>/acknowledge", needs=Permission.HANDLE_ALERTS, errors=(Code.INVALID_TRANSITION,)
)
def acknowledge(call: Call, alert_id: UUID) -> Alert:
    """Take an alert up, so that others need not; again changes nothing. Doctors their own patients'."""

    def act(work: Work) -> Alert:
        stage_alerts.acknowledge(work, Handle(alert_id))
        return _shown(work, alert_id)

    return call.transact(act)


@routes.put("/no-show/alerts/<uuid:alert_id>/resolve", needs=Permission.HANDLE_ALERTS)
def resolve(call: Call, alert_id: UUID) -> Alert:
    """Resolve an alert; again changes nothing. It does not come back while the patient waits on.

    Alerts also resolve themselves: NO_VITALS once vitals are recorded, and all once the visit moves on. Doctors their
    own patients'.
    """

    def act(work: Work) -> Alert:
        stage_alerts.resolve(work, Handle(alert_id))
        return _shown(work, alert_id)

    return call.transact(act)


def _shown(work: Work, alert_id: UUID) -> Alert:
    work.session.flush()
    return _alert(queries.one(work.session, work.actor, alert_id))


def _alert(row: AlertRow) -> Alert:
    return Alert(
        id=row.id,
        alert_type=row.alert_type,
        status=row.status,
        message=row.message,
        triggered_at=row.triggered_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        patient=AlertPatient(row.patient_first_name, row.patient_last_name, row.mrn),
        doctor=AlertDoctor(AlertPerson(row.doctor_first_name, row.doctor_last_name)),
        appointment_id=row.appointment_id,
    )
