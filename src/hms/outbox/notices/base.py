"""The dispatch from events to notices, and what their texts share."""

from datetime import date, time
from functools import lru_cache, singledispatch

from hms.domain.events import Event, Visit, written
from hms.domain.messages import Channel, Notice
from hms.domain.people import Contact
from hms.languages import Said, Voice, voice

IN_APP_ONLY = frozenset({Channel.IN_APP})
IN_APP_AND_EMAIL = frozenset({Channel.IN_APP, Channel.EMAIL})
IN_APP_AND_SMS = frozenset({Channel.IN_APP, Channel.SMS})
ALL = frozenset(Channel)


@singledispatch
def notices_of(event: Event, locale: str) -> list[Notice]:  # noqa: ARG001 -- the fallback of a dispatch
    """Return what to tell whom after ``event``, in their languages; most events tell nobody.

    ``locale``: the hospital's, for whoever speaks none of ours, and for how dates and times are written.
    """
    return []


def may_tell(event: Event) -> bool:
    """Tell whether anybody could have to be told of such an event."""
    return notices_of.dispatch(type(event)) is not notices_of.dispatch(object)


def voice_for(contact: Contact, locale: str) -> Voice:
    """Return the voice in which somebody is told."""
    return voice(contact.language, locale)


def doctor(say: Voice, visit: Visit) -> Said:
    """Name a visit's doctor with title."""
    return _doctor(say, visit.doctor_name)


def when(say: Voice, visit: Visit) -> Said:
    """Write day and time of a visit, as the hospital has them."""
    return _when(say, visit.day, visit.start)


def briefly(say: Voice, visit: Visit) -> Said:
    """Write day and time of a visit for a text message."""
    return _briefly(say, visit.day, visit.start)


def about(visit: Visit) -> dict[str, object]:
    """Return what programs need to know of the visit that a notice is about."""
    return {"appointmentId": str(visit.appointment_id), "startsAt": written(visit.starts_at)}


# A check marks the visits of few doctors at few times; half of what a notice costs is to say these again.
@lru_cache(maxsize=1024)
def _doctor(say: Voice, name: str) -> Said:
    return say("Dr. {name}", name=name)


@lru_cache(maxsize=1024)
def _when(say: Voice, day: date, start: time) -> Said:
    return say("{day} at {time}", day=say.day(day), time=say.time(start))


@lru_cache(maxsize=1024)
def _briefly(say: Voice, day: date, start: time) -> Said:
    return Said(f"{say.short_day(day)} {say.time(start)}")
