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
class Letter:
    """What one mail says. ``facts``: label and value, shown as a small table; ``language`` is the text's own."""

    hospital: Letterhead
    name: str
    title: str
    message: str
    facts: tuple[tuple[str, str], ...] = ()
    language: str = "en"


def html(letter: Letter) -> str:
    """Lay a letter out as HTML; nothing in it is taken for markup."""
    return _render("message.html", letter)


def plain(letter: Letter) -> str:
    """Lay a letter out as plain text."""
    return _render("message.txt", letter)


def short(letter: Letter) -> str:
    """Say it in one text message: the hospital's name first, so that people know who writes."""
    text = " ".join(f"{letter.hospital.name}: {letter.message}".split())
    phone = f" {letter.hospital.phone}" if letter.hospital.phone else ""
    room = SHORT - len(phone)
    return (text if len(text) <= room else f"{text[: room - 1]}…") + phone


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
