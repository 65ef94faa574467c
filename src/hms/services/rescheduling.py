"""Move a visit to another time or doctor: one transaction frees the old slot and takes the new one (rules §3)."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from uuid import UUID

from sqlalchemy import select

from hms.access.permissions import Permission
from hms.access.scope import lookup, not_found
from hms.domain.appointments import OPEN, WORDS, Status, no_show_due
from hms.domain.bookings import require_bookable
from hms.domain.errors import Code, DomainError
from hms.domain.events import AppointmentRescheduled, Visit
from hms.domain.people import PatientStatus, Role
from hms.models import Appointment, AppointmentEvent, Patient
from hms.queries import appointments
from hms.queries.appointments import AppointmentRow
from hms.services import lifecycle, slots, wishes
from hms.services.calendars import lock_doctors
from hms.services.wishes import WishedDoctor, WishedSlot
from hms.transaction import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Reschedule:
    """Where a visit is to go; what is None stays. ``version`` is the one that the caller saw.

    ``override_reason``: urgent care for a blocked patient, by staff.
    """

    appointment_id: UUID
    day: date | None = None
    start: time | None = None
    doctor_id: UUID | None = None
    reason: str | None = None
    override_reason: str | None = None
    version: int | None = None


def reschedule(work: Work, command: Reschedule) -> AppointmentRow:
    """Move an open visit and return it as it is then; to where it is already changes nothing.

    The fourteen checks decide as for a new booking, without the visit itself. Patients move their own until the start,
    reception and admins any open one. Raises NOT_FOUND, FORBIDDEN, STALE_VERSION (with the present row), TOO_LATE,
    INVALID_TRANSITION, or the first check's refusal.
    """
    _require_mover(work)
    override = (command.override_reason or "").strip()
    if override:
        work.require(Permission.OVERRIDE_BLOCK)
    visit = _locked(work, command)
    lifecycle.require_seen(work, visit, command.version)
    _require_movable(work, visit)
    doctor_id, day = command.doctor_id or visit.doctor_id, command.day or visit.appointment_date
    start = command.start or visit.start_time
    if (doctor_id, day, start) != (visit.doctor_id, visit.appointment_date, visit.start_time):
        claimed = wishes.claim(work, visit.patient_id, doctor_id, day, start, moving=visit.id)
        require_bookable(wishes.facts(work, claimed, overrides_block=bool(override)))
        if claimed.doctor is None or claimed.patient is None or claimed.slot is None:
            raise AssertionError("the checks let only what exists pass")
        told = override if claimed.patient.status is PatientStatus.BLOCKED else None
        _move(work, visit, claimed.doctor, claimed.slot, reason=command.reason, override_reason=told)
    return appointments.one(work.session, work.actor, visit.id)


def _require_mover(work: Work) -> None:
    work.require(Permission.BOOK_OWN if work.actor.role is Role.PATIENT else Permission.BOOK_FOR_OTHERS)


def _locked(work: Work, command: Reschedule) -> Appointment:
    """Lock both doctors, patient and visit in the house's order.

    The doctors are locked for change: two moves in opposite directions would wait for each other's day counters.
    """
    a = Appointment
    keys = select(a.doctor_id, a.patient_id).where(
        a.id == command.appointment_id, a.hospital_id == work.actor.hospital_id
    )
    found = work.session.execute(keys).one_or_none()
    if found is None:
        raise not_found("Appointment")
    lock_doctors(work, {found.doctor_id, command.doctor_id or found.doctor_id}, exclusive=True)
    lookup(work.session, work.actor, Patient, found.patient_id, lock=True)
    visit = lifecycle.locked(work, command.appointment_id)
    if visit.doctor_id != found.doctor_id:  # moved to another doctor while this one waited
        raise DomainError(
            Code.STALE_VERSION,
            "Somebody else moved this appointment meanwhile. Look at its present state and try again.",
            current=appointments.one(work.session, work.actor, visit.id),
        )
    return visit


def _require_movable(work: Work, visit: Appointment) -> None:
    if visit.status not in OPEN:
        raise DomainError(
            Code.INVALID_TRANSITION,
            f"This appointment is {WORDS[visit.status]} and cannot be moved any more. Please book a new one.",
        )
    if work.actor.role is Role.PATIENT and work.now >= visit.starts_at:
        raise DomainError(
            Code.TOO_LATE, "The appointment has begun and can no longer be moved here. Please call the clinic."
        )


def _move(
    work: Work,
    visit: Appointment,
    doctor: WishedDoctor,
    slot: WishedSlot,
    *,
    reason: str | None,
    override_reason: str | None,
) -> None:
    before, status, old_slot = lifecycle.visit_of(visit), visit.status, visit.slot_id
    lifecycle.end_review(work, visit)
    visit.doctor_id, visit.slot_id, visit.status = doctor.id, slot.id, Status.SCHEDULED
    visit.appointment_date, visit.start_time, visit.end_time = slot.slot_date, slot.start_time, slot.end_time
    visit.starts_at, visit.ends_at = slot.starts_at, slot.ends_at
    visit.duration_minutes = slot.duration // timedelta(minutes=1)
    # A time taken now cannot be missed before its own length has passed from now on.
    visit.booked_at, visit.no_show_due_at = work.now, no_show_due(slot.starts_at, work.now, slot.duration)
    visit.calendar_sequence += 1
    visit.version += 1
    visit.updated_at = work.now
    work.session.add(
        AppointmentEvent(
            hospital_id=visit.hospital_id,
            appointment_id=visit.id,
            at=work.now,
            actor_id=work.actor.user_id,
            from_status=status,
            to_status=Status.SCHEDULED,
            reason=reason or f"Rescheduled from {before.day.isoformat()} {before.start:%H:%M}",
            is_import=False,
        )
    )
    work.session.flush()
    if old_slot is not None:
        slots.let_go(work, old_slot)
    contact = doctor.contact
    after = Visit(
        appointment_id=visit.id,
        patient=before.patient,
        doctor=contact,
        doctor_name=contact.name,
        day=slot.slot_date,
        start=slot.start_time,
        starts_at=slot.starts_at,
    )
    work.emit(
        AppointmentRescheduled(
            entity_id=visit.id,
            before=before,
            visit=after,
            was_at=before.starts_at,
            starts_at=after.starts_at,
            sequence=visit.calendar_sequence,
            reason=reason,
            override_reason=override_reason,
        )
    )
