"""Notices of bookings, moves and cancellations."""

from hms.domain.events import AppointmentBooked, AppointmentCancelled, AppointmentReminded, AppointmentRescheduled
from hms.domain.messages import Notice, Priority
from hms.outbox.notices.base import ALL, IN_APP_ONLY, about, briefly, doctor, notices_of, voice_for, when


@notices_of.register
def _(event: AppointmentBooked, locale: str) -> list[Notice]:
    visit = event.visit
    say = voice_for(visit.patient, locale)
    return [
        Notice(
            cause=f"booked:{visit.appointment_id}:{visit.starts_at.isoformat()}",
            recipient=visit.patient,
            type="APPOINTMENT_BOOKED",
            title=say("Appointment Booked"),
            is_new=True,
            message=say(
                "Your appointment with {doctor} is on {when}.", doctor=doctor(say, visit), when=when(say, visit)
            ),
            short=say("Booked: {doctor}, {when}.", doctor=doctor(say, visit), when=briefly(say, visit)),
            language=say.language,
            channels=ALL,
            metadata=about(visit),
        )
    ]


@notices_of.register
def _(event: AppointmentRescheduled, locale: str) -> list[Notice]:
    visit, before = event.visit, event.before
    say = voice_for(visit.patient, locale)
    if visit.doctor == before.doctor:
        message = say(
            "Your appointment with {doctor} on {before} is now on {when}.",
            doctor=doctor(say, before),
            before=when(say, before),
            when=when(say, visit),
        )
    else:
        message = say(
            "Your appointment with {former_doctor} on {before} is now with {doctor} on {when}.",
            former_doctor=doctor(say, before),
            before=when(say, before),
            doctor=doctor(say, visit),
            when=when(say, visit),
        )
    return [
        Notice(
            cause=f"rescheduled:{visit.appointment_id}:{event.sequence}",
            recipient=visit.patient,
            type="APPOINTMENT_RESCHEDULED",
            title=say("Appointment Rescheduled"),
            is_new=True,
            message=message,
            short=say("New time: {doctor}, {when}.", doctor=doctor(say, visit), when=briefly(say, visit)),
            language=say.language,
            channels=ALL,
            metadata=about(visit),
        )
    ]


@notices_of.register
def _(event: AppointmentCancelled, locale: str) -> list[Notice]:
    visit = event.visit
    say = voice_for(visit.patient, locale)
    told = [
        Notice(
            cause=f"cancelled:{visit.appointment_id}",
            is_new=True,  # what is cancelled stays so
            recipient=visit.patient,
            type="APPOINTMENT_CANCELLED",
            title=say("Appointment Cancelled"),
            message=say(
                "Your appointment with {doctor} on {when} is cancelled.",
                doctor=doctor(say, visit),
                when=when(say, visit),
            ),
            short=say("Cancelled: {doctor}, {when}.", doctor=doctor(say, visit), when=briefly(say, visit)),
            language=say.language,
            channels=ALL,
            metadata=about(visit),
        )
    ]
    return [*told, _to_doctor(event, locale)] if event.by_patient else told


def _to_doctor(event: AppointmentCancelled, locale: str) -> Notice:
    visit, last_minute = event.visit, event.is_last_minute
    say = voice_for(visit.doctor, locale)
    return Notice(
        cause=f"cancelled:{visit.appointment_id}",
        is_new=True,
        recipient=visit.doctor,
        type="PATIENT_CANCELLED",
        title=say("Last-Minute Cancellation") if last_minute else say("Appointment Cancelled"),
        message=say(
            "{patient} cancelled their {time} appointment on {day}",
            patient=visit.patient.name,
            time=say.time(visit.start),
            day=say.short_date(visit.day),
        ),
        language=say.language,
        channels=IN_APP_ONLY,
        priority=Priority.HIGH if last_minute else Priority.NORMAL,
        metadata={**about(visit), "isLastMinute": last_minute},
    )


@notices_of.register
def _(event: AppointmentReminded, locale: str) -> list[Notice]:
    visit = event.visit
    say = voice_for(visit.patient, locale)
    who = doctor(say, visit)
    if event.lead == 0:
        time = say.time(visit.start)
        message = say("Your appointment with {doctor} is today at {time}.", doctor=who, time=time)
        short = say("Today: {doctor}, {time}.", doctor=who, time=time)
    else:
        message = say("Your appointment with {doctor} is on {when}.", doctor=who, when=when(say, visit))
        short = say("Reminder: {doctor}, {when}.", doctor=who, when=briefly(say, visit))
    return [
        Notice(
            cause=f"reminder:{visit.appointment_id}:{visit.starts_at.isoformat()}:{event.lead}",
            recipient=visit.patient,
            type="APPOINTMENT_REMINDER",
            title=say("Appointment Reminder"),
            message=message,
            short=short,
            language=say.language,
            channels=ALL,
            metadata=about(visit),
        )
    ]
