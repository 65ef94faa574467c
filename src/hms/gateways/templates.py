"""Lay messages out: html and plain mail, and short texts."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

FOLDER = Path(__file__).parent / "letters"
SHORT = 320
"""Characters of a text message: two parts of a long one, which is what every phone shows whole."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The hospital as its letters show it. ``email``: where answers go, if anywhere."""

    name: str
    address: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do by opening an address. ``is_main``: the one that nearly everybody wants."""

    words: str
    url: str
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; every row has as many cells as there are headings."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """What one mail says. ``facts``: label and value, shown as a small table; ``language`` is the text's own.

    ``steps``: what can be done from the mail. ``name`` may be empty: nobody knows who reads it. ``stop``: where such
    messages are declined; empty for those that nobody can decline.
    """

    hospital: Letterhead
    name: str
    title: str
    message: str
    facts: tuple[tuple[str, str], ...] = ()
    steps: tuple[Step, ...] = ()
    table: Table | None = None
    stop: str = ""
    language: str = "en"


def html(letter: Letter) -> str:
    """Lay a letter out as HTML; nothing in it is taken for markup."""
    return _render("message.html", letter)


def plain(letter: Letter) -> str:
    """Lay a letter out as plain text."""
    return _render("message.txt", letter)


def short(letter: Letter, go_on: str = "") -> str:
    """Say it in one text message: the hospital's name first, so that people know who writes.

    ``go_on``: where to go on from there; it is never cut.
    """
    text = " ".join(f"{letter.hospital.name}: {letter.message}".split())
    end = f" {go_on}" if go_on else ""
    end += f" {letter.hospital.phone}" if letter.hospital.phone else ""
    room = SHORT - len(end)
    return (text if len(text) <= room else f"{text[: room - 1]}…") + end


def _render(template: str, letter: Letter) -> str:
    return (
        _environment()
        .get_template(template)
        .render(
            hospital=letter.hospital,
            name=letter.name,
            title=letter.title,
            message=letter.message,
            facts=letter.facts,
            steps=letter.steps,
            table=letter.table,
            stop=letter.stop,
            language=letter.language,
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
