"""A patient's record of marks, with what each of them did to the count."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, or_, select, tuple_
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.access.permissions import Permission, may, require
from hms.domain.appointments import Status
from hms.domain.events import AppointmentMoved
from hms.domain.no_shows import MarkEffect, NoShowReason
from hms.models import Appointment, AuditEntry, Doctor, NoShowLog, NoShowPenalty, User
from hms.queries import hospitals, no_shows, patients, standings
from hms.queries.no_shows import LogRow

MOVED = AppointmentMoved.action


@dataclass(frozen=True, slots=True)
class PatientMark:
    """One visit that was marked as missed. ``count_after``: how many counted once it was marked, as they count now.

    ``notes`` are the desk's: patients themselves don't see them.
    """

    id: UUID
    appointment_id: UUID
    date: date
    start_time: time
    doctor_id: UUID
    doctor_first_name: str
    doctor_last_name: str
    reason: NoShowReason
    marked_at: datetime
    slot_released: bool
    effect: MarkEffect
    count_after: int
    notes: str | None


@dataclass(frozen=True, slots=True)
class MarkStep:
    """One thing that was done about a mark, such as ``no_show.marked`` or ``penalty.waived``; by whom, and why.

    ``actor_name`` is None for the automation. A visit whose state was changed otherwise (a late arrival) says
    ``appointment.status``.
    """

    at: datetime
    action: str
    actor_name: str | None
    actor_role: str
    note: str | None


def steps(session: Session, actor: Actor, log_id: UUID) -> list[MarkStep]:
    """Return the story of a mark and its penalty, oldest step first, from the audit trail; NOT_FOUND."""
    mark = no_shows.log(session, actor, log_id)
    penalty_id = session.scalar(select(NoShowPenalty.id).where(NoShowPenalty.appointment_id == mark.appointment_id))
    return steps_of(session, actor, mark, penalty_id)


def steps_of(session: Session, actor: Actor, mark: LogRow, penalty_id: UUID | None) -> list[MarkStep]:
    """Return the story of a mark and penalty that were read before, in one statement."""
    require(actor, Permission.SEE_AUDIT)
    e = AuditEntry
    about = [row_id for row_id in (mark.id, mark.appointment_id, penalty_id) if row_id]
    statement = (
        select(e.at, e.action, e.actor_role, e.details, User.first_name, User.last_name)
        .outerjoin(User, User.id == e.actor_id)
        .where(e.hospital_id == actor.hospital_id, e.entity_id.in_(about))
        .where(or_(e.action.startswith("no_show."), e.action.startswith("penalty."), e.action == MOVED))
        .order_by(e.seq)
    )
    return [
        MarkStep(
            at=row.at,
            action=row.action,
            actor_name=None if row.first_name is None else f"{row.first_name} {row.last_name}",
            actor_role=row.actor_role,
            note=row.details.get("note") or (row.details.get("reason") if row.action == MOVED else None),
        )
        for row in session.execute(statement)
        if row.action != MOVED or row.details.get("before") == Status.NO_SHOW
    ]


def of_patient(
    session: Session,
    actor: Actor,
    patient_id: UUID,
    now: datetime,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[PatientMark]:
    """Return a patient's marks, newest first, behind ``after`` (marked, id); to a patient only their own exist."""
    patients.one(session, actor, patient_id)
    window = hospitals.rules(session, actor.hospital_id).policy.no_show_window_days
    n, p = NoShowLog, NoShowPenalty
    since = standings.since_of(now, window)
    # A mark that was taken back counts no more; the rest in the order in which they came to count.
    told = (n.voided_at.is_not(None), MarkEffect.TAKEN_BACK.value), (p.id.is_(None), MarkEffect.NEVER_COUNTED.value)
    forgiven = (p.waived_at.is_not(None), MarkEffect.WAIVED.value), (p.justified_at.is_not(None), "JUSTIFIED")
    counted = case((standings.counts(since), 1), else_=0)
    ranked = (
        select(
            n.id,
            func.sum(counted).over(order_by=(n.triggered_at, n.id)).label("count_after"),
            case(*told, *forgiven, (counted == 1, MarkEffect.COUNTS.value), else_=MarkEffect.TOO_OLD.value).label(
                "effect"
            ),
        )
        .outerjoin(p, p.appointment_id == n.appointment_id)
        .where(n.hospital_id == actor.hospital_id, n.patient_id == patient_id)
        .subquery()
    )
    a = Appointment
    statement = (
        select(n.id, n.appointment_id, a.appointment_date, a.start_time, n.doctor_id, User.first_name, User.last_name)
        .add_columns(n.reason, n.triggered_at, n.slot_released, ranked.c.effect, ranked.c.count_after, n.notes)
        .join(ranked, ranked.c.id == n.id)
        .join(a, a.id == n.appointment_id)
        .join(Doctor, Doctor.id == n.doctor_id)
        .join(User, User.id == Doctor.user_id)
        .order_by(n.triggered_at.desc(), n.id.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(n.triggered_at, n.id) < after)
    sees = may(actor, Permission.FIND_PATIENTS)
    return [_mark(row, sees_notes=sees) for row in session.execute(statement)]


def _mark(row: Any, *, sees_notes: bool) -> PatientMark:
    return PatientMark(
        id=row.id,
        appointment_id=row.appointment_id,
        date=row.appointment_date,
        start_time=row.start_time,
        doctor_id=row.doctor_id,
        doctor_first_name=row.first_name,
        doctor_last_name=row.last_name,
        reason=row.reason,
        marked_at=row.triggered_at,
        slot_released=row.slot_released,
        effect=MarkEffect(row.effect),
        count_after=int(row.count_after),
        notes=row.notes if sees_notes else None,
    )
