"""Collect the texts that HMS says to people, and bring the catalogues of translations up to date.

``python -m tools.catalogues`` writes src/hms/locale/hms.pot and the hms.po of every language: new texts come in
without a translation, texts that are said no more go. ``--check`` changes nothing and says what is missing.
"""

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from string import Formatter
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from hms.domain import stage_alerts
from hms.languages import ENGLISH, LANGUAGES, catalogues

SOURCE = catalogues.FOLDER.parent
TEMPLATE = catalogues.FOLDER / "hms.pot"
SAID = {"say": None, "marked": None, "many": (1, 2)}
# Where texts are, and which functions say them; in pages, `say` is the name of a macro.
PLACES = (
    ([("**.py", "python"), ("gateways/letters/**", "jinja2")], SAID),
    ([("web/templates/**", "jinja2")], {"told": None, "told_many": (1, 2)}),
)
_CHANGING = re.compile(
    rb'"(?:POT-Creation-Date|PO-Revision-Date|Generated-By|Report-Msgid-Bugs-To|Last-Translator|Language-Team'
    rb'|Project-Id-Version): [^"]*"\n'
)
# What the domain says: it knows no catalogues, so nothing in it is marked.
OF_THE_DOMAIN = (*stage_alerts.TITLES.values(), *stage_alerts.TEXTS.values())


def texts() -> Catalog:
    """Return all texts of the code, in the order of the files that say them."""
    found = Catalog(project="HMS", charset="utf-8", fuzzy=False, header_comment="# What HMS says to people.")
    for methods, functions in PLACES:
        extracted = extract_from_dir(SOURCE, methods, keywords=functions)
        for file, _line, text, _comments, _context in sorted(extracted, key=lambda each: each[:2]):
            found.add(text, locations=[(f"src/hms/{file}", 1)])
    for text in OF_THE_DOMAIN:
        found.add(text, locations=[("src/hms/domain/stage_alerts.py", 1)])
    return found


def updated(language: str, wanted: Catalog) -> Catalog:
    """Return a language's catalogue with just the texts of the code."""
    if catalogues.source(language).exists():
        known = catalogues.read(language)
    else:
        known = Catalog(locale=language, project="HMS", fuzzy=False, header_comment="# What HMS says to people.")
    known.update(wanted, no_fuzzy_matching=True)
    known.obsolete.clear()
    return known


def problems(known: Catalog, wanted: Catalog) -> Iterator[str]:
    """Say what is wrong with a language's catalogue ``known``."""
    for text in known.obsolete:
        yield f"{text!r} is obsolete"
    for message in known:
        if message.id and message.id not in wanted:
            yield f"{message.id!r} is said nowhere"
    for message in wanted:
        if message.id:
            yield from (f"{message.id!r} {problem}" for problem in _problems(known.get(message.id), message))


def _problems(translated: Message | None, wanted: Message) -> Iterator[str]:
    if translated is None:
        yield "is missing"
        return
    if translated.fuzzy:
        yield "is fuzzy: somebody has to look it over"
    for each in _forms(translated.string):
        if not each:
            yield "has no translation"
        # The number itself may go without saying: one hour.
        elif (_places(each) ^ _places(_forms(wanted.id)[-1])) - {"count"}:
            yield f"has other places for values in its translation: {each!r}"
        elif re.search(r"[\n\u200e\u200f\u202a-\u202e\u2066-\u2069]", each):
            yield "has a translation with line breaks or marks of direction"


def _forms(said: Any) -> list[str]:
    return [said or ""] if isinstance(said, str | None) else list(said)


def _places(text: str) -> set[str]:
    return {name for _before, name, _format, _conversion in Formatter().parse(text) if name is not None}


def written(catalogue: Catalog) -> bytes:
    """Return the text of a catalogue's file, the same for the same translations."""
    file = BytesIO()
    write_po(file, catalogue, width=120, omit_header=False, sort_output=False, include_lineno=False)
    # A date and a version that change with each run would make a change of every run.
    return _CHANGING.sub(b"", file.getvalue())


def main() -> int:
    """Update the catalogues, or with ``--check`` look them over."""
    wanted = texts()
    others = [language for language in LANGUAGES if language != ENGLISH]
    if "--check" not in sys.argv[1:]:
        TEMPLATE.parent.mkdir(exist_ok=True)
        TEMPLATE.write_bytes(written(wanted))
        for language in others:
            file = catalogues.source(language)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(written(updated(language, wanted)))
    found = [f"{language}: {problem}" for language in others for problem in problems(catalogues.read(language), wanted)]
    print("\n".join(found) or "All texts are translated.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
