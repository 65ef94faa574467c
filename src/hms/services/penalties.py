"""Penalties: one row per missed appointment; a patient's count and block are derived from them, here alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm.attributes import set_committed_value

from hms.domain.events import PatientBlocked, PatientUnblocked
from hms.domain.no_shows import Standing, Tally, is_blocking, standing_after
from hms.domain.people import Contact, PatientStatus
from hms.domain.policy import Policy
from hms.models import NoShowPenalty, Patient, new_ids
from hms.models.bulk import insert_rows, update_rows
from hms.queries import standings
from hms.queries.standings import HeldPatient
from hms.queries.visits import OpenVisit
from hms.transaction import Work

Turn = PatientBlocked | PatientUnblocked
"""What a patient whose standing turned is told."""

Held = Patient | HeldPatient
"""A patient whose row is locked, as an object of the session or as plain columns."""

AT_ONCE = 500


def lock_patients(work: Work, patient_ids: Iterable[UUID]) -> dict[UUID, HeldPatient]:
    """Lock the patients' rows in the order of their ids and return by id how they stand then."""
    return standings.lock(work.session, work.actor.hospital_id, set(patient_ids))


def strike(work: Work, appointments: Sequence[OpenVisit]) -> dict[UUID, list[UUID]]:
    """Write one penalty per missed appointment; return patient → those that newly count, in the order given.

    A penalty that was voided counts again, from now on: the row is unique per appointment. Unless it is forgiven,
    which only the opposite of forgiving ends.
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
    for fresh_id, appointment in zip(new_ids(len(appointments)), appointments, strict=True):
        penalty_id, is_forgiven = known.get(appointment.id, (fresh_id, False))
        if penalty_id is fresh_id:
            rows.append(
                {
                    "id": penalty_id,
                    "appointment_id": appointment.id,
                    "patient_id": appointment.patient_id,
                    "email_sent": bool(appointment.told.patient.email),
                }
            )
        if not is_forgiven:
            struck.setdefault(appointment.patient_id, []).append(penalty_id)
    insert_rows(work.session, NoShowPenalty, rows, {"hospital_id": work.actor.hospital_id, "created_at": work.now})
    if known:
        work.session.execute(
            update(p)
            .where(p.appointment_id.in_(known))
            .values(voided_at=None, pardoned_at=None, created_at=work.now, version=p.version + 1)
            .execution_options(synchronize_session=False)
        )
    return struck


def void(work: Work, appointment_id: UUID) -> None:
    """Make an appointment's penalty count no more (late arrival, undo, correction)."""
    p = NoShowPenalty
    work.session.execute(
        update(p)
        .where(p.appointment_id == appointment_id)
        .values(voided_at=work.now, version=p.version + 1)
        .execution_options(synchronize_session=False)
    )


def pardon(work: Work, patient_ids: Collection[UUID]) -> None:
    """Let the penalties that locked patients have block no more by themselves; they count on."""
    p = NoShowPenalty
    work.session.execute(
        update(p)
        .where(p.patient_id.in_(list(patient_ids)), p.pardoned_at.is_(None))
        .values(pardoned_at=work.now, version=p.version + 1)
        .execution_options(synchronize_session=False)
    )


def with_penalties(work: Work, after: UUID | None, limit: int) -> Sequence[UUID]:
    """Return the next patients of the hospital, by id, who have a count or any penalty."""
    counted = (Patient.no_show_count > 0) | Patient.id.in_(
        select(NoShowPenalty.patient_id).where(NoShowPenalty.hospital_id == work.actor.hospital_id)
    )
    statement = select(Patient.id).where(Patient.hospital_id == work.actor.hospital_id, counted)
    if after is not None:
        statement = statement.where(Patient.id > after)
    return work.session.scalars(statement.order_by(Patient.id).limit(limit)).all()


def adopt(work: Work, policy: Policy) -> None:
    """Derive all counts anew, because the hospital changes its threshold or its window to those of ``policy``.

    Nobody is blocked for the past: a stricter rule holds from a patient's next penalty on.
    """
    since = standings.since_of(work.now, policy.no_show_window_days)
    turns: list[Turn] = []
    ids = with_penalties(work, None, AT_ONCE)
    while ids:
        patients = lock_patients(work, ids)
        counted = standings.tallies(work.session, work.actor.hospital_id, ids, since)
        free = [
            patient_id
            for patient_id, tally in counted.items()
            if patients[patient_id].status is not PatientStatus.BLOCKED
            and is_blocking(tally, policy.no_show_block_threshold)
        ]
        if free:
            pardon(work, free)
        turns += recount(work, patients, policy=policy)
        ids = with_penalties(work, ids[-1], AT_ONCE)
    if turns:
        work.emit(*turns)


def recount(
    work: Work,
    patients: Mapping[UUID, Held],
    struck: Mapping[UUID, Sequence[UUID]] | None = None,
    *,
    policy: Policy | None = None,
) -> list[Turn]:
    """Derive count and block of locked patients from their penalties; return whose block came or went, to be emitted.

    ``struck``: patient → penalties that are new. ``policy``: by default the hospital's.
    """
    struck = struck or {}
    work.session.flush()
    policy = policy or work.hospital.policy
    since = standings.since_of(work.now, policy.no_show_window_days)
    counted = standings.tallies(work.session, work.actor.hospital_id, patients, since)
    counts: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    for patient_id, patient in sorted(patients.items()):
        before = _standing(patient)
        tally, new = counted.get(patient_id, Tally()), len(struck.get(patient_id, ()))
        after = standing_after(before, tally, threshold=policy.no_show_block_threshold, new=new, now=work.now)
        if after == before:
            continue
        if after.status is before.status:
            # A mere count must not make somebody's edit of the phone number stale; a block must.
            counts.append({"id": patient_id, "no_show_count": after.count})
        else:
            changes.append(_change(patient, after))
    update_rows(work.session, Patient, counts)
    update_rows(work.session, Patient, changes)
    for change in (*counts, *changes):
        _follow(patients[change["id"]], change)
    return _turns(work, [patients[change["id"]] for change in changes])


def _follow(patient: Held, change: Mapping[str, Any]) -> None:
    """Let a row in hand become what was written, without being read again."""
    take = set_committed_value if isinstance(patient, Patient) else setattr
    for name, value in change.items():
        take(patient, name, value)


def _turns(work: Work, turned: Sequence[Held]) -> list[Turn]:
    """Build what is told to patients whose new standing is in hand."""
    if not turned:
        return []
    reach = standings.contacts(work.session, work.actor.hospital_id, [patient.id for patient in turned])
    return [_turn(patient, reach[patient.id]) for patient in turned]


def _turn(patient: Held, contact: Contact) -> Turn:
    if patient.status is PatientStatus.BLOCKED:
        reason = patient.blocked_reason or ""
        return PatientBlocked(
            entity_id=patient.id, patient=contact, reason=reason, version=patient.version, by_count=True
        )
    return PatientUnblocked(entity_id=patient.id, patient=contact, version=patient.version, by_count=True)


def _standing(patient: Held) -> Standing:
    return Standing(
        patient.status, patient.no_show_count, patient.blocked_at, patient.blocked_reason, patient.blocked_by_count
    )


def _change(patient: Held, after: Standing) -> dict[str, Any]:
    return {
        "id": patient.id,
        "status": after.status,
        "no_show_count": after.count,
        "blocked_at": after.blocked_at,
        "blocked_reason": after.blocked_reason,
        "blocked_by_count": after.blocked_by_count,
        "version": patient.version + 1,
    }
