"""Alerts of visits that wait: what is due, what is open, and who follows it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from hms.access.actors import Actor
from hms.access.permissions import Permission, require
from hms.access.scope import not_found
from hms.domain.appointments import Status
from hms.domain.people import STAFF, Contact, Role
from hms.domain.stage_alerts import CONCERNS, AlertStatus, AlertType
from hms.models import Appointment, Doctor, Patient, StageAlert, User
from hms.queries.no_shows import DueKey, Position


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert with the names that lists show. ``resolved_by`` None and ``resolved_at`` set: the visit moved on."""

    id: UUID
    alert_type: AlertType
    status: AlertStatus
    message: str
    triggered_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
    acknowledged_by_name: str | None
    resolved_at: datetime | None
    resolved_by: UUID | None
    appointment_id: UUID
    patient_id: UUID
    patient_first_name: str
    patient_last_name: str
    mrn: str
    doctor_id: UUID
    doctor_first_name: str
    doctor_last_name: str


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What to list of the open alerts. ``mine``: only those that the caller's role follows."""

    mine: bool = False
    status: AlertStatus | None = None
    alert_type: AlertType | None = None
    doctor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AlertPulse:
    """The alerts that the caller follows: how many nobody has taken up yet, and the newest of the open ones."""

    active: int
    latest_id: UUID | None


NO_ALERTS = AlertPulse(0, None)

# In the indices' own words: SQLite takes a partial index only for conditions that it finds in the statement's text.
IS_OPEN = text("stage_alerts.status <> 'RESOLVED'")
IS_PRESENT = text("NOT stage_alerts.is_over")


def is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Build the conditions of the visits to look at; the index ix_appointments_alert_due holds just these rows."""
    return (Appointment.alert_due_at <= now, Appointment.status == Status.CHECKED_IN)


def due_keys(
    session: Session, hospital_id: UUID, now: datetime, limit: int, after: Position | None = None
) -> list[DueKey]:
    """Return the next visits to look at in the order of (due instant, id), without locking them."""
    a = Appointment
    statement = (
        select(a.id, a.patient_id, a.alert_due_at)
        .where(a.hospital_id == hospital_id, *is_due(now))
        .order_by(a.alert_due_at, a.id)
        .limit(limit)
    )
    if after is not None:
        due_at, row_id = after
        same = (a.alert_due_at == due_at) & (a.id > row_id)
        statement = statement.where(a.alert_due_at >= due_at, or_(a.alert_due_at > due_at, same))
    rows = cast(Iterable[tuple[UUID, UUID, datetime]], session.execute(statement))  # what is due has its instant
    return [DueKey._make(row) for row in rows]


def raised(session: Session, appointment_ids: Collection[UUID]) -> dict[UUID, set[AlertType]]:
    """Return what was raised of visits in the wait that they are in, resolved by hand or not."""
    rows = session.execute(
        select(StageAlert.appointment_id, StageAlert.alert_type).where(
            StageAlert.appointment_id.in_(appointment_ids), IS_PRESENT
        )
    )
    found: dict[UUID, set[AlertType]] = {}
    for appointment_id, kind in rows:
        found.setdefault(appointment_id, set()).add(kind)
    return found


def staff_to_tell(session: Session, hospital_id: UUID) -> dict[Role, list[Contact]]:
    """Return the active staff by role, each with the login's id."""
    rows = session.execute(
        select(User.role, User.id, User.first_name, User.last_name, User.language)
        .where(User.hospital_id == hospital_id, User.role.in_(sorted(STAFF)), User.is_active)
        .order_by(User.id)
    )
    found: dict[Role, list[Contact]] = {}
    for role, user_id, first, last, language in rows:
        found.setdefault(role, []).append(Contact(name=f"{first} {last}", user_id=user_id, language=language))
    return found


def waiting(
    session: Session, actor: Actor, wanted: AlertFilter, after: Position | None = None, limit: int = 50
) -> list[AlertRow]:
    """Return open alerts (ACTIVE or ACKNOWLEDGED), newest first; doctors see their own patients' and the long waits."""
    require(actor, Permission.SEE_ALERTS)
    statement = _alerts(actor).where(IS_OPEN, *_wanted(actor, wanted))
    if after is not None:
        at, row_id = after
        same = (StageAlert.triggered_at == at) & (StageAlert.id < row_id)
        statement = statement.where(StageAlert.triggered_at <= at, or_(StageAlert.triggered_at < at, same))
    newest = statement.order_by(StageAlert.triggered_at.desc(), StageAlert.id.desc()).limit(limit)
    return [AlertRow(*row) for row in session.execute(newest)]


def one(session: Session, actor: Actor, alert_id: UUID) -> AlertRow:
    """Return one alert, whatever its state; NOT_FOUND for another hospital's."""
    require(actor, Permission.SEE_ALERTS)
    row = session.execute(_alerts(actor).where(StageAlert.id == alert_id)).one_or_none()
    if row is None:
        raise not_found("Alert")
    return AlertRow(*row)


def pulse(session: Session, actor: Actor) -> AlertPulse:
    """Return what tells a page whether to fetch the alerts anew; nothing for who is no staff."""
    if not actor.is_staff:
        return NO_ALERTS
    followed = (
        select(StageAlert.id, StageAlert.status, StageAlert.triggered_at)
        .join(Appointment, Appointment.id == StageAlert.appointment_id)
        .where(
            StageAlert.hospital_id == actor.hospital_id,
            IS_OPEN,
            _follows(actor),
        )
        .cte("followed")
    )
    latest = select(followed.c.id).order_by(followed.c.triggered_at.desc(), followed.c.id.desc()).limit(1)
    active = select(func.count()).where(followed.c.status == AlertStatus.ACTIVE)
    row = session.execute(select(active.scalar_subquery(), latest.scalar_subquery())).one()
    return AlertPulse(*row)


def _alerts(actor: Actor) -> Select[Any]:
    s, a, p, u = StageAlert, Appointment, Patient, User
    by = aliased(User)
    return (
        select(s.id, s.alert_type, s.status, s.message, s.triggered_at, s.acknowledged_at, s.acknowledged_by)
        .add_columns(by.first_name + " " + by.last_name, s.resolved_at, s.resolved_by, a.id)
        .add_columns(p.id, p.first_name, p.last_name, p.mrn, Doctor.id, u.first_name, u.last_name)
        .join(a, a.id == s.appointment_id)
        .join(p, p.id == a.patient_id)
        .join(Doctor, Doctor.id == a.doctor_id)
        .join(u, u.id == Doctor.user_id)
        .outerjoin(by, by.id == s.acknowledged_by)
        .where(s.hospital_id == actor.hospital_id)
    )


def _wanted(actor: Actor, wanted: AlertFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.mine or actor.role is Role.DOCTOR:
        conditions.append(_follows(actor))
    if wanted.status is not None:
        conditions.append(StageAlert.status == wanted.status)
    if wanted.alert_type is not None:
        conditions.append(StageAlert.alert_type == wanted.alert_type)
    if wanted.doctor_id is not None:
        conditions.append(Appointment.doctor_id == wanted.doctor_id)
    return conditions


def _follows(actor: Actor) -> ColumnElement[bool]:
    kinds = frozenset(AlertType) if actor.role is None else CONCERNS.get(actor.role, frozenset())
    of_role = StageAlert.alert_type.in_(sorted(kinds)) if kinds else false()
    if actor.doctor_id is None:
        return of_role
    return or_(of_role, Appointment.doctor_id == actor.doctor_id)
