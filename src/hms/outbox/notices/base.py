"""The dispatch from events to notices, and what their texts share."""

from functools import singledispatch

from hms.domain.events import Event, Visit, written
from hms.domain.messages import Channel, Notice

IN_APP_ONLY = frozenset({Channel.IN_APP})
IN_APP_AND_EMAIL = frozenset({Channel.IN_APP, Channel.EMAIL})
IN_APP_AND_SMS = frozenset({Channel.IN_APP, Channel.SMS})
ALL = frozenset(Channel)


@singledispatch
def notices_of(event: Event) -> list[Notice]:  # noqa: ARG001 -- the fallback of a dispatch
    """Return what to tell whom after ``event``; most events tell nobody."""
    return []


def when(visit: Visit) -> str:
    """Write day and time of a visit, as the hospital has them."""
    return f"{day(visit)} at {visit.start:%H:%M}"


def day(visit: Visit) -> str:
    """Write the day of a visit."""
    return f"{visit.day:%A} {visit.day.day} {visit.day:%B %Y}"


def about(visit: Visit) -> dict[str, object]:
    """Return what programs need to know of the visit that a notice is about."""
    return {"appointmentId": str(visit.appointment_id), "startsAt": written(visit.starts_at)}
