"""Notices of bookings, moves and cancellations."""

from hms.domain.events import AppointmentBooked, AppointmentCancelled, AppointmentReminded, AppointmentRescheduled
from hms.domain.messages import Notice, Priority
from hms.outbox.notices.base import ALL, IN_APP_ONLY, about, notices_of, when


@notices_of.register
def _(event: AppointmentBooked) -> list[Notice]:
    visit = event.visit
    return [
        Notice(
            cause=f"booked:{visit.appointment_id}:{visit.starts_at.isoformat()}",
            recipient=visit.patient,
            type="APPOINTMENT_BOOKED",
            title="Appointment Booked",
            is_new=True,
            message=f"Your appointment with Dr. {visit.doctor_name} is on {when(visit)}.",
            channels=ALL,
            metadata=about(visit),
        )
    ]


@notices_of.register
def _(event: AppointmentRescheduled) -> list[Notice]:
    visit, before = event.visit, event.before
    doctor = "" if visit.doctor == before.doctor else f"with Dr. {visit.doctor_name} "
    return [
        Notice(
            cause=f"rescheduled:{visit.appointment_id}:{event.sequence}",
            recipient=visit.patient,
            type="APPOINTMENT_RESCHEDULED",
            title="Appointment Rescheduled",
            is_new=True,
            message=f"Your appointment with Dr. {before.doctor_name} on {when(before)} "
            f"is now {doctor}on {when(visit)}.",
            channels=ALL,
            metadata=about(visit),
        )
    ]


@notices_of.register
def _(event: AppointmentCancelled) -> list[Notice]:
    visit = event.visit
    told = [
        Notice(
            cause=f"cancelled:{visit.appointment_id}",
            recipient=visit.patient,
            type="APPOINTMENT_CANCELLED",
            title="Appointment Cancelled",
            message=f"Your appointment with Dr. {visit.doctor_name} on {when(visit)} is cancelled.",
            channels=ALL,
            metadata=about(visit),
        )
    ]
    if event.by_patient:
        last_minute = event.is_last_minute
        told.append(
            Notice(
                cause=f"cancelled:{visit.appointment_id}",
                recipient=visit.doctor,
                type="PATIENT_CANCELLED",
                title="Last-Minute Cancellation" if last_minute else "Appointment Cancelled",
                message=f"{visit.patient.name} cancelled their {visit.start:%H:%M} appointment on "
                f"{visit.day:%b} {visit.day.day}",
                channels=IN_APP_ONLY,
                priority=Priority.HIGH if last_minute else Priority.NORMAL,
                metadata={**about(visit), "isLastMinute": last_minute},
            )
        )
    return told


@notices_of.register
def _(event: AppointmentReminded) -> list[Notice]:
    visit = event.visit
    on = f"today at {visit.start:%H:%M}" if event.lead == 0 else f"on {when(visit)}"
    return [
        Notice(
            cause=f"reminder:{visit.appointment_id}:{visit.starts_at.isoformat()}:{event.lead}",
            recipient=visit.patient,
            type="APPOINTMENT_REMINDER",
            title="Appointment Reminder",
            message=f"Your appointment with Dr. {visit.doctor_name} is {on}.",
            channels=ALL,
            metadata=about(visit),
        )
    ]
