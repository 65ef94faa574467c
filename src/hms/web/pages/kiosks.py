"""The kiosk at the entrance: a patient types number and birth date and is checked in. Nobody is signed in.

It speaks the hospital's language until somebody chooses another one; the next patient begins with the hospital's again.
"""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, make_response, render_template, request, url_for

from hms.domain.errors import Code, DomainError
from hms.languages import ENGLISH, LANGUAGES, Voice, marked, spoken, voice
from hms.queries.kiosks import Kiosk
from hms.services.kiosks import Arrive
from hms.web import kiosks
from hms.web.errors import TooManyError
from hms.web.identity import door
from hms.web.pages import refusals
from hms.web.pages.desk import Frame, runtime
from hms.web.pages.formats import Formats
from hms.web.pages.readers import speak

REFUSED = marked(
    "We could not check you in. Please look at number and date of birth again. You can check in here from {count} "
    "minutes before your visit until its time is over; at any other time, please go to the reception."
)
LONGEST_NUMBER = 40
OLDEST = 130
"""Years that a birth may lie back."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, to be shown again beside what is wrong."""

    mrn: str = ""
    day: str = ""
    month: str = ""
    year: str = ""


def register(pages: Blueprint) -> None:
    """Add the kiosk's page."""
    pages.get("/kiosk/<code>", endpoint="kiosk")(form)
    pages.post("/kiosk/<code>", endpoint="kiosk_check_in")(check_in)


def form(code: str) -> Response:
    """Ask for number and date of birth; there is nothing here while the hospital has no kiosk."""
    kiosk = kiosks.kiosk_of(runtime(), code)
    speak(_voice(kiosk))
    return _form(kiosk, Typed())


def check_in(code: str) -> Response:
    """Check the patient in, or say what to do instead; never which part of what was typed is known here."""
    kiosk = kiosks.kiosk_of(runtime(), code)
    say = _voice(kiosk)
    speak(say)
    typed = Typed(*(request.form.get(name, "").strip()[:LONGEST_NUMBER] for name in ("mrn", "day", "month", "year")))
    birth = _birth(kiosk, typed)
    errors: dict[str, str] = {}
    if not typed.mrn:
        errors["mrn"] = say("Enter your patient number")
    if birth is None:
        errors["birth"] = say("Enter the day, month and year of your birth")
    if errors or birth is None:
        return _form(kiosk, typed, errors=errors, status=422)
    try:
        visit = kiosks.arrive(door(), kiosk, Arrive(typed.mrn, birth), request.remote_addr or "")
    except TooManyError as error:
        help_is_near = say("The reception will help you at once.")
        problem = f"{refusals.said(error)} {help_is_near}"
        answer = _form(kiosk, Typed(), problem=problem, status=429)
        answer.headers["Retry-After"] = str(error.seconds)
        return answer
    except DomainError as error:
        if error.code is not Code.NOT_FOUND:
            raise
        return _form(kiosk, typed, problem=refusals.said(error, REFUSED, count=kiosk.minutes_before), status=422)
    clock = Formats.of(kiosk.zone.key, kiosk.locale).clock if say.language == ENGLISH else say.time
    return _render("kiosk/done.html", kiosk, visit=visit, time=clock(visit.start_time))


def _voice(kiosk: Kiosk) -> Voice:
    return voice(_chosen(), kiosk.locale)


def _chosen() -> str:
    """Return the language that was chosen here, empty while it is the hospital's."""
    return spoken(request.args.get("language", "")) or ""


def _birth(kiosk: Kiosk, typed: Typed) -> date | None:
    """Read the date of birth, or None for what cannot be one."""
    parts = (typed.year, typed.month, typed.day)
    if not all(part.isascii() and part.isdigit() for part in parts):
        return None
    try:
        born = date(*(int(part) for part in parts))
    except ValueError:
        return None
    today = runtime().clocks.hospital.now().astimezone(kiosk.zone).date()
    return born if born <= today and today.year - born.year <= OLDEST else None


def _form(
    kiosk: Kiosk, typed: Typed, *, errors: dict[str, str] | None = None, problem: str = "", status: int = 200
) -> Response:
    return _render("kiosk/form.html", kiosk, status=status, typed=typed, errors=errors or {}, problem=problem)


def _render(template: str, kiosk: Kiosk, *, status: int = 200, **values: object) -> Response:
    """Render a page in the plain frame, whoever may be signed in on this tablet."""
    start, chosen = url_for("pages.kiosk", code=kiosk.code), _chosen() or None
    frame = Frame(kind="plain kiosk", home=start, hospital_name=kiosk.name)
    values |= {"kiosk": kiosk, "start": start, "chosen": chosen, "languages": LANGUAGES}
    answer = make_response(render_template(template, frame=frame, **values), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer
