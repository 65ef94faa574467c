"""Bookings: take a slot by all fourteen checks, and call a visit off."""

from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from uuid import UUID

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import contains_eager
from sqlalchemy.orm.attributes import set_committed_value

from hms.access.permissions import Permission, may
from hms.access.scope import lookup, not_found
from hms.domain.appointments import OPEN, STATUS_SETTERS, WORDS, Status, no_show_due
from hms.domain.bookings import BookingFacts, DoctorFacts, SlotFacts, is_last_minute, require_bookable
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.events import AppointmentBooked, AppointmentCancelled
from hms.domain.intervals import Span
from hms.domain.people import PatientStatus, Role
from hms.domain.slots import instant_of, last_day, wall_end
from hms.models import Appointment, AppointmentEvent, Doctor, DoctorSlot, Hospital, Patient, User, new_id
from hms.queries import appointments
from hms.queries.bookings import Wish, state_of
from hms.services import lifecycle, slots
from hms.services.calendars import lock_doctors
from hms.transaction import Work, require_version

# Into the tables, not through the classes: nothing else of the session knows these rows yet.
_INTO_APPOINTMENTS = insert(Appointment.__table__)  # type: ignore[arg-type]
_INTO_EVENTS = insert(AppointmentEvent.__table__)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A wish for one time. ``patient_id``: staff name the patient, patients book for themselves.

    ``day`` and ``start`` are the hospital's. ``override_reason``: urgent care for a blocked patient, by staff.
    """

    doctor_id: UUID
    day: date
    start: time
    patient_id: UUID | None = None
    reason: str | None = None
    type: str | None = None
    override_reason: str | None = None
    external_ref: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Call a visit off; ``version`` is the one that the caller saw."""

    appointment_id: UUID
    reason: str | None = None
    version: int | None = None


# Built once: building takes longer than reading.
_DOCTOR_LOCKED = (
    select(Doctor, Hospital)
    .join(User, User.id == Doctor.user_id)
    .join(Hospital, Hospital.id == Doctor.hospital_id)
    .where(Doctor.id == bindparam("doctor_id"), Doctor.hospital_id == bindparam("hospital_id"))
    .options(contains_eager(Doctor.user))
    .with_for_update(read=True, of=Doctor)
    .execution_options(populate_existing=True)
)
# By wall time, not by instant: a skipped 02:30 must not find the slot of 03:30.
_SLOT_LOCKED = (
    select(DoctorSlot)
    .where(
        DoctorSlot.doctor_id == bindparam("doctor_id"),
        DoctorSlot.slot_date == bindparam("day"),
        DoctorSlot.start_time == bindparam("start"),
    )
    .with_for_update(key_share=True, of=DoctorSlot)
    .execution_options(populate_existing=True)
)


def book(work: Work, command: Book) -> UUID:
    """Book a slot and return the appointment's id; the first of the fourteen checks that fails answers."""
    patient_id = _patient_of(work, command)
    override = (command.override_reason or "").strip()
    if override:
        work.require(Permission.OVERRIDE_BLOCK)
    doctor = _lock_doctor(work, command.doctor_id)
    patient = lookup(work.session, work.actor, Patient, patient_id, lock=True)
    wish, slot = _wish(work, command, doctor, patient_id)
    facts = _facts(work, wish, doctor, patient, slot)
    require_bookable(replace(facts, overrides_block=bool(override)))
    if patient is None or doctor is None or slot is None:
        raise AssertionError("the checks let only what exists pass")
    appointment = _write(work, command, slot, patient, doctor)
    blocked = patient.status is PatientStatus.BLOCKED
    work.emit(
        AppointmentBooked(
            entity_id=appointment.id,
            visit=lifecycle.visit_of(appointment),
            starts_at=appointment.starts_at,
            override_reason=override if blocked else None,
        )
    )
    return appointment.id


def cancel(work: Work, command: Cancel) -> None:
    """Cancel a visit and free its slot: patients their own until the start, staff also who left unseen.

    Raises NOT_FOUND, FORBIDDEN, TOO_LATE, STALE_VERSION (with the present row) or INVALID_TRANSITION.
    """
    appointment = _lock_for_cancelling(work, command.appointment_id)
    if command.version is not None and command.version != appointment.version:
        current = appointments.one(work.session, work.actor, appointment.id)
        require_version(appointment, command.version, current)
    by_patient = work.actor.role is Role.PATIENT
    before = appointment.status
    _require_cancellable(work, appointment, by_patient=by_patient)
    lifecycle.move(work, appointment, Status.CANCELLED, reason=command.reason)
    appointment.calendar_sequence += 1
    slots.freed(work, appointment)
    work.emit(
        AppointmentCancelled(
            entity_id=appointment.id,
            visit=lifecycle.visit_of(appointment),
            before=before,
            by_patient=by_patient,
            is_last_minute=by_patient and is_last_minute(appointment.starts_at, work.now),
            reason=command.reason,
        )
    )


def _patient_of(work: Work, command: Book) -> UUID:
    if work.actor.role is not Role.PATIENT:
        work.require(Permission.BOOK_FOR_OTHERS)
        if command.patient_id is None:
            detail = Detail("patientId", "is required")
            raise DomainError(Code.VALIDATION, "Please say for which patient to book.", [detail])
        return command.patient_id
    work.require(Permission.BOOK_OWN)
    own = work.actor.patient_id
    if own is None or command.patient_id not in {None, own}:
        # Another patient's record is not theirs to know of.
        raise DomainError(Code.PATIENT_NOT_FOUND, "There is no such patient.")
    return own


def _lock_doctor(work: Work, doctor_id: UUID) -> Doctor | None:
    """Lock the doctor against changes of their calendar; bring login and hospital along in the same statement."""
    keys = {"doctor_id": doctor_id, "hospital_id": work.actor.hospital_id}
    found = work.session.execute(_DOCTOR_LOCKED, keys).one_or_none()
    if found is None:
        return None
    # The session forgets what nobody holds: `work` takes the hospital while it is here.
    doctor, work.hospital = found
    return doctor


def _wish(work: Work, command: Book, doctor: Doctor | None, patient_id: UUID) -> tuple[Wish, DoctorSlot | None]:
    """Find and lock the slot that starts at the wished time, generating its day when that has not been done."""
    starts_at = instant_of(command.day, command.start, work.hospital.zone)
    # A slot has its own length; without one, the doctor's tells how long the visit would be.
    minutes = doctor.slot_duration if doctor else 0
    wall = Span(command.start, wall_end(command.start, minutes) or time.max)
    span = Span(starts_at, starts_at + timedelta(minutes=minutes))
    slot = _lock_slot(work, doctor, command) if doctor else None
    if slot is not None:
        wall, span = Span(slot.start_time, slot.end_time), Span(slot.starts_at, slot.ends_at)
    return Wish(
        hospital_id=work.actor.hospital_id,
        patient_id=patient_id,
        doctor_id=doctor.id if doctor else None,
        user_id=doctor.user_id if doctor else None,
        slot_id=slot.id if slot else None,
        day=command.day,
        wall=wall,
        span=span,
    ), slot


def _lock_slot(work: Work, doctor: Doctor, command: Book) -> DoctorSlot | None:
    keys = {"doctor_id": doctor.id, "day": command.day, "start": command.start}
    slot: DoctorSlot | None = work.session.scalar(_SLOT_LOCKED, keys)
    if slot is None and work.today <= command.day <= last_day(work.today, work.hospital.policy):
        slots.fill_day(work, doctor.id, command.day)
        slot = work.session.scalar(_SLOT_LOCKED, keys)
    return slot


def _facts(
    work: Work, wish: Wish, doctor: Doctor | None, patient: Patient | None, slot: DoctorSlot | None
) -> BookingFacts:
    state = state_of(work.session, wish)
    doctor_facts = slot_facts = None
    if doctor is not None:
        doctor_facts = DoctorFacts(
            doctor.is_available, state.login_is_active, doctor.max_patients_per_day, state.counted
        )
    if slot is not None:
        slot_facts = SlotFacts(slot.is_blocked, state.slot_is_held or state.doctor_is_taken)
    return BookingFacts(
        now=work.now,
        today=work.today,
        policy=work.hospital.policy,
        day=wish.day,
        wall=wish.wall,
        ends_at=wish.span.end,
        patient_status=patient.status if patient else None,
        may_override=may(work.actor, Permission.OVERRIDE_BLOCK),
        patient_is_taken=state.patient_is_taken,
        doctor=doctor_facts,
        is_holiday=state.is_holiday,
        is_absent=state.is_absent,
        blocks=state.blocks,
        slot=slot_facts,
    )


def _write(work: Work, command: Book, slot: DoctorSlot, patient: Patient, doctor: Doctor) -> Appointment:
    """Insert the appointment and its first event; return it for reading only, with patient and doctor."""
    duration = slot.ends_at - slot.starts_at
    values = {
        "id": new_id(),
        "hospital_id": work.actor.hospital_id,
        "patient_id": patient.id,
        "doctor_id": doctor.id,
        "slot_id": slot.id,
        "status": Status.SCHEDULED,
        "appointment_date": slot.slot_date,
        "start_time": slot.start_time,
        "end_time": slot.end_time,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "duration_minutes": duration // timedelta(minutes=1),
        "booked_at": work.now,
        "no_show_due_at": no_show_due(slot.starts_at, work.now, duration),
        "external_ref": command.external_ref,
        "type": command.type or "CONSULTATION",
        "reason": command.reason,
        "created_by": work.actor.user_id,
        "updated_at": work.now,
    }
    event = {
        "hospital_id": work.actor.hospital_id,
        "appointment_id": values["id"],
        "at": work.now,
        "actor_id": work.actor.user_id,
        "to_status": Status.SCHEDULED,
        "reason": (command.override_reason or "").strip() or None,
    }
    work.session.execute(_INTO_APPOINTMENTS, values)
    work.session.execute(_INTO_EVENTS, event)
    appointment = Appointment(**values)
    set_committed_value(appointment, "patient", patient)
    set_committed_value(appointment, "doctor", doctor)
    return appointment


def _lock_for_cancelling(work: Work, appointment_id: UUID) -> Appointment:
    """Lock doctor, patient and appointment in the house's order."""
    a = Appointment
    statement = select(a.doctor_id, a.patient_id).where(a.id == appointment_id, a.hospital_id == work.actor.hospital_id)
    found = work.session.execute(statement).one_or_none()
    if found is None:
        raise not_found("Appointment")
    lock_doctors(work, [found.doctor_id], exclusive=False)
    lookup(work.session, work.actor, Patient, found.patient_id, lock=True)
    return lifecycle.locked(work, appointment_id)


def _require_cancellable(work: Work, appointment: Appointment, *, by_patient: bool) -> None:
    if work.actor.role is not None and work.actor.role not in STATUS_SETTERS[Status.CANCELLED]:
        raise DomainError(Code.FORBIDDEN, "Your role may not cancel appointments. Please ask reception.")
    if by_patient and appointment.status is Status.CHECKED_IN:
        raise DomainError(
            Code.INVALID_TRANSITION, "You are checked in already. Please tell reception if you must leave."
        )
    if appointment.status not in {*OPEN, Status.CHECKED_IN}:
        # A missed visit is corrected as the clinic's fault, with all that it implies; the others are over.
        raise DomainError(
            Code.INVALID_TRANSITION,
            f"This appointment is {WORDS[appointment.status]} and cannot be cancelled any more.",
        )
    if by_patient and work.now >= appointment.starts_at:
        raise DomainError(
            Code.TOO_LATE, "The appointment has begun and can no longer be cancelled here. Please call the clinic."
        )
