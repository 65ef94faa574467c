"""Bookings: take a slot by all fourteen checks, and call a visit off."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from uuid import UUID

from hms.access.permissions import Permission
from hms.domain.appointments import OPEN, STATUS_SETTERS, WORDS, Status, no_show_due
from hms.domain.bookings import is_last_minute, require_bookable
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.events import AppointmentBooked, AppointmentCancelled, Visit
from hms.domain.people import PatientStatus, Role
from hms.models import Appointment, AppointmentEvent, new_id
from hms.models.bulk import Lot, insert_lots
from hms.queries import appointments
from hms.queries.appointments import AppointmentRow, DoctorBrief, PatientBrief
from hms.services import lifecycle, slots, wishes
from hms.services.wishes import WishedDoctor, WishedPatient, WishedSlot
from hms.transaction import Work, require_version

FIRST_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A wish for one time. ``patient_id``: staff name the patient; patients may name themselves or a dependant.

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


def book(work: Work, command: Book) -> AppointmentRow:
    """Book a slot and return the appointment; the first of the fourteen checks that fails answers."""
    patient_id = _patient_of(work, command)
    override = (command.override_reason or "").strip()
    if override:
        work.require(Permission.OVERRIDE_BLOCK)
    claimed = wishes.claim(work, patient_id, command.doctor_id, command.day, command.start)
    require_bookable(wishes.facts(work, claimed, overrides_block=bool(override)))
    patient, doctor, slot = claimed.patient, claimed.doctor, claimed.slot
    if patient is None or doctor is None or slot is None:
        raise AssertionError("the checks let only what exists pass")
    row = _write(work, command, slot, patient, doctor)
    doctor_contact = doctor.contact
    work.emit(
        AppointmentBooked(
            entity_id=row.id,
            visit=Visit(
                appointment_id=row.id,
                patient=patient.contact,
                doctor=doctor_contact,
                doctor_name=doctor_contact.name,
                day=row.date,
                start=row.start_time,
                starts_at=row.starts_at,
            ),
            starts_at=row.starts_at,
            override_reason=override if patient.status is PatientStatus.BLOCKED else None,
        )
    )
    return row


def cancel(work: Work, command: Cancel) -> None:
    """Cancel a visit and free its slot: patients their own until the start, staff also who left unseen.

    Raises NOT_FOUND, FORBIDDEN, TOO_LATE, STALE_VERSION (with the present row) or INVALID_TRANSITION.
    """
    appointment, _ = lifecycle.locked_in_order(work, command.appointment_id)
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
    wanted = command.patient_id or work.actor.patient_id
    if wanted is None or not work.actor.owns(wanted):
        # Another patient's record is not theirs to know of.
        raise DomainError(Code.PATIENT_NOT_FOUND, "There is no such patient.")
    return wanted


def _write(work: Work, command: Book, slot: WishedSlot, patient: WishedPatient, doctor: WishedDoctor) -> AppointmentRow:
    """Insert the appointment and its first event; return it as its readers see it."""
    appointment_id = new_id()
    due = no_show_due(slot.starts_at, work.now, slot.duration)
    values = {
        "id": appointment_id,
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
        "duration_minutes": slot.duration // timedelta(minutes=1),
        "booked_at": work.now,
        "no_show_due_at": due,
        "external_ref": command.external_ref,
        "type": command.type or "CONSULTATION",
        "reason": command.reason,
        "created_by": work.actor.user_id,
        "updated_at": work.now,
        "version": FIRST_VERSION,
    }
    event = {
        "hospital_id": work.actor.hospital_id,
        "appointment_id": appointment_id,
        "at": work.now,
        "actor_id": work.actor.user_id,
        "to_status": Status.SCHEDULED,
        "reason": (command.override_reason or "").strip() or None,
    }
    insert_lots(work.session, Lot(Appointment, [values]), Lot(AppointmentEvent, [event]))
    return AppointmentRow(
        id=appointment_id,
        status=Status.SCHEDULED,
        date=slot.slot_date,
        start_time=slot.start_time,
        end_time=slot.end_time,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        checked_in_at=None,
        vitals_recorded_at=None,
        no_show_due_at=due,
        doctor=DoctorBrief(doctor.id, doctor.first_name, doctor.last_name, doctor.specialization),
        patient=PatientBrief(patient.id, patient.mrn, patient.first_name, patient.last_name),
        slot_id=slot.id,
        version=FIRST_VERSION,
    )


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
