"""What the link in a message opens, on any phone, without signing in: confirm, move or cancel that one visit.

Looking changes nothing, whoever looks: programs that scan mail and telephones that fetch previews open every link. Only
a button acts.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.access.links import OptOutLink, VisitLink
from hms.domain.appointments import OPEN
from hms.domain.errors import Code, DomainError
from hms.domain.messages import Channel
from hms.languages import ENGLISH, Said, Voice, marked, voice
from hms.processes import slots as calendar
from hms.queries import visit_links as queries
from hms.queries.slots import SlotRow
from hms.queries.visit_links import LinkedVisit
from hms.services import visit_links
from hms.services.visit_links import ByLink, MoveByLink
from hms.web.errors import STATUS
from hms.web.identity import door
from hms.web.pages import refusals
from hms.web.pages.board_view import PARTS
from hms.web.pages.booking import Day, Part
from hms.web.pages.desk import Frame, runtime
from hms.web.pages.formats import Formats
from hms.web.pages.readers import speak, speak_unasked

PARTS_SAID = (marked("Morning"), marked("Afternoon"), marked("Evening"))
LAST_MINUTE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that is good: its visit, now, and how to write times there."""

    token: str
    visit: LinkedVisit
    now: datetime
    formats: Formats

    @property
    def link(self) -> ByLink:
        """The link as services know it: for the time that the page was about."""
        return ByLink(self.visit.id, self.visit.sequence)

    @property
    def today(self) -> date:
        """The hospital's date."""
        return self.formats.local_date(self.now)

    @property
    def say(self) -> Voice:
        """What speaks the patient's language."""
        return voice(self.visit.language, self.visit.locale)

    def clock(self, at: time) -> str:
        """Write a time of day as the patient's language has it."""
        return self.formats.clock(at) if self.say.language == ENGLISH else self.say.time(at)

    @property
    def may_change(self) -> bool:
        """Whether the visit can still be moved or cancelled."""
        return self.visit.status in OPEN


def register(pages: Blueprint) -> None:
    """Add the routes of visits' links."""
    pages.get("/v/<token>", endpoint="visit_link")(show)
    pages.get("/v/<token>/confirm", endpoint="visit_link_confirm_form")(show)
    pages.post("/v/<token>/confirm", endpoint="visit_link_confirm")(confirm)
    pages.get("/v/<token>/cancel", endpoint="visit_link_cancel_form")(cancel_form)
    pages.post("/v/<token>/cancel", endpoint="visit_link_cancel")(cancel)
    pages.get("/v/<token>/move", endpoint="visit_link_times")(times)
    pages.get("/v/<token>/move/<day>/<start>", endpoint="visit_link_move_form")(move_form)
    pages.post("/v/<token>/move/<day>/<start>", endpoint="visit_link_move")(move)


def show(token: str) -> Response:
    """Show the visit, and what can be done."""
    opened = _opened(token)
    return _gone() if opened is None else _visit(opened, moved=bool(request.args.get("moved")))


def confirm(token: str) -> AnyResponse:
    """Note that the patient will come."""
    opened = _opened(token)
    if opened is None:
        return _gone()
    try:
        runtime().transact(opened.visit.actor, visit_links.confirm, opened.link)
    except DomainError as error:
        return _refused(token, error)
    return _lead("pages.visit_link", token)


def cancel_form(token: str) -> Response:
    """Ask whether to cancel, and say what follows."""
    opened = _opened(token)
    if opened is None:
        return _gone()
    if not opened.may_change:
        return _visit(opened)
    return _render("cancel.html", opened, last_minute=opened.visit.starts_at - opened.now <= LAST_MINUTE)


def cancel(token: str) -> AnyResponse:
    """Cancel the visit."""
    opened = _opened(token)
    if opened is None:
        return _gone()
    try:
        runtime().transact(opened.visit.actor, visit_links.cancel, opened.link)
    except DomainError as error:
        return _refused(token, error)
    return _lead("pages.visit_link", token)


def times(token: str) -> Response:
    """Show the doctor's free times, a day at a time."""
    opened = _opened(token)
    if opened is None:
        return _gone()
    return _times(opened, _date(request.args.get("day", ""))) if opened.may_change else _visit(opened)


def move_form(token: str, day: str, start: str) -> Response:
    """Ask whether to move the visit to this time, or show fresh times when it is gone meanwhile."""
    opened, wish = _opened(token), _wish(day, start)
    if opened is None:
        return _gone()
    if wish is None or not opened.may_change:
        return _visit(opened)
    free = calendar.of_day(runtime(), opened.visit.actor, opened.visit.doctor_id, wish[0])
    if not any(slot.start_time == wish[1] and slot.is_available for slot in free):
        return _times(opened, wish[0], problem=opened.say("That time is not free any more. Please choose another one."))
    return _render("move.html", opened, day=wish[0], time=Said(opened.clock(wish[1])), start=start)


def move(token: str, day: str, start: str) -> AnyResponse:
    """Move the visit, and go on with its new link; or say why not beside fresh times."""
    opened, wish = _opened(token), _wish(day, start)
    if opened is None:
        return _gone()
    if wish is None:
        return _visit(opened)
    try:
        runtime().transact(opened.visit.actor, visit_links.move, MoveByLink(opened.link, *wish))
    except DomainError as error:
        again = _opened(token)
        if again is None or not again.may_change or error.code in {Code.PATIENT_BLOCKED, Code.STALE_VERSION}:
            return _refused(token, error)
        return _times(again, wish[0], problem=refusals.said(error))
    new = door().links.visit_token(VisitLink(opened.visit.id, opened.visit.sequence + 1))
    return _lead("pages.visit_link", new, moved="1")


def _opened(token: str) -> Opened | None:
    link = door().links.visit_link(token)
    now = runtime().clocks.hospital.now()
    visit = runtime().read(queries.one, link, now) if link is not None else None
    if visit is None:
        return None
    opened = Opened(token, visit, now, Formats.of(visit.timezone, visit.locale))
    speak(opened.say)  # whoever may be signed in on this telephone
    return opened


def _visit(opened: Opened, *, moved: bool = False, problem: str = "", status: int = 200) -> Response:
    return _render("visit.html", opened, status=status, moved=moved, problem=problem)


def _times(opened: Opened, wished: date | None, *, problem: str = "") -> Response:
    free = calendar.available(runtime(), opened.visit.actor, opened.visit.doctor_id)
    counts: dict[date, int] = {}
    for slot in free:
        counts[slot.slot_date] = counts.get(slot.slot_date, 0) + 1
    shown = wished if wished in counts else next(iter(counts), None)
    return _render(
        "times.html",
        opened,
        status=409 if problem else 200,
        days=[Day(day, number) for day, number in counts.items()],
        chosen=shown,
        parts=_parts([slot for slot in free if slot.slot_date == shown]),
        problem=problem,
        clock=opened.clock,
    )


def _parts(free: list[SlotRow]) -> list[Part]:
    parts = [
        Part(words, [slot for slot in free if start <= slot.start_time < end]) for words, start, end in PARTS.values()
    ]
    return [part for part in parts if part.slots]


def _refused(token: str, error: DomainError) -> Response:
    """Show the visit as it is now, and why what was asked for did not happen."""
    opened = _opened(token)
    if opened is None or error.code is Code.LINK_ENDED:
        return _gone()
    return _visit(opened, problem=refusals.said(error), status=STATUS[error.code])


def _gone() -> Response:
    """Say that the link is good no more; the same for one that was never given out, which costs no statement."""
    speak_unasked()
    frame = Frame(kind="patient", home=url_for("pages.sign_in_form"))
    message = refusals.said(
        visit_links.ended(),
        marked(
            "This link is good no more: the visit has begun, or was moved after the message. Please use the link in "
            "the newest message, or call the clinic."
        ),
    )
    return make_response(render_template("visit_links/gone.html", frame=frame, message=message), 410)


def _render(template: str, opened: Opened, *, status: int = 200, **values: object) -> Response:
    """Render a page of the hospital's."""
    visit = opened.visit
    frame = Frame(
        kind="patient",
        home=url_for("pages.visit_link", token=opened.token),
        hospital_name=visit.hospital_name,
    )
    return make_response(
        render_template(
            f"visit_links/{template}",
            frame=frame,
            token=opened.token,
            visit=visit,
            when=Said(opened.clock(visit.start_time)),
            doctor=opened.say("Dr. {name}", name=visit.doctor_name),
            today=opened.today,
            stop_texts=_stop_texts(opened),
            **values,
        ),
        status,
    )


def _stop_texts(opened: Opened) -> str:
    """Return where the patient declines text messages: such as led here have room for one address only."""
    patient_id = opened.visit.actor.patient_id
    if patient_id is None:
        return ""
    return url_for("pages.opt_out_form", token=door().links.opt_out_token(OptOutLink(patient_id, True, Channel.SMS)))


def _lead(endpoint: str, token: str, **values: str) -> Response:
    # The fragmentless address of a page that only shows: going back or reloading repeats nothing.
    return Response("", 303, {"Location": url_for(endpoint, token=token, **values)})  # type: ignore[arg-type]


def _wish(day: str, start: str) -> tuple[date, time] | None:
    try:
        return date.fromisoformat(day), datetime.strptime(start, "%H:%M").time()  # noqa: DTZ007 -- a wall time
    except ValueError:
        return None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
