"""Voices say things in a reader's language, with that country's dates; names stay what they are, and where they are."""

from datetime import date, time

import pytest

from hms.languages import LANGUAGES, Said, spoken, voice
from hms.languages.catalogues import source

DAY, HALF_PAST_TWO = date(2026, 2, 3), time(14, 30)


@pytest.mark.parametrize(
    ("tag", "language"),
    [("en", "en"), ("pt-BR", "pt"), ("ES_mx", "es"), ("AR", "ar"), ("fr", None), ("", None), ("../es", None)],
)
def test_which_language_a_tag_means(tag: str, language: str | None) -> None:
    assert spoken(tag) == language


@pytest.mark.parametrize(
    ("language", "locale", "said"),
    [
        ("hi", "en-IN", "hi"),
        ("fr", "pt-BR", "pt"),  # not spoken here: as the hospital speaks
        ("fr", "de-CH", "en"),
        ("", "", "en"),
    ],
)
def test_who_speaks_none_of_ours_is_told_in_the_hospitals_language_then_english(
    language: str, locale: str, said: str
) -> None:
    assert voice(language, locale).language == said


@pytest.mark.parametrize(
    ("language", "locale", "day", "at"),
    [
        ("en", "en", "Tuesday 3 February 2026", "14:30"),
        ("en", "en-US", "Tuesday, February 3, 2026", "2:30 PM"),
        ("en", "en-IN", "Tuesday, 3 February 2026", "2:30 pm"),
        ("es", "en", "martes, 3 de febrero de 2026", "14:30"),
        ("es", "es-CO", "martes, 3 de febrero de 2026", "2:30 p. m."),
        ("pt", "pt-BR", "terça-feira, 3 de fevereiro de 2026", "14:30"),
        ("hi", "en-IN", "मंगलवार, 3 फ़रवरी 2026", "2:30 pm"),
        ("ar", "en", "الثلاثاء، 3 فبراير 2026", "2:30 م"),
    ],
)
def test_days_and_times_are_the_readers(language: str, locale: str, day: str, at: str) -> None:
    say = voice(language, locale)
    assert (say.day(DAY), say.time(HALF_PAST_TWO)) == (day, at)
    assert not {"\u202f", "\u00a0"} & set(say.day(DAY) + say.time(HALF_PAST_TWO) + say.short_day(DAY))


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("en", 1, "1 visit"),
        ("en", 0, "0 visits"),
        ("es", 1, "1 visita"),
        ("pt", 2, "2 consultas"),
        ("ar", 1, "زيارة واحدة"),
        ("ar", 2, "زيارتان"),
        ("ar", 3, "3 زيارات"),
        ("ar", 11, "11 زيارة"),
    ],
)
def test_plurals(language: str, count: int, said: str) -> None:
    assert (
        voice(language).many("{count} visit", "{count} visits", count).replace("\u2068", "").replace("\u2069", "")
        == said
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ann\r\nBcc: all@example.org", "Ann Bcc: all@example.org"),
        ("{name} {0} {name.__class__}", "{name} {0} {name.__class__}"),
        ("%(name)s %s 100%", "%(name)s %s 100%"),
        ("\u202eevil\u202c \u2067x\u2069\u200f", "evil x"),
        ("a\u2028b\x00c\x1b[31m", "a b c [31m"),
    ],
)
def test_nothing_in_a_name_has_an_effect(language: str, name: str, shown: str) -> None:
    say = voice(language)
    fenced = f"\u2068{shown}\u2069" if say.is_rtl else shown
    assert say("Dr. {name}", name=name).endswith(f" {fenced}")


def test_pieces_already_said_are_not_fenced_again() -> None:
    say = voice("ar")
    doctor = say("Dr. {name}", name="Rao")
    assert say("{doctor}, {specialization}", doctor=doctor, specialization="ENT").count("\u2068") == 2
    assert isinstance(doctor, Said)


def test_a_slip_in_a_catalogue_does_not_stop_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slip:
        def gettext(self, text: str) -> str:
            return "Dr. {nombre.x}"

    monkeypatch.setattr("hms.languages.voices.translations", lambda _: Slip())
    assert voice("es")("Dr. {name}", name="Rao") == "Dr. Rao"


def test_catalogues_come_with_the_package() -> None:
    assert all(source(language).exists() for language in LANGUAGES if language != "en")
