"""A doctor who takes no more patients: what lies ahead is called off, in one transaction (rules §2)."""

from dataclasses import dataclass
from uuid import UUID

from hms.domain.appointments import OPEN
from hms.domain.events import DoctorMadeUnavailable, Visit
from hms.models import Doctor
from hms.services import lifecycle
from hms.services.slots import relay
from hms.transaction import Work

REASON = "Doctor unavailable"


@dataclass(frozen=True, slots=True)
class Unavailability:
    """What followed. ``cancelled``: the visits called off; ``checked_in``: those left as they are, each by start."""

    cancelled_appointments: int
    notified_patients: int
    cancelled: tuple[Visit, ...]
    checked_in: tuple[Visit, ...]

    @property
    def affected_appointment_ids(self) -> tuple[UUID, ...]:
        """The cancelled ones."""
        return tuple(visit.appointment_id for visit in self.cancelled)

    @property
    def checked_in_appointment_ids(self) -> tuple[UUID, ...]:
        """The ones left."""
        return tuple(visit.appointment_id for visit in self.checked_in)


def make_unavailable(work: Work, doctor: Doctor) -> Unavailability:
    """Set a doctor, who is locked for change, unavailable; cancel their future open visits and tell the patients.

    Those who have checked in are listed and left: they sit in the waiting room, and somebody must talk to them.
    """
    doctor.is_available = False
    work.session.flush()  # the visits bring their doctor along anew
    visits = lifecycle.locked_ahead(work, doctor.id)
    cancelled = [visit for visit in visits if visit.status in OPEN]
    told = tuple(lifecycle.visit_of(appointment) for appointment in cancelled)
    waiting = tuple(lifecycle.visit_of(appointment) for appointment in visits if appointment.status not in OPEN)
    moves = lifecycle.cancel_many(work, cancelled, REASON)
    work.emit(DoctorMadeUnavailable(entity_id=doctor.id, cancelled=told), *moves)
    if cancelled:
        relay(work, doctor)
    return Unavailability(
        cancelled_appointments=len(told),
        notified_patients=len({visit.patient.patient_id for visit in told}),
        cancelled=told,
        checked_in=waiting,
    )
