"""Lay messages out: html and plain mail, and short texts."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from hms.domain.sms import sms_segments, thrifty
from hms.languages import Voice, one_line, unfenced, voice

FOLDER = Path(__file__).parent / "letters"
MOST_SEGMENTS = 3
"""Parts of the longest text message, whatever names are in it; nearly all are one or two."""
LONGEST_SENDER = 40
"""Characters of a hospital's name at the head of a text message."""
PLAIN_ENGLISH = voice("en")


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
    """What one message says. ``facts``: label and value, shown as a small table; ``say``: speaks its language.

    ``steps``: what can be done from the mail. ``name`` may be empty: nobody knows who reads it. ``stop``: where such
    messages are declined; empty for those that nobody can decline. ``short``: the message as a text message
    says it, if otherwise.
    """

    hospital: Letterhead
    name: str
    title: str
    message: str
    facts: tuple[tuple[str, str], ...] = ()
    steps: tuple[Step, ...] = ()
    table: Table | None = None
    stop: str = ""
    short: str = ""
    say: Voice = PLAIN_ENGLISH


def html(letter: Letter) -> str:
    """Lay a letter out as HTML, mirrored for who reads from right to left; nothing in it is taken for markup."""
    return _render("message.html", letter)


def plain(letter: Letter) -> str:
    """Lay a letter out as plain text."""
    return _render("message.txt", letter)


def short(letter: Letter, go_on: Sequence[str] = ("",)) -> str:
    """Say it in one text message: the hospital's name first, so that people know who writes, its number at the end.

    ``go_on``: where to go on from there, in several words, the best ones first; those are taken that make the text
    travel in fewest segments, and they are never cut.
    """
    written = [_short(letter, end) for end in go_on]
    return min(written, key=sms_segments)


def _short(letter: Letter, go_on: str) -> str:
    sender = one_line(letter.hospital.name)
    if len(sender) > LONGEST_SENDER:
        sender = f"{sender[: LONGEST_SENDER - 3].rstrip()}..."
    # Many phones show a box where a fence is; a short text reads well without.
    text = " ".join(unfenced(f"{sender}: {letter.short or letter.message}").split())
    end = "".join(f" {part}" for part in (go_on, one_line(letter.hospital.phone)) if part)
    whole = thrifty(text + end)
    if sms_segments(whole) <= MOST_SEGMENTS:
        return whole
    fitting = bisect_right(range(len(text)), MOST_SEGMENTS, key=lambda length: sms_segments(_cut(text, length, end)))
    return _cut(text, max(fitting - 1, 0), end)


def _cut(text: str, length: int, end: str) -> str:
    return thrifty(f"{text[:length].rstrip()}...{end}")


def _render(template: str, letter: Letter) -> str:
    hospital = letter.hospital
    return (
        _environment()
        .get_template(template)
        .render(
            say=letter.say,
            hospital=Letterhead(
                one_line(hospital.name), one_line(hospital.address), one_line(hospital.phone), hospital.email
            ),
            name=one_line(letter.name),
            title=letter.title,
            message=letter.message,
            facts=letter.facts,
            steps=letter.steps,
            table=letter.table,
            stop=letter.stop,
            rtl=letter.say.is_rtl,
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
