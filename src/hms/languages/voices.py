"""Say things to somebody: in their language, with the dates and times that their part of the world writes.

Texts are written in English where they are used, ``say("Dr. {doctor} is away.", doctor=name)``, and looked up by that.
Values are put in as they are: braces in them mean nothing, and they can neither break a line nor turn its direction.
"""

import re
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time

from hms.languages.catalogues import translations
from hms.languages.names import ENGLISH, is_rtl, spoken

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_DIRECTION = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_UNUSUAL_SPACE = re.compile(r"[\u00a0\u202f]")
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"


class Said(str):
    """A piece of text that is already in the reader's own language, and needs no fence around it."""

    __slots__ = ()


def marked(text: str) -> str:
    """Return ``text`` itself: it is noted for the catalogues here, and said elsewhere."""
    return text


def one_line(value: object) -> str:
    """Return a value's text without line breaks, control characters and those that turn the direction of writing."""
    text = str(value)
    if text.isprintable():  # nearly always, and then there is none of these
        return text.strip()
    return _DIRECTION.sub("", _CONTROL.sub(" ", text)).strip()


def unfenced(text: str) -> str:
    """Return a text without the fences around its names, for screens too old to know them."""
    return text.replace(ISOLATE, "").replace(END_OF_ISOLATE, "")


@dataclass(frozen=True, slots=True)
class Voice:
    """Says texts in one language. ``locale``: its form in the hospital's country (``es_MX``), for dates and times."""

    language: str
    locale: str

    @property
    def is_rtl(self) -> bool:
        """Tell whether the texts run from right to left."""
        return is_rtl(self.language)

    def __call__(self, text: str, /, **values: object) -> Said:
        """Say ``text``, an English one with ``{places}`` for values."""
        return self._filled(translations(self.language).gettext(text), text, values)

    def many(self, one: str, several: str, count: int, /, **values: object) -> Said:
        """Say how many: ``one`` and ``several`` are English, with ``{count}`` for the number."""
        text = one if count == 1 else several
        return self._filled(translations(self.language).ngettext(one, several, count), text, {"count": count, **values})

    def day(self, day: date) -> Said:
        """Write a day with its weekday and year: Tuesday 3 February 2026."""
        return _date(day, "EEEE d MMMM y" if self._is_plain_english else "full", self.locale)

    def weekday_and_date(self, day: date) -> Said:
        """Write a day without its year: Tuesday 3 February."""
        known = Locale.parse(self.locale).datetime_skeletons
        pattern = str(known["MMMMEd" if "MMMMEd" in known else "MMMEd"].pattern)
        # The library has such patterns with short names only.
        return _date(day, re.sub("E+", "EEEE", re.sub("MMM+", "MMMM", pattern)), self.locale)

    def weekday(self, day: date) -> Said:
        """Write a day of the week, briefly: Tue."""
        return _date(day, "ccc", self.locale)

    def short_day(self, day: date) -> Said:
        """Write a day with its weekday, briefly: Tue 3 Feb."""
        return _date_by_parts(day, "MMMEd", self.locale)

    def short_day_and_year(self, day: date) -> Said:
        """Write a day with its weekday and year, briefly: Tue 3 Feb 2026."""
        return _date_by_parts(day, "yMMMEd", self.locale)

    def short_date(self, day: date) -> Said:
        """Write a day of the year, briefly: Jan 22."""
        if self._is_plain_english:
            return _date(day, "MMM d", self.locale)
        return _date_by_parts(day, "MMMd", self.locale)

    def day_and_month(self, day: date) -> Said:
        """Write a day of the year: 3 February."""
        if self._is_plain_english:
            return _date(day, "d MMMM", self.locale)
        return _date_by_parts(day, "MMMMd", self.locale)

    def month(self, day: date) -> Said:
        """Write the month and year of a day: February 2026."""
        return _date_by_parts(day, "yMMMM", self.locale)

    def time(self, at: time) -> Said:
        """Write a time of day, 24 or 12 hours as the locale has it: 09:05, 9:05 AM."""
        return _time(at, self.locale)

    @property
    def _is_plain_english(self) -> bool:
        return self.locale == _PLAIN_ENGLISH

    def _filled(self, translation: str, english: str, values: dict[str, object]) -> Said:
        known = {name: self._fenced(value) for name, value in values.items()}
        try:
            return Said(translation.format(**known))
        except (LookupError, ValueError, AttributeError):
            return Said(english.format(**known))  # a slip in a catalogue must not undo a booking

    def _fenced(self, value: object) -> str:
        if isinstance(value, Said | int):
            return str(value)
        text = one_line(value)
        # A name in other letters must not pull the words around it out of their order.
        return f"{ISOLATE}{text}{END_OF_ISOLATE}" if self.is_rtl and text else text


@lru_cache(maxsize=256)
def voice(language: str, locale: str = ENGLISH) -> Voice:
    """Return the voice for a reader's ``language`` in a hospital's ``locale``.

    A language that is not spoken here gives way to the hospital's own, and that to English.
    """
    code = spoken(language) or spoken(locale) or ENGLISH
    return Voice(code, _in_country(code, locale.replace("_", "-").partition("-")[2].upper()))


_PLAIN_ENGLISH = "en_GB"


def _in_country(code: str, country: str) -> str:
    try:
        if country:
            return str(Locale(code, country))
    except UnknownLocaleError:
        pass  # nobody has noted how this language is written there
    # Where nobody said which English, the clock has 24 hours, and the day comes before the month.
    return _PLAIN_ENGLISH if code == ENGLISH else code


# Many are told of the same few days and times, and working one out takes longer than all else about a message.
@lru_cache(maxsize=4096)
def _date(day: date, pattern: str, locale: str) -> Said:
    return _plain_spaces(format_date(day, pattern, locale))


@lru_cache(maxsize=4096)
def _date_by_parts(day: date, parts: str, locale: str) -> Said:
    return _plain_spaces(format_skeleton(parts, day, locale=locale))


@lru_cache(maxsize=4096)
def _time(at: time, locale: str) -> Said:
    return _plain_spaces(format_time(at, "short", locale=locale))


def _plain_spaces(text: str) -> Said:
    """Return a date or time without the narrow spaces that older phones can't show, and that make texts dearer."""
    return Said(_UNUSUAL_SPACE.sub(" ", text))
