"""Notices of marks and what follows them."""

from hms.domain.events import MarkChanged, NoShowMarked, PatientBlocked, PatientUnblocked
from hms.domain.messages import Notice, Priority
from hms.domain.no_shows import Correction, MarkAction
from hms.languages import Said, Voice, marked
from hms.outbox.notices.base import ALL, about, briefly, doctor, notices_of, voice_for, when


@notices_of.register
def _(event: NoShowMarked, locale: str) -> list[Notice]:
    visit = event.visit
    say = voice_for(visit.patient, locale)
    who = doctor(say, visit)
    return [
        Notice(
            cause=f"no_show:{visit.appointment_id}",
            recipient=visit.patient,
            type="NO_SHOW",
            title=say("Missed Appointment"),
            message=say(
                "You missed your appointment with {doctor} on {when}. If you think this is a mistake, or need another "
                "appointment, please contact the clinic.",
                doctor=who,
                when=when(say, visit),
            ),
            short=say(
                "You missed your visit: {doctor}, {when}. A mistake, or need another one? Please call.",
                doctor=who,
                when=briefly(say, visit),
            ),
            language=say.language,
            channels=ALL,
            metadata=about(visit),
        )
    ]


@notices_of.register
def _(event: MarkChanged, locale: str) -> list[Notice]:
    visit = event.visit
    say = voice_for(visit.patient, locale)
    text, short = _said(event)
    message = say(text, doctor=doctor(say, visit), when=when(say, visit))
    return [
        Notice(
            cause=f"mark_{event.verb.value}:{event.entity_id}:{event.version}",
            recipient=visit.patient,
            type=f"NO_SHOW_{event.verb.name}",
            title=say(_TITLES[event.verb]),
            message=f"{message} {_open_again(say)}" if event.unblocks else message,
            short=say(short, doctor=doctor(say, visit), when=briefly(say, visit)),
            language=say.language,
            channels=ALL,
            metadata=about(visit),
        )
    ]


_TITLES: dict[MarkAction, str] = {
    MarkAction.WAIVED: marked("Missed Appointment Forgiven"),
    MarkAction.REINSTATED: marked("Missed Appointment Counts Again"),
    MarkAction.JUSTIFIED: marked("Missed Appointment Excused"),
    MarkAction.UNJUSTIFIED: marked("Missed Appointment No Longer Excused"),
    MarkAction.UNDONE: marked("Appointment Stands"),
    MarkAction.CORRECTED: marked("Missed Appointment Corrected"),
}

_SAID: dict[MarkAction, tuple[str, str]] = {
    MarkAction.WAIVED: (
        marked("The clinic has forgiven your missed appointment with {doctor} on {when}. It does not count."),
        marked("Forgiven, and does not count: your missed visit, {doctor}, {when}."),
    ),
    MarkAction.JUSTIFIED: (
        marked("The clinic has excused your missed appointment with {doctor} on {when}. It does not count."),
        marked("Excused, and does not count: your missed visit, {doctor}, {when}."),
    ),
    MarkAction.UNDONE: (
        marked(
            "Your appointment with {doctor} on {when} was noted as missed by mistake. It stands, and nothing counts."
        ),
        marked("Noted as missed by mistake, but stands: your visit, {doctor}, {when}."),
    ),
}
_COUNTS = (
    marked(
        "Your missed appointment with {doctor} on {when} counts again. If you think this is a mistake, please contact "
        "the clinic."
    ),
    marked("Your missed visit, {doctor}, {when}, counts again. A mistake? Please call."),
)
_STILL_NOT = (
    marked(
        "The clinic has taken back that it had forgiven your missed appointment with {doctor} on {when}. It still does "
        "not count."
    ),
    marked("No longer forgiven, but still does not count: your missed visit, {doctor}, {when}."),
)
_OUR_FAULT = (
    marked(
        "Your appointment with {doctor} on {when} could not take place because of us, so it is not held against you. "
        "We apologise."
    ),
    marked("Our fault, and not held against you: your visit, {doctor}, {when}. We apologise."),
)
_WAS_THERE = (
    marked(
        "Your appointment with {doctor} on {when} was noted as missed by mistake. This is corrected: you were there, "
        "and nothing counts."
    ),
    marked("Corrected, and nothing counts: you did come to your visit, {doctor}, {when}."),
)


def _said(event: MarkChanged) -> tuple[str, str]:
    """Return what to say of a changed mark, at length and in a text message."""
    if event.verb in _SAID:
        return _SAID[event.verb]
    if event.verb is MarkAction.CORRECTED:
        return _OUR_FAULT if event.to is Correction.CLINIC_FAULT else _WAS_THERE
    return _COUNTS if event.counts else _STILL_NOT


def _open_again(say: Voice) -> Said:
    return say("You can book appointments again.")


@notices_of.register
def _(event: PatientBlocked, locale: str) -> list[Notice]:
    say = voice_for(event.patient, locale)
    if event.by_count:
        message = say(
            "You can no longer book appointments yourself because several were missed. Appointments that you already "
            "have stay. Please contact the clinic to book again."
        )
    else:
        message = say(
            "You can no longer book appointments yourself because the clinic has decided so. Appointments that you "
            "already have stay. Please contact the clinic to book again."
        )
    return [
        Notice(
            cause=f"blocked:{event.version}",
            recipient=event.patient,
            type="PATIENT_BLOCKED",
            title=say("Online Booking Paused"),
            message=message,
            short=say("You can no longer book visits yourself. Those that you have stay. To book, please call."),
            language=say.language,
            channels=ALL,
            priority=Priority.HIGH,
        )
    ]


@notices_of.register
def _(event: PatientUnblocked, locale: str) -> list[Notice]:
    if not event.is_told:
        return []
    say = voice_for(event.patient, locale)
    return [
        Notice(
            cause=f"unblocked:{event.version}",
            recipient=event.patient,
            type="PATIENT_UNBLOCKED",
            title=say("Online Booking Open Again"),
            message=say("You can book appointments yourself again."),
            short=say("You can book visits yourself again."),
            language=say.language,
            channels=ALL,
        )
    ]
