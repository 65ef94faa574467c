"""The catalogues of translations: read from their sources once in a process, so that nothing has to be compiled."""

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from hms.languages.names import ENGLISH

FOLDER = Path(__file__).parent.parent / "locale"


def source(language: str) -> Path:
    """Return where a language's catalogue is."""
    return FOLDER / language / "LC_MESSAGES" / "hms.po"


def read(language: str) -> Catalog:
    """Read a language's catalogue; raise when it is damaged."""
    with source(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return what knows a language's texts. English ones are those of the code itself, and stand for missing ones."""
    if language == ENGLISH or not source(language).exists():
        return gettext.NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read(language))  # fuzzy ones, which nobody has looked over, stay out
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
