"""From an event to the people who must be told, with the titles and texts of the rules."""

from functools import singledispatch

from hms.domain.events import (
    AbsenceChanged,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentRescheduled,
    DoctorMadeUnavailable,
    Event,
    HolidayChanged,
    JobFailing,
    JobRecovered,
    NoShowMarked,
    ParticipantInvited,
    PatientBlocked,
    ScheduleChanged,
    Visit,
    written,
)
from hms.domain.messages import Channel, Notice, Priority

IN_APP_ONLY = frozenset({Channel.IN_APP})
IN_APP_AND_EMAIL = frozenset({Channel.IN_APP, Channel.EMAIL})
IN_APP_AND_SMS = frozenset({Channel.IN_APP, Channel.SMS})
ALL = frozenset(Channel)


@singledispatch
def notices_of(event: Event) -> list[Notice]:  # noqa: ARG001 -- the fallback of a dispatch
    """Return what to tell whom after ``event``; most events tell nobody."""
    return []


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
            message=f"Your appointment with Dr. {visit.doctor_name} is on {_when(visit)}.",
            channels=ALL,
            metadata=_of(visit),
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
            message=f"Your appointment with Dr. {before.doctor_name} on {_when(before)} "
            f"is now {doctor}on {_when(visit)}.",
            channels=ALL,
            metadata=_of(visit),
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
            message=f"Your appointment with Dr. {visit.doctor_name} on {_when(visit)} is cancelled.",
            channels=ALL,
            metadata=_of(visit),
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
                metadata={**_of(visit), "isLastMinute": last_minute},
            )
        )
    return told


@notices_of.register
def _(event: ParticipantInvited) -> list[Notice]:
    visit = event.visit
    return [
        Notice(
            cause=f"participant:{event.participant_id}",
            recipient=event.doctor,
            type="CONSULTATION_REQUEST",
            title="Consultation Request",
            message=f"Dr. {visit.doctor_name} has requested your participation ({event.role.lower()}) in the "
            f"consultation of {visit.patient.name} on {_when(visit)}.",
            channels=IN_APP_ONLY,
            priority=Priority.HIGH,
            metadata={**_of(visit), "consultationId": str(event.entity_id)},
        )
    ]


@notices_of.register
def _(event: NoShowMarked) -> list[Notice]:
    visit = event.visit
    return [
        Notice(
            cause=f"no_show:{visit.appointment_id}",
            recipient=visit.patient,
            type="NO_SHOW",
            title="Missed Appointment",
            message=f"You missed your appointment with Dr. {visit.doctor_name} on {_when(visit)}. "
            "If you think this is a mistake, or need another appointment, please contact the clinic.",
            channels=ALL,
            metadata=_of(visit),
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


@notices_of.register
def _(event: ScheduleChanged) -> list[Notice]:
    return [
        Notice(
            cause=f"schedule:{event.entity_id}:{visit.appointment_id}:{visit.starts_at.isoformat()}",
            recipient=visit.patient,
            type="SCHEDULE_CHANGE",
            title="Schedule Change Notification",
            message=f"Dr. {visit.doctor_name}'s schedule has changed. Your appointment on {_when(visit)} may be "
            "affected. Please contact the clinic to confirm or reschedule.",
            channels=IN_APP_AND_SMS,
            priority=Priority.HIGH,
            metadata=_of(visit),
        )
        for visit in event.affected
    ]


@notices_of.register
def _(event: HolidayChanged) -> list[Notice]:
    return [
        Notice(
            # Not of one entry of the list: a visit that is told of a closed day is told once.
            cause=f"holiday:{visit.appointment_id}:{visit.starts_at.isoformat()}",
            recipient=visit.patient,
            type="HOLIDAY",
            title="Appointment Affected by Holiday",
            message=f"The clinic is closed on {_day(visit)} ({event.holiday_name}). Your appointment with Dr. "
            f"{visit.doctor_name} at {visit.start:%H:%M} that day may be affected. Please contact the clinic to "
            "confirm or reschedule.",
            channels=ALL,
            priority=Priority.HIGH,
            metadata=_of(visit),
        )
        for visit in event.affected
    ]


@notices_of.register
def _(event: AbsenceChanged) -> list[Notice]:
    stay = [
        Notice(
            cause=f"absence:{event.entity_id}:{visit.appointment_id}:{visit.starts_at.isoformat()}",
            recipient=visit.patient,
            type="DOCTOR_ABSENCE",
            title="Appointment Affected by Doctor Leave",
            message=f"Dr. {visit.doctor_name} will be away on {_day(visit)}. Your appointment at {visit.start:%H:%M} "
            "that day may be affected. Please contact the clinic to confirm or reschedule.",
            channels=ALL,
            metadata=_of(visit),
        )
        for visit in event.affected
    ]
    gone = [
        Notice(
            cause=f"cancelled:{visit.appointment_id}",
            recipient=visit.patient,
            type="APPOINTMENT_CANCELLED",
            title="Appointment Cancelled - Doctor Emergency",
            message=f"Your appointment with Dr. {visit.doctor_name} on {_when(visit)} is cancelled due to a doctor "
            "emergency. We are sorry. Please book another time, or contact the clinic.",
            channels=ALL,
            priority=Priority.HIGH,
            metadata=_of(visit),
        )
        for visit in event.cancelled
    ]
    return stay + gone


@notices_of.register
def _(event: DoctorMadeUnavailable) -> list[Notice]:
    return [
        Notice(
            cause=f"cancelled:{visit.appointment_id}",
            recipient=visit.patient,
            type="APPOINTMENT_CANCELLED",
            title="Appointment Cancelled - Doctor Unavailable",
            message=f"Your appointment with Dr. {visit.doctor_name} on {_when(visit)} is cancelled because the doctor "
            "is not available. Please book another time, or contact the clinic.",
            channels=IN_APP_AND_SMS,
            priority=Priority.HIGH,
            metadata=_of(visit),
        )
        for visit in event.cancelled
    ]


@notices_of.register
def _(event: JobFailing) -> list[Notice]:
    return [
        Notice(
            cause=f"job_failing:{event.entity_id}",
            recipient=admin,
            type="JOB_FAILING",
            title=f"{event.job} is failing",
            message=f"{event.job} has failed {event.failures} times in a row. Last error: {event.error}. "
            "Open the automation page to see why and to run it again.",
            channels=IN_APP_AND_EMAIL,
            priority=Priority.HIGH,
        )
        for admin in event.admins
    ]


@notices_of.register
def _(event: JobRecovered) -> list[Notice]:
    return [
        Notice(
            cause=f"job_recovered:{event.entity_id}",
            recipient=admin,
            type="JOB_RECOVERED",
            title=f"{event.job} is well again",
            message=f"{event.job} completed after repeated failures.",
            channels=IN_APP_AND_EMAIL,
            priority=Priority.HIGH,
        )
        for admin in event.admins
    ]


def _when(visit: Visit) -> str:
    return f"{_day(visit)} at {visit.start:%H:%M}"


def _day(visit: Visit) -> str:
    return f"{visit.day:%A} {visit.day.day} {visit.day:%B %Y}"


def _of(visit: Visit) -> dict[str, object]:
    return {"appointmentId": str(visit.appointment_id), "startsAt": written(visit.starts_at)}
