"""Notices of changes of doctors' and the hospital's calendars."""

from dataclasses import dataclass

from hms.domain.events import AbsenceChanged, DoctorMadeUnavailable, HolidayChanged, ScheduleChanged, Visit
from hms.domain.messages import Channel, Notice, Priority
from hms.languages import marked
from hms.outbox.notices.base import ALL, IN_APP_AND_SMS, about, briefly, doctor, notices_of, voice_for, when


@dataclass(frozen=True, slots=True)
class Gone:
    """How patients are told that the clinic has cancelled their visit, and by which ways."""

    title: str
    message: str
    short: str
    channels: frozenset[Channel]


BY_EMERGENCY = Gone(
    marked("Appointment Cancelled - Doctor Emergency"),
    marked(
        "Your appointment with {doctor} on {when} is cancelled due to a doctor emergency. We are sorry. Please "
        "book another time, or contact the clinic."
    ),
    marked("Cancelled, doctor's emergency: {doctor}, {when}. Sorry. Please book another time or call."),
    ALL,
)
WITH_DOCTOR = Gone(
    marked("Appointment Cancelled - Doctor Unavailable"),
    marked(
        "Your appointment with {doctor} on {when} is cancelled because the doctor is not available. Please book "
        "another time, or contact the clinic."
    ),
    marked("Cancelled, doctor not available: {doctor}, {when}. Please book another time or call."),
    IN_APP_AND_SMS,
)


@notices_of.register
def _(event: ScheduleChanged, locale: str) -> list[Notice]:
    return [_outside_schedule(event, visit, locale) for visit in event.affected]


@notices_of.register
def _(event: HolidayChanged, locale: str) -> list[Notice]:
    return [_on_holiday(event, visit, locale) for visit in event.affected]


@notices_of.register
def _(event: AbsenceChanged, locale: str) -> list[Notice]:
    stay = [_in_absence(event, visit, locale) for visit in event.affected]
    return stay + [_gone(BY_EMERGENCY, visit, locale) for visit in event.cancelled]


@notices_of.register
def _(event: DoctorMadeUnavailable, locale: str) -> list[Notice]:
    return [_gone(WITH_DOCTOR, visit, locale) for visit in event.cancelled]


def _outside_schedule(event: ScheduleChanged, visit: Visit, locale: str) -> Notice:
    say = voice_for(visit.patient, locale)
    return Notice(
        cause=f"schedule:{event.entity_id}:{visit.appointment_id}:{visit.starts_at.isoformat()}",
        recipient=visit.patient,
        type="SCHEDULE_CHANGE",
        title=say("Schedule Change Notification"),
        message=say(
            "{doctor}'s schedule has changed. Your appointment on {when} may be affected. Please contact the clinic to "
            "confirm or reschedule.",
            doctor=doctor(say, visit),
            when=when(say, visit),
        ),
        short=say(
            "{doctor}'s schedule has changed. Your visit, {when}, may be affected. Please call to confirm or move it.",
            doctor=doctor(say, visit),
            when=briefly(say, visit),
        ),
        language=say.language,
        channels=IN_APP_AND_SMS,
        priority=Priority.HIGH,
        metadata=about(visit),
    )


def _on_holiday(event: HolidayChanged, visit: Visit, locale: str) -> Notice:
    say = voice_for(visit.patient, locale)
    return Notice(
        # Not of one entry of the list: a visit that is told of a closed day is told once.
        cause=f"holiday:{visit.appointment_id}:{visit.starts_at.isoformat()}",
        recipient=visit.patient,
        type="HOLIDAY",
        title=say("Appointment Affected by Holiday"),
        message=say(
            "The clinic is closed on {day} ({holiday}). Your appointment with {doctor} at {time} that day may be "
            "affected. Please contact the clinic to confirm or reschedule.",
            day=say.day(visit.day),
            holiday=event.holiday_name,
            doctor=doctor(say, visit),
            time=say.time(visit.start),
        ),
        short=say(
            "We are closed {day}. Your visit, {doctor} {time}, may be affected. Please call to confirm or move it.",
            day=say.short_day(visit.day),
            doctor=doctor(say, visit),
            time=say.time(visit.start),
        ),
        language=say.language,
        channels=ALL,
        priority=Priority.HIGH,
        metadata=about(visit),
    )


def _in_absence(event: AbsenceChanged, visit: Visit, locale: str) -> Notice:
    say = voice_for(visit.patient, locale)
    return Notice(
        cause=f"absence:{event.entity_id}:{visit.appointment_id}:{visit.starts_at.isoformat()}",
        recipient=visit.patient,
        type="DOCTOR_ABSENCE",
        title=say("Appointment Affected by Doctor Leave"),
        message=say(
            "{doctor} will be away on {day}. Your appointment at {time} that day may be affected. Please contact the "
            "clinic to confirm or reschedule.",
            doctor=doctor(say, visit),
            day=say.day(visit.day),
            time=say.time(visit.start),
        ),
        short=say(
            "{doctor} is away {day}. Your visit at {time} may be affected. Please call to confirm or move it.",
            doctor=doctor(say, visit),
            day=say.short_day(visit.day),
            time=say.time(visit.start),
        ),
        language=say.language,
        channels=ALL,
        metadata=about(visit),
    )


def _gone(why: Gone, visit: Visit, locale: str) -> Notice:
    say = voice_for(visit.patient, locale)
    return Notice(
        cause=f"cancelled:{visit.appointment_id}",
        recipient=visit.patient,
        type="APPOINTMENT_CANCELLED",
        title=say(why.title),
        message=say(why.message, doctor=doctor(say, visit), when=when(say, visit)),
        short=say(why.short, doctor=doctor(say, visit), when=briefly(say, visit)),
        language=say.language,
        channels=why.channels,
        priority=Priority.HIGH,
        metadata=about(visit),
    )
