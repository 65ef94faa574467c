"""Alerts of visits that wait: raised by the check, taken up and resolved by staff, over when the visit moves on."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, insert, select, update
from sqlalchemy.orm import joinedload

from hms.access.permissions import Permission
from hms.access.scope import find
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.events import Changed, StageAlertRaised
from hms.domain.people import STAFF, Contact, Role
from hms.domain.stage_alerts import (
    AlertFacts,
    AlertStatus,
    AlertType,
    Wait,
    audience,
    due_alerts,
    facts,
    message,
    next_due,
    require_open,
)
from hms.models import Appointment, Notification, StageAlert, User, new_id
from hms.queries import stage_alerts as queries
from hms.queries.no_shows import Position
from hms.services import job_runs
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class RaiseDue:
    """One batch of visits to look at under run ``run_id``; ``after``: go on behind this (due instant, id)."""

    run_id: UUID
    limit: int = 100
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """How many alerts a batch made. ``last``: where the next one goes on; None when there was nothing to look at."""

    alerts: int = 0
    last: Position | None = None


@dataclass(frozen=True, slots=True)
class Handle:
    """An alert that somebody takes up, or resolves."""

    alert_id: UUID


def raise_due(work: Work, command: RaiseDue) -> Raised:
    """Raise what is due of one batch of visits that wait; raise RUN_LOST after a take-over.

    The number of SQL statements does not depend on the number of visits.
    """
    job_runs.renew(work, command.run_id)
    keys = queries.due_keys(work.session, work.actor.hospital_id, work.now, command.limit, command.after)
    if not keys:
        return Raised()
    last = (keys[-1].due_at, keys[-1].id)
    visits = _still_due(work, [key.id for key in keys])
    if not visits:
        return Raised(last=last)
    policy = work.hospital.policy
    known = queries.raised(work.session, [visit.id for visit in visits])
    due: list[tuple[Appointment, AlertType]] = []
    looks: list[dict[str, Any]] = []
    for visit in visits:
        wait, before = _wait(visit), known.get(visit.id, set())
        new = due_alerts(wait, policy, before, work.now)
        due += [(visit, kind) for kind in new]
        looks.append({"id": visit.id, "alert_due_at": next_due(wait, policy, before.union(new), work.now)})
    work.session.execute(update(Appointment), looks)
    _raise(work, due)
    return Raised(len(due), last)


def acknowledge(work: Work, command: Handle) -> None:
    """Take an alert up, so that others need not; again changes nothing. INVALID_TRANSITION once it is resolved.

    Doctors their own patients' only.
    """
    alert = _locked(work, command.alert_id)
    require_open(alert.status)
    if alert.status is AlertStatus.ACKNOWLEDGED:
        return
    alert.status = AlertStatus.ACKNOWLEDGED
    alert.acknowledged_at, alert.acknowledged_by = work.now, work.actor.user_id
    work.changed("stage_alert", "acknowledged", alert, **_named(alert))


def resolve(work: Work, command: Handle) -> None:
    """Resolve an alert by hand; again changes nothing. The visit has no second one of its type while it waits on.

    Doctors their own patients' only.
    """
    alert = _locked(work, command.alert_id)
    if alert.status is AlertStatus.RESOLVED:
        return
    alert.status = AlertStatus.RESOLVED
    alert.resolved_at, alert.resolved_by = work.now, work.actor.user_id
    work.changed("stage_alert", "resolved", alert, **_named(alert))
    _read(work, [alert])


def wait_begins(work: Work, visit: Appointment) -> None:
    """Note when a locked visit that has become CHECKED_IN is first looked at."""
    visit.alert_due_at = next_due(_wait(visit), work.hospital.policy)


def vitals_done(work: Work, visit: Appointment) -> None:
    """End NO_VITALS of a locked visit whose vitals have just been recorded, and note when to look next."""
    _end(work, [visit.id], (AlertType.NO_VITALS,))
    known = queries.raised(work.session, [visit.id]).get(visit.id, set())
    visit.alert_due_at = next_due(_wait(visit), work.hospital.policy, known)


def wait_ends(work: Work, appointment_ids: Collection[UUID]) -> None:
    """End all alerts of locked visits that are CHECKED_IN no longer, in one statement (two, when there are any).

    The visits' own ``alert_due_at`` is the caller's to clear, with whatever else it changes of them.
    """
    _end(work, appointment_ids, tuple(AlertType))


def look_again(work: Work) -> None:
    """Let the next check look at all visits that wait: the hospital's thresholds have changed."""
    work.session.execute(
        update(Appointment)
        .where(
            Appointment.hospital_id == work.actor.hospital_id,
            Appointment.alert_due_at > work.now,
            Appointment.status == Status.CHECKED_IN,
        )
        .values(alert_due_at=work.now)
        .execution_options(synchronize_session=False)
    )


def _still_due(work: Work, ids: list[UUID]) -> list[Appointment]:
    # Locked and read anew: whoever was measured, seen or sent home since the keys were read is left out.
    locked = work.session.scalars(
        select(Appointment)
        .where(Appointment.id.in_(ids), *queries.is_due(work.now))
        .options(joinedload(Appointment.patient), joinedload(Appointment.doctor))
        .order_by(Appointment.id)
        .with_for_update(key_share=True, of=Appointment)
        .execution_options(populate_existing=True)
    )
    return sorted(locked, key=lambda visit: (visit.alert_due_at, visit.id))


def _raise(work: Work, due: Sequence[tuple[Appointment, AlertType]]) -> None:
    if not due:
        return
    staff = queries.staff_to_tell(work.session, work.actor.hospital_id)
    rows, events = [], []
    for visit, kind in due:
        alert_id, known = new_id(), _facts(work, visit)
        rows.append(
            {
                "id": alert_id,
                "hospital_id": visit.hospital_id,
                "appointment_id": visit.id,
                "alert_type": kind,
                "status": AlertStatus.ACTIVE,
                "message": message(kind, known),
                "triggered_at": work.now,
                "is_over": False,
            }
        )
        told = tuple(_to_tell(kind, visit, staff))
        events.append(
            StageAlertRaised(entity_id=alert_id, appointment_id=visit.id, alert_type=kind, facts=known, staff=told)
        )
    work.session.execute(insert(StageAlert), rows)
    work.emit(*events)


def _facts(work: Work, visit: Appointment) -> AlertFacts:
    patient, hospital = visit.patient, work.hospital
    name = f"{patient.first_name} {patient.last_name}"
    return facts(_wait(visit), hospital.policy, hospital.zone, patient=name, mrn=patient.mrn)


def _to_tell(kind: AlertType, visit: Appointment, staff: Mapping[Role, Sequence[Contact]]) -> Iterable[Contact]:
    if kind is AlertType.NO_DOCTOR:
        return (who for who in staff.get(Role.DOCTOR, ()) if who.user_id == visit.doctor.user_id)
    return (who for role in sorted(audience(kind, staff)) for who in staff.get(role, ()))


def _wait(visit: Appointment) -> Wait:
    return Wait(
        starts_at=visit.starts_at,
        duration=timedelta(minutes=visit.duration_minutes),
        checked_in_at=visit.checked_in_at or visit.starts_at,
        has_vitals=visit.vitals_recorded_at is not None,
    )


def _locked(work: Work, alert_id: UUID) -> StageAlert:
    work.require(Permission.HANDLE_ALERTS)
    alert = find(work.session, work.actor, StageAlert, alert_id, lock=True)
    if work.actor.role is Role.DOCTOR:
        doctor_id = work.session.scalar(select(Appointment.doctor_id).where(Appointment.id == alert.appointment_id))
        if doctor_id != work.actor.doctor_id:
            raise DomainError(Code.FORBIDDEN, "This is another doctor's patient. You may handle your own only.")
    return alert


def _end(work: Work, appointment_ids: Collection[UUID], kinds: Sequence[AlertType]) -> None:
    s = StageAlert
    by_hand = s.status == AlertStatus.RESOLVED
    ended = work.session.execute(
        update(s)
        .where(s.appointment_id.in_(appointment_ids), s.alert_type.in_(kinds), queries.IS_PRESENT)
        .values(
            is_over=True,
            status=AlertStatus.RESOLVED,
            resolved_at=case((by_hand, s.resolved_at), else_=work.now),
        )
        .returning(s.id, s.appointment_id, s.alert_type, s.triggered_at, s.resolved_at, s.resolved_by)
        .execution_options(synchronize_session=False)
    ).all()
    moved_on = [row for row in ended if row.resolved_by is None and row.resolved_at == work.now]
    if moved_on:
        _read(work, moved_on)
        work.emit(
            *(
                Changed(entity_id=row.id, noun="stage_alert", verb="resolved", values=_named(row))
                for row in sorted(moved_on, key=lambda row: row.id)
            )
        )


def _read(work: Work, alerts: Sequence[Any]) -> None:
    """Mark as read what staff were told of alerts that are over: nobody need look at it any more."""
    n = Notification
    staff = select(User.id).where(User.hospital_id == work.actor.hospital_id, User.role.in_(STAFF))
    # They were told in the moment in which the alert was raised, which is what the index of notifications knows.
    told = (
        n.user_id.in_(staff),
        n.created_at.in_({alert.triggered_at for alert in alerts}),
        n.hospital_id == work.actor.hospital_id,
        n.notification_metadata["alertId"].as_string().in_([str(alert.id) for alert in alerts]),
        n.read_at.is_(None),
    )
    work.session.execute(update(n).where(*told).values(read_at=work.now).execution_options(synchronize_session=False))


def _named(alert: Any) -> dict[str, Any]:
    return {"appointment_id": alert.appointment_id, "alert_type": alert.alert_type.value}
