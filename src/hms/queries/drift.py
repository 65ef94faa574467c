"""Whether what is derived still is what it is derived from: counts, blocks, marks, alerts, days, compared in sets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from hms.domain.appointments import Status
from hms.domain.job_runs import JobName, RunStatus
from hms.domain.no_shows import Tally, is_blocking
from hms.domain.people import PatientStatus
from hms.domain.stage_alerts import AlertStatus, AlertType
from hms.models import Appointment, Doctor, DoctorDay, JobRun, NoShowLog, NoShowPenalty, Patient, StageAlert
from hms.queries import standings
from hms.queries.hospitals import HospitalRules

AT_ONCE = 2000
"""So many patients are compared by one statement, and held in memory."""
COUNTED_DAY = (Status.SCHEDULED, Status.CONFIRMED, Status.CHECKED_IN, Status.IN_PROGRESS, Status.COMPLETED)


@dataclass(frozen=True, slots=True)
class Drift:
    """One row that is not what it should be: a patient's, of a doctor's day, or of the hospital's day."""

    what: str
    patient_id: UUID | None = None
    doctor_id: UUID | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """From when on penalties count now, and from when on at the last nightly re-derivation; None: all."""

    now: datetime | None
    then: datetime | None


def window(session: Session, hospital: HospitalRules, now: datetime) -> Window:
    """Return the instants between which a stored count may have been derived.

    A penalty falls out of the rolling window by itself; the nightly job takes note of it.
    """
    days = hospital.policy.no_show_window_days
    if days is None:
        return Window(None, None)
    last = session.scalar(
        select(func.max(JobRun.started_at)).where(
            JobRun.hospital_id == hospital.id,
            JobRun.job_name == JobName.HOUSEKEEPING,
            JobRun.status == RunStatus.COMPLETED,
        )
    )
    return Window(standings.since_of(now, days), standings.since_of(last, days) if last else None)


def patients_after(session: Session, hospital_id: UUID, after: UUID | None) -> Sequence[UUID]:
    """Return the first and the last of the next patients by id; nothing behind the last one."""
    p = Patient
    some = select(p.id).where(p.hospital_id == hospital_id).order_by(p.id).limit(AT_ONCE)
    if after is not None:
        some = some.where(p.id > after)
    ids = session.scalars(some).all()
    return (ids[0], ids[-1]) if ids else ()


def standings_of(
    session: Session, hospital: HospitalRules, since: Window, first: UUID, last: UUID
) -> tuple[int, list[Drift]]:
    """Compare count and block of the patients from ``first`` to ``last`` with their penalties; one statement.

    Returns how many patients were looked at, and what differs.
    """
    p = NoShowPenalty
    there = p.id.is_not(None)
    now, then = and_(there, standings.counts(since.now)), and_(there, standings.counts(since.then))
    fresh = p.pardoned_at.is_(None)
    sums = [func.sum(case((condition, 1), else_=0)) for condition in (now, now & fresh, then, then & fresh)]
    # From patients to their rows, never by the hospital alone: each part must cost what it holds.
    statement = (
        select(Patient.id, Patient.status, Patient.no_show_count, Patient.blocked_by_count)
        .add_columns(*(column.label(f"n{place}") for place, column in enumerate(sums)))
        .outerjoin(p, p.patient_id == Patient.id)
        .where(Patient.hospital_id == hospital.id, Patient.id.between(first, last))
        .group_by(Patient.id)
    )
    found, looked_at = [], 0
    for row in session.execute(statement):
        looked_at += 1
        least, most = Tally(int(row.n0), int(row.n1)), Tally(int(row.n2), int(row.n3))
        if what := _wrong(row.status, row.no_show_count, row.blocked_by_count, least, most, hospital):
            found.append(Drift(what, patient_id=row.id))
    return looked_at, found


def marks_of(session: Session, hospital_id: UUID, first: UUID, last: UUID) -> list[Drift]:
    """Compare the marks of the patients from ``first`` to ``last``: state, log and penalty must agree."""
    a, n, p = Appointment, NoShowLog, NoShowPenalty
    log_stands, penalty_stands = and_(n.id.is_not(None), n.voided_at.is_(None)), p.voided_at.is_(None)
    unlike = or_(
        (a.status == Status.NO_SHOW) != log_stands,
        and_(p.id.is_not(None), penalty_stands != log_stands),
        and_(p.id.is_not(None), n.id.is_not(None), p.justified_at.is_not(None) != n.justified),
    )
    statement = (
        select(a.patient_id, a.id)
        .select_from(Patient)
        .join(a, a.patient_id == Patient.id)
        .outerjoin(n, n.appointment_id == a.id)
        .outerjoin(p, p.appointment_id == a.id)
        .where(Patient.hospital_id == hospital_id, Patient.id.between(first, last), unlike)
    )
    what = "appointment {}: its state, its no-show log and its penalty don't agree"
    return [Drift(what.format(row.id), patient_id=row.patient_id) for row in session.execute(statement)]


def alerts_of(session: Session, hospital_id: UUID) -> list[Drift]:
    """Compare the open alerts with the visits that they speak of, which must still wait for it; one statement."""
    a, alert = Appointment, StageAlert
    measured = and_(alert.alert_type == AlertType.NO_VITALS, a.vitals_recorded_at.is_not(None))
    statement = (
        select(a.patient_id, a.id, alert.alert_type)
        .select_from(alert)
        .join(a, a.id == alert.appointment_id)
        .where(
            alert.hospital_id == hospital_id,
            alert.status != AlertStatus.RESOLVED,
            or_(a.status != Status.CHECKED_IN, measured),
        )
        .order_by(alert.triggered_at, alert.id)
    )
    what = "appointment {}: its {} alert is open, and nobody waits for that"
    return [
        Drift(what.format(row.id, row.alert_type.value), patient_id=row.patient_id)
        for row in session.execute(statement)
    ]


def doctor_ids(session: Session, hospital_id: UUID) -> Sequence[UUID]:
    """Return the hospital's doctors, by id."""
    return session.scalars(select(Doctor.id).where(Doctor.hospital_id == hospital_id).order_by(Doctor.id)).all()


def days_of(session: Session, doctor_id: UUID) -> list[Drift]:
    """Compare a doctor's day counters with the appointments that count; one statement."""
    a, d = Appointment, DoctorDay
    counts = a.status.in_(COUNTED_DAY) | and_(a.status == Status.NO_SHOW, a.holds_slot)
    counted = (
        select(a.appointment_date.label("day"), func.count().label("booked"))
        .where(a.doctor_id == doctor_id, counts)
        .group_by(a.appointment_date)
        .subquery()
    )
    kept = select(d.day, d.booked).where(d.doctor_id == doctor_id).subquery()
    both = (
        select(kept.c.day, kept.c.booked, func.coalesce(counted.c.booked, 0).label("counted"))
        .outerjoin(counted, counted.c.day == kept.c.day)
        .where(kept.c.booked != func.coalesce(counted.c.booked, 0))
    )
    unkept = (
        select(counted.c.day, func.coalesce(kept.c.booked, 0), counted.c.booked)
        .outerjoin(kept, kept.c.day == counted.c.day)
        .where(kept.c.day.is_(None))
    )
    return [
        Drift(f"the day's counter says {booked} visits, and {counted_} count", doctor_id=doctor_id, day=day)
        for day, booked, counted_ in session.execute(both.union_all(unkept))
    ]


def _wrong(
    status: PatientStatus, count: int, by_count: bool, least: Tally, most: Tally, hospital: HospitalRules
) -> str | None:
    threshold = hospital.policy.no_show_block_threshold
    if not least.count <= count <= most.count:
        return f"the count is {count}, and {least.count} penalties count"
    if by_count and status is not PatientStatus.BLOCKED:
        return "the count is said to block the patient, who is not blocked"
    if by_count and not is_blocking(Tally(count, most.fresh), threshold):
        return f"blocked by a count of {count}, which does not block"
    if status is PatientStatus.ACTIVE and is_blocking(Tally(count, least.fresh), threshold):
        return f"not blocked by a count of {count}, which blocks"
    return None
