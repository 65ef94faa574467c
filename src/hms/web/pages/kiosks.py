"""The kiosk at the entrance: a patient types number and birth date and is checked in. Nobody is signed in."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, make_response, render_template, request, url_for

from hms.domain.errors import Code, DomainError
from hms.queries.kiosks import Kiosk
from hms.services.kiosks import Arrive
from hms.web import kiosks
from hms.web.errors import TooManyError
from hms.web.identity import door
from hms.web.pages.desk import Frame, runtime
from hms.web.pages.formats import Formats

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
    return _form(kiosks.kiosk_of(runtime(), code), Typed())


def check_in(code: str) -> Response:
    """Check the patient in, or say what to do instead; never which part of what was typed is known here."""
    kiosk = kiosks.kiosk_of(runtime(), code)
    typed = Typed(*(request.form.get(name, "").strip()[:LONGEST_NUMBER] for name in ("mrn", "day", "month", "year")))
    birth = _birth(kiosk, typed)
    errors = {}
    if not typed.mrn:
        errors["mrn"] = "Enter your patient number"
    if birth is None:
        errors["birth"] = "Enter the day, month and year of your birth"
    if errors or birth is None:
        return _form(kiosk, typed, errors=errors, status=422)
    try:
        visit = kiosks.arrive(door(), kiosk, Arrive(typed.mrn, birth), request.remote_addr or "")
    except TooManyError as error:
        answer = _form(kiosk, Typed(), problem=f"{error.message} The reception will help you at once.", status=429)
        answer.headers["Retry-After"] = str(error.seconds)
        return answer
    except DomainError as error:
        if error.code is not Code.NOT_FOUND:
            raise
        return _form(kiosk, typed, problem=error.message, status=422)
    clock = Formats.of(kiosk.zone.key, kiosk.locale).clock
    return _render("kiosk/done.html", kiosk, visit=visit, time=clock(visit.start_time))


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
    start = url_for("pages.kiosk", code=kiosk.code)
    frame = Frame(kind="plain kiosk", home=start, hospital_name=kiosk.name)
    answer = make_response(render_template(template, frame=frame, kiosk=kiosk, start=start, **values), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer
