"""Penalties: one row per missed appointment; a patient's count and block are derived from them, here alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm.attributes import set_committed_value

from hms.domain.events import PatientBlocked
from hms.domain.no_shows import Standing, blocking_count, standing_after
from hms.domain.people import PatientStatus
from hms.models import Appointment, NoShowPenalty, Patient, new_id
from hms.transaction import Work


def lock_patients(work: Work, patient_ids: Iterable[UUID]) -> dict[UUID, Patient]:
    """Lock the patients' rows in the order of their ids, read them anew and return them by id."""
    patients = work.session.scalars(
        select(Patient)
        .where(Patient.hospital_id == work.actor.hospital_id, Patient.id.in_(set(patient_ids)))
        .order_by(Patient.id)
        .with_for_update(key_share=True, of=Patient)
        .execution_options(populate_existing=True)
    )
    return {patient.id: patient for patient in patients}


def strike(work: Work, appointments: Sequence[Appointment]) -> dict[UUID, list[UUID]]:
    """Write one penalty per missed appointment; return patient → those that newly count, in the order given.

    A penalty that an undo had voided counts again, unless it is forgiven: the row is unique per appointment.
    """
    ids = [appointment.id for appointment in appointments]
    p = NoShowPenalty
    forgiven = p.waived_at.is_not(None) | p.justified_at.is_not(None)
    known = {
        appointment_id: (penalty_id, is_forgiven)
        for appointment_id, penalty_id, is_forgiven in work.session.execute(
            select(p.appointment_id, p.id, forgiven).where(p.appointment_id.in_(ids))
        )
    }
    rows: list[dict[str, Any]] = []
    struck: dict[UUID, list[UUID]] = {}
    for appointment in appointments:
        penalty_id, is_forgiven = known.get(appointment.id, (None, False))
        if penalty_id is None:
            penalty_id = new_id()
            rows.append(
                {
                    "id": penalty_id,
                    "hospital_id": appointment.hospital_id,
                    "appointment_id": appointment.id,
                    "patient_id": appointment.patient_id,
                    "email_sent": bool(appointment.patient.email),
                    "created_at": work.now,
                }
            )
        if not is_forgiven:
            struck.setdefault(appointment.patient_id, []).append(penalty_id)
    if rows:
        work.session.execute(insert(NoShowPenalty), rows)
    if known:
        _set_voided(work, known, None)
    return struck


def void(work: Work, appointment_ids: Collection[UUID]) -> None:
    """Make the appointments' penalties count no more (late arrival, undo)."""
    _set_voided(work, appointment_ids, work.now)


def recount(
    work: Work, patients: Mapping[UUID, Patient], struck: Mapping[UUID, Sequence[UUID]] | None = None
) -> list[PatientBlocked]:
    """Derive count and block of locked patients from their penalties; return who was blocked, for the caller to emit.

    ``struck``: patient → penalties that are new, oldest first; only those can block.
    """
    struck = struck or {}
    work.session.flush()
    policy = work.hospital.policy
    counts = _counts(work, patients, policy.no_show_window_days)
    changes: list[dict[str, Any]] = []
    blocked: list[PatientBlocked] = []
    for patient_id, patient in sorted(patients.items()):
        before = _standing(patient)
        new = struck.get(patient_id, ())
        count = counts.get(patient_id, 0)
        threshold = policy.no_show_block_threshold
        after = standing_after(before, count, threshold=threshold, new=len(new), now=work.now)
        if after == before:
            continue
        if after.status is PatientStatus.BLOCKED and before.status is PatientStatus.ACTIVE:
            at = blocking_count(count, threshold, len(new)) - (count - len(new)) - 1
            blocked.append(_blocked(patient, after, cause=new[at]))
        changes.append(_change(patient, before, after))
    if changes:
        work.session.execute(update(Patient), changes)
        for change in changes:  # the loaded rows follow without being read again
            for name, value in change.items():
                set_committed_value(patients[change["id"]], name, value)
    return blocked


def _blocked(patient: Patient, after: Standing, cause: UUID) -> PatientBlocked:
    return PatientBlocked(entity_id=patient.id, patient=patient.contact, reason=after.blocked_reason or "", cause=cause)


def _set_voided(work: Work, appointment_ids: Collection[UUID], at: Any) -> None:
    work.session.execute(
        update(NoShowPenalty)
        .where(NoShowPenalty.appointment_id.in_(list(appointment_ids)))
        .values(voided_at=at)
        .execution_options(synchronize_session=False)
    )


def _counts(work: Work, patient_ids: Collection[UUID], window_days: int | None) -> dict[UUID, int]:
    statement = (
        select(NoShowPenalty.patient_id, func.count())
        .where(
            NoShowPenalty.hospital_id == work.actor.hospital_id,
            NoShowPenalty.patient_id.in_(list(patient_ids)),
            NoShowPenalty.waived_at.is_(None),
            NoShowPenalty.justified_at.is_(None),
            NoShowPenalty.voided_at.is_(None),
        )
        .group_by(NoShowPenalty.patient_id)
    )
    if window_days is not None:
        statement = statement.where(NoShowPenalty.created_at > work.now - timedelta(days=window_days))
    return dict(work.session.execute(statement).all())


def _standing(patient: Patient) -> Standing:
    return Standing(
        patient.status, patient.no_show_count, patient.blocked_at, patient.blocked_reason, patient.blocked_by_count
    )


def _change(patient: Patient, before: Standing, after: Standing) -> dict[str, Any]:
    return {
        "id": patient.id,
        "status": after.status,
        "no_show_count": after.count,
        "blocked_at": after.blocked_at,
        "blocked_reason": after.blocked_reason,
        "blocked_by_count": after.blocked_by_count,
        # A mere count must not make somebody's edit of the phone number stale; a block must.
        "version": patient.version + (after.status is not before.status),
    }
