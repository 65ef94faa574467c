"""A doctor who takes no more patients: what lies ahead is called off, in one transaction (rules §2)."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from hms.domain.appointments import OPEN, Status
from hms.domain.events import AppointmentMoved, DoctorMadeUnavailable
from hms.models import Appointment, Doctor
from hms.services import lifecycle
from hms.services.slots import relay
from hms.transaction import Work

REASON = "Doctor unavailable"


@dataclass(frozen=True, slots=True)
class Unavailability:
    """What followed. ``affected_appointment_ids``: the cancelled; ``checked_in_appointment_ids``: left as they are."""

    cancelled_appointments: int
    notified_patients: int
    affected_appointment_ids: tuple[UUID, ...]
    checked_in_appointment_ids: tuple[UUID, ...]


def make_unavailable(work: Work, doctor: Doctor) -> Unavailability:
    """Set a doctor, who is locked for change, unavailable; cancel their future open visits and tell the patients.

    Those who have checked in are listed and left: they sit in the waiting room, and somebody must talk to them.
    """
    doctor.is_available = False
    work.session.flush()  # the visits bring their doctor along anew
    visits = _ahead(work, doctor)
    cancelled = [visit for visit in visits if visit.status in OPEN]
    moves = []
    for appointment in cancelled:
        before = appointment.status
        lifecycle.move(work, appointment, Status.CANCELLED, reason=REASON)
        appointment.calendar_sequence += 1
        moves.append(AppointmentMoved(entity_id=appointment.id, before=before, after=Status.CANCELLED, reason=REASON))
    work.session.flush()
    told = tuple(lifecycle.visit_of(appointment) for appointment in cancelled)
    work.emit(DoctorMadeUnavailable(entity_id=doctor.id, cancelled=told), *moves)
    if cancelled:
        relay(work, doctor)
    return Unavailability(
        cancelled_appointments=len(cancelled),
        notified_patients=len({appointment.patient_id for appointment in cancelled}),
        affected_appointment_ids=tuple(appointment.id for appointment in cancelled),
        checked_in_appointment_ids=tuple(a.id for a in visits if a.status is Status.CHECKED_IN),
    )


def _ahead(work: Work, doctor: Doctor) -> list[Appointment]:
    statement = (
        select(Appointment)
        .where(
            Appointment.hospital_id == work.actor.hospital_id,
            Appointment.doctor_id == doctor.id,
            Appointment.starts_at >= work.now,
            Appointment.status.in_([*sorted(OPEN), Status.CHECKED_IN]),
        )
        .order_by(Appointment.id)
        .options(joinedload(Appointment.patient), joinedload(Appointment.doctor).joinedload(Doctor.user))
        .with_for_update(key_share=True, of=Appointment)
        .execution_options(populate_existing=True)
    )
    return list(work.session.scalars(statement))
