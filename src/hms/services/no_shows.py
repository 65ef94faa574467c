"""Missed appointments: the sweep's batches, marks by hand, late arrivals."""

from dataclasses import dataclass
from uuid import UUID

from hms.access.permissions import Permission
from hms.domain.appointments import OPEN, Status
from hms.domain.errors import Code, DomainError
from hms.domain.no_shows import NoShowReason, manual_reason, releases_slot, require_markable
from hms.models import Appointment
from hms.queries import visits
from hms.queries.no_shows import Position, due_keys, is_due, judge
from hms.services import job_runs, lifecycle, marking, penalties, reviews
from hms.services.marking import Mark
from hms.transaction import Work


@dataclass(frozen=True, slots=True)
class MarkDue:
    """One batch of the sweep under run ``run_id``; ``after``: go on behind this (due instant, appointment id)."""

    run_id: UUID
    limit: int = 100
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Swept:
    """What a batch did. ``last``: where the next one goes on; None when nothing was due."""

    marked: int = 0
    reviews: int = 0
    last: Position | None = None


@dataclass(frozen=True, slots=True)
class MarkNoShow:
    """A mark by hand. ``reason`` None: MANUAL_STAFF or MANUAL_DOCTOR, by who marks."""

    appointment_id: UUID
    reason: NoShowReason | None = None
    notes: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class LateArrival:
    """A patient who was marked is here after all."""

    appointment_id: UUID
    notes: str | None = None
    version: int | None = None


def mark_due(work: Work, command: MarkDue) -> Swept:
    """Mark one batch of due appointments, in the order of (due instant, id); raise RUN_LOST after a take-over.

    What a human must decide on goes to the review list without a message; what waits for evidence stays as it is. The
    number of SQL statements does not depend on the number of appointments.
    """
    job_runs.renew(work, command.run_id)
    keys = due_keys(work.session, work.actor.hospital_id, work.now, command.limit, command.after)
    if not keys:
        return Swept()
    patients = penalties.lock_patients(work, {key.patient_id for key in keys})
    # Locked and read anew: whoever was checked in, cancelled or moved since the keys were read is left out.
    chosen = [key.id for key in keys]
    appointments = visits.due(work.session, work.actor.hospital_id, *is_due(work.now), locked=chosen)
    judgement = judge(work.session, work.hospital, work.now, appointments)
    reviews.hold_back(work, judgement.reviews)
    left = judgement.waits.union(judgement.reviews)
    missed = [appointment for appointment in appointments if appointment.id not in left]
    if missed:
        marking.mark_many(work, missed, patients, Mark(NoShowReason.AUTO_TIMEOUT))
        unreachable = [visit.patient_id for visit in missed if not visit.told.patient.is_reachable]
        if unreachable:
            job_runs.note_unreachable(work, command.run_id, unreachable)
    return Swept(len(missed), len(judgement.reviews), (keys[-1].due_at, keys[-1].id))


def mark(work: Work, command: MarkNoShow) -> UUID:
    """Mark an appointment as missed by hand and return the log's id; TOO_EARLY before its time.

    From the start on; with PATIENT_CALLED from 24 h before it. The slot is freed if somebody could still book it.
    Doctors mark their own appointments only.
    """
    work.require(Permission.MARK_NO_SHOW)
    appointment, patient = lifecycle.locked_in_order(work, command.appointment_id)
    lifecycle.require_own(work, appointment)
    lifecycle.require_seen(work, appointment, command.version)
    if appointment.status is Status.NO_SHOW:
        raise DomainError(Code.INVALID_TRANSITION, "This appointment is already marked as missed.")
    reason = manual_reason(command.reason, by_doctor=work.actor.doctor_id is not None)
    policy = work.hospital.policy
    if appointment.status in OPEN:  # any other state is refused by the table of transitions
        require_markable(reason, appointment.starts_at, work.now, policy.patient_called_hours)
    release = releases_slot(reason, appointment.ends_at, work.now, policy.rebook_buffer)
    reviews.settle(work, appointment)
    return marking.mark_one(work, appointment, patient, Mark(reason, release=release, notes=command.notes))


def late_arrival(work: Work, command: LateArrival) -> None:
    """Check in, on the same hospital day, a patient who was marked; SLOT_TAKEN when somebody else has the time."""
    work.require(Permission.CHECK_IN)
    appointment, patient = lifecycle.locked_in_order(work, command.appointment_id)
    lifecycle.require_own(work, appointment)
    lifecycle.require_seen(work, appointment, command.version)
    _require_marked(appointment)
    if appointment.appointment_date != work.today:
        raise DomainError(
            Code.NOT_VISIT_DAY,
            "A late arrival can be checked in on the day of the visit only. Book a new appointment instead.",
        )
    if turns := marking.take_back(work, appointment, patient, Status.CHECKED_IN, command.notes or "Late arrival"):
        work.emit(*turns)


def _require_marked(appointment: Appointment) -> None:
    if appointment.status is not Status.NO_SHOW:
        raise DomainError(
            Code.INVALID_TRANSITION, "This appointment is not marked as missed. Reload to see its present state."
        )
