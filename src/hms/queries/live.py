"""What open pages ask every few seconds: has anything changed, and the few figures that they show at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.scope import own_patients
from hms.domain.appointments import Status
from hms.models import Appointment, AuditEntry, Notification
from hms.queries import stage_alerts
from hms.queries.notifications import addressed_to

WINDOW = 256
"""How many of the newest audit rows a version looks at."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The caller's day at a glance. ``board``: how many of their appointments of today are in which state.

    ``active_alerts``: those that the caller follows and nobody has taken up; ``latest_alert_id``: the newest open one.
    """

    today: date
    board: Mapping[Status, int]
    unread_notifications: int
    active_alerts: int
    latest_alert_id: UUID | None


def version(session: Session, hospital_id: UUID, now: datetime) -> str:
    """Return a short word that changes with every change in the hospital, and with every minute of its clock.

    Every change writes an audit row. Their numbers are dealt before they are committed, so a lower one may appear
    after a higher one: the sum over the newest rows changes then, where the highest alone would not.
    """
    newest = (
        select(AuditEntry.seq)
        .where(AuditEntry.hospital_id == hospital_id)
        .order_by(AuditEntry.seq.desc())
        .limit(WINDOW)
        .subquery()
    )
    highest, total = session.execute(select(func.max(newest.c.seq), func.sum(newest.c.seq))).one()
    return f"{highest or 0:x}.{int(total or 0):x}.{int(now.timestamp()) // 60:x}"


def pulse(session: Session, actor: Actor, today: date) -> Pulse:
    """Return the caller's figures: staff see the hospital's day, a doctor and a patient their own."""
    counting = (
        select(Appointment.status, func.count().label("visits"))
        .where(Appointment.hospital_id == actor.hospital_id, Appointment.appointment_date == today)
        .group_by(Appointment.status)
    )
    if actor.doctor_id is not None:
        counting = counting.where(Appointment.doctor_id == actor.doctor_id)
    elif not actor.is_staff:
        counting = counting.where(own_patients(actor, Appointment.patient_id))
    unread = select(func.count()).select_from(Notification).where(addressed_to(actor), Notification.read_at.is_(None))
    board = {row.status: row.visits for row in session.execute(counting)}
    alerts = stage_alerts.pulse(session, actor)
    return Pulse(today, board, session.scalar(unread) or 0, alerts.active, alerts.latest_id)
