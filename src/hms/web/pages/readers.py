"""Who reads a page, and what speaks their language to them: in its templates ``told``, in its module ``reader()``.

Patients read their own language. Before they signed in it is the browser's, if it is one of ours, else the hospital's.
Staff pages are English. A page whose link or device says who reads it gives its own voice first (``speak``).
"""

from datetime import date, datetime, time
from typing import Protocol, cast

from flask import g, request
from werkzeug.local import LocalProxy

from hms.domain.people import Role
from hms.languages import ENGLISH, Said, Voice, marked, spoken, voice
from hms.queries import hospitals
from hms.queries.identity import Identity
from hms.web.identity import door
from hms.web.pages import formats
from hms.web.pages.desk import PLAIN_FORMATS, desk, signed_in
from hms.web.pages.formats import Formats

STATUS_WORDS = {
    "SCHEDULED": marked("Scheduled"),
    "CONFIRMED": marked("Confirmed"),
    "CHECKED_IN": marked("Here"),
    "IN_PROGRESS": marked("With doctor"),
    "COMPLETED": marked("Done"),
    "NO_SHOW": marked("Missed"),
    "CANCELLED": marked("Cancelled"),
}


class Named(Protocol):
    """A doctor, by both names."""

    @property
    def first_name(self) -> str:
        """The given name."""

    @property
    def last_name(self) -> str:
        """The family name."""


def reader() -> Voice:
    """Return what speaks to whoever reads this page."""
    if "reader" not in g:
        g.reader = _reader()
    return cast(Voice, g.reader)


told = LocalProxy(reader)
"""``reader()`` as templates call it: ``told("Dr. {name}", name=name)``, ``told.day(day)``."""


def speak(say: Voice) -> None:
    """Let this request's page be read by somebody whose voice is known already."""
    g.reader = say


def speak_unasked() -> None:
    """Settle who reads without asking the database, which may be what just failed."""
    if "reader" not in g:
        who = cast(Identity | None, g.get("who"))
        speak(voice(wished_language()) if who is None else _of(who))


def wished_language() -> str:
    """Return which of our languages the browser asks for first; empty when it asks for none."""
    wishes = (spoken(tag) for tag, quality in request.accept_languages if quality > 0)
    return next((code for code in wishes if code), "")


def many(one: str, several: str, count: int, **values: object) -> str:
    """Say how many, in templates (``told_many``): their texts are found by a plain name only."""
    return reader().many(one, several, count, **values)


def doctor_name(doctor: Named) -> str:
    """Write a doctor's name with the title."""
    return reader()("Dr. {name}", name=f"{doctor.first_name} {doctor.last_name}")


def clock(at: time | datetime) -> str:
    """Write a time of day; an instant is first brought to the hospital's wall time."""
    written = formats_here()
    if _is_english():
        return written.clock(at)
    return _unbroken(reader().time(written.local_time(at) if isinstance(at, datetime) else at))


def stamp(at: datetime) -> str:
    """Write an instant as weekday, date and time."""
    written = formats_here()
    if _is_english():
        return written.stamp(at)
    say = reader()
    return say("{day}, {time}", day=say.short_day_and_year(written.local_date(at)), time=clock(at))


def medium_day(day: date) -> str:
    """Write Thursday 22 January."""
    return formats.medium_day(day) if _is_english() else reader().weekday_and_date(day)


def short_day(day: date) -> str:
    """Write Thu 22 Jan 2026."""
    return formats.short_day(day) if _is_english() else reader().short_day_and_year(day)


def near_day(day: date, today: date) -> str:
    """Write Today, Tomorrow, or Thu 22 Jan."""
    if 0 <= (day - today).days <= 1:
        return relative_day(day, today).capitalize()
    return f"{day:%a} {formats.short_date(day)}" if _is_english() else reader().short_day(day)


def relative_day(day: date, today: date) -> str:
    """Write today, tomorrow, yesterday, or how far away a day is."""
    say, days = reader(), (day - today).days
    if days in (0, 1, -1):
        return {0: say("today"), 1: say("tomorrow"), -1: say("yesterday")}[days]
    if days > 0:
        return say.many("in {count} day", "in {count} days", days)
    return say.many("{count} day ago", "{count} days ago", -days)


def formats_here() -> Formats:
    """Return how the reader's hospital writes times; plainly before somebody signed in."""
    return desk().formats if signed_in() is not None else PLAIN_FORMATS


def _reader() -> Voice:
    who = signed_in()
    return _stranger() if who is None else _of(who)


def _of(who: Identity) -> Voice:
    return voice(who.told_in if who.role is Role.PATIENT else ENGLISH, who.hospital.locale)


def _stranger() -> Voice:
    wish = wished_language()
    # Which hospital a stranger means is not known; most houses have one, or several that speak alike.
    return voice(wish, "" if wish else door().runtime.read(hospitals.common_locale))


def _unbroken(at: Said) -> Said:
    """Keep the halves of the day on the line of their hours; messages to old telephones can't."""
    return Said(at.replace(" ", "\u00a0"))


def _is_english() -> bool:
    return reader().language == ENGLISH
