"""Notices of marks and what follows them."""

from hms.domain.events import NoShowMarked, PatientBlocked
from hms.domain.messages import Notice, Priority
from hms.outbox.notices.base import ALL, about, notices_of, when


@notices_of.register
def _(event: NoShowMarked) -> list[Notice]:
    visit = event.visit
    return [
        Notice(
            cause=f"no_show:{visit.appointment_id}",
            recipient=visit.patient,
            type="NO_SHOW",
            title="Missed Appointment",
            message=f"You missed your appointment with Dr. {visit.doctor_name} on {when(visit)}. "
            "If you think this is a mistake, or need another appointment, please contact the clinic.",
            channels=ALL,
            metadata=about(visit),
        )
    ]


@notices_of.register
def _(event: PatientBlocked) -> list[Notice]:
    return [
        Notice(
            cause=f"blocked:{event.cause}",
            recipient=event.patient,
            type="PATIENT_BLOCKED",
            title="Online Booking Paused",
            message="You can no longer book appointments yourself because several were missed. "
            "Appointments that you already have stay. Please contact the clinic to book again.",
            channels=ALL,
            priority=Priority.HIGH,
        )
    ]
