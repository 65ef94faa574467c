"""Everything that HMS says to people can be said in every language."""

import pytest
from babel.messages.catalog import Catalog

from hms.languages import ENGLISH, LANGUAGES, catalogues
from tools.catalogues import TEMPLATE, problems, texts, updated, written

OTHERS = [language for language in LANGUAGES if language != ENGLISH]


@pytest.fixture(scope="module")
def wanted() -> Catalog:
    return texts()


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_with_the_same_places_and_nothing_else(language: str, wanted: Catalog) -> None:
    found = list(problems(catalogues.read(language), wanted))
    assert not found, "run `make catalogues`, then translate:\n" + "\n".join(found)


def test_the_files_are_as_the_code_is(wanted: Catalog) -> None:
    assert TEMPLATE.read_bytes() == written(wanted), "run `make catalogues`"
    assert all(catalogues.source(each).read_bytes() == written(updated(each, wanted)) for each in OTHERS)


def test_what_the_check_finds(wanted: Catalog) -> None:
    damaged = catalogues.read("es")
    damaged["Hello,"].flags.add("fuzzy")
    damaged["Appointment Booked"].string = ""
    damaged["Dr. {name}"].string = "Dr. {nombre}"
    damaged["You can book appointments again."].string = "a\u202eb"
    damaged.delete("Yes")
    damaged.add("Said by nobody", "Nada")
    found = "\n".join(problems(damaged, wanted))
    for text in (
        "'Hello,' is fuzzy",
        "'Appointment Booked' has no translation",
        "'Dr. {name}' has other places",
        "'You can book appointments again.' has a translation with line breaks or marks",
        "'Yes' is missing",
        "'Said by nobody' is said nowhere",
    ):
        assert text in found
