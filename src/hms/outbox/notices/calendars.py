"""Notices of changes of doctors' and the hospital's calendars."""

from hms.domain.events import AbsenceChanged, DoctorMadeUnavailable, HolidayChanged, ScheduleChanged
from hms.domain.messages import Notice, Priority
from hms.outbox.notices.base import ALL, IN_APP_AND_SMS, about, day, notices_of, when


@notices_of.register
def _(event: ScheduleChanged) -> list[Notice]:
    return [
        Notice(
            cause=f"schedule:{event.entity_id}:{visit.appointment_id}:{visit.starts_at.isoformat()}",
            recipient=visit.patient,
            type="SCHEDULE_CHANGE",
            title="Schedule Change Notification",
            message=f"Dr. {visit.doctor_name}'s schedule has changed. Your appointment on {when(visit)} may be "
            "affected. Please contact the clinic to confirm or reschedule.",
            channels=IN_APP_AND_SMS,
            priority=Priority.HIGH,
            metadata=about(visit),
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
            message=f"The clinic is closed on {day(visit)} ({event.holiday_name}). Your appointment with Dr. "
            f"{visit.doctor_name} at {visit.start:%H:%M} that day may be affected. Please contact the clinic to "
            "confirm or reschedule.",
            channels=ALL,
            priority=Priority.HIGH,
            metadata=about(visit),
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
            message=f"Dr. {visit.doctor_name} will be away on {day(visit)}. Your appointment at {visit.start:%H:%M} "
            "that day may be affected. Please contact the clinic to confirm or reschedule.",
            channels=ALL,
            metadata=about(visit),
        )
        for visit in event.affected
    ]
    gone = [
        Notice(
            cause=f"cancelled:{visit.appointment_id}",
            recipient=visit.patient,
            type="APPOINTMENT_CANCELLED",
            title="Appointment Cancelled - Doctor Emergency",
            message=f"Your appointment with Dr. {visit.doctor_name} on {when(visit)} is cancelled due to a doctor "
            "emergency. We are sorry. Please book another time, or contact the clinic.",
            channels=ALL,
            priority=Priority.HIGH,
            metadata=about(visit),
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
            message=f"Your appointment with Dr. {visit.doctor_name} on {when(visit)} is cancelled because the doctor "
            "is not available. Please book another time, or contact the clinic.",
            channels=IN_APP_AND_SMS,
            priority=Priority.HIGH,
            metadata=about(visit),
        )
        for visit in event.cancelled
    ]
