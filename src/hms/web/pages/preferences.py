"""How one wants to be told; and what the link in a message opens, on any phone, to have no more of them.

Opening that link changes nothing: programs that scan mail open every link. Its button acts, and so does what mail
programs send on their reader's wish (RFC 8058): a bare POST, without cookie and without form.
"""

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.access.links import OptOutLink
from hms.domain.errors import Code, DomainError
from hms.domain.messages import Channel
from hms.domain.people import Role
from hms.languages import LANGUAGES, marked, spoken, voice
from hms.queries import preferences as queries
from hms.queries.preferences import LinkedPerson
from hms.services import preferences
from hms.services.preferences import Wishes
from hms.web.errors import STATUS
from hms.web.identity import door
from hms.web.pages import refusals
from hms.web.pages.desk import Frame, Toast, desk, go, page, runtime
from hms.web.pages.readers import reader, speak, speak_unasked

WORDS = {Channel.EMAIL: marked("emails"), Channel.SMS: marked("text messages")}


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that is good, and whom it is about."""

    token: str
    link: OptOutLink
    person: LinkedPerson


def register(pages: Blueprint) -> None:
    """Add the routes of preferences and of the links in messages."""
    pages.get("/preferences", endpoint="preferences")(form)
    pages.post("/preferences", endpoint="preferences_save")(save)
    pages.get("/o/<token>", endpoint="opt_out_form")(ask)
    pages.post("/o/<token>", endpoint="opt_out")(decline)
    pages.post("/o/<token>/undo", endpoint="opt_out_undo")(take_back)


def form() -> Response:
    """Show how one wants to be told, and whom one looks after."""
    say = reader()
    return _form([Toast(say("Saved. It holds from now on."))] if request.args.get("saved") == "1" else [])


def save() -> AnyResponse:
    """Save what one person wants."""
    patient_id = request.form.get("patient_id", type=UUID)
    offered = {Channel(name) for name in request.form.getlist("offered") if name in {"email", "sms"}}
    wishes = Wishes(
        patient_id=patient_id,
        channels={channel: request.form.get(channel.value) == "yes" for channel in offered},
        language=request.form.get("language") or None,
        version=request.form.get("version", type=int),
    )
    try:
        runtime().transact(desk().actor, preferences.choose, wishes)
    except DomainError as error:
        if error.code not in {Code.VALIDATION, Code.STALE_VERSION}:
            raise
        return _form([Toast(refusals.said(error), "bad")], status=STATUS[error.code])
    return go("pages.preferences", saved="1")


def ask(token: str) -> Response:
    """Say what the link stops, with a button that does."""
    opened = _opened(token)
    return _gone() if opened is None else _render(opened)


def decline(token: str) -> Response:
    """Have no more of such messages; doing it again changes nothing."""
    return _choose(token, wanted=False)


def take_back(token: str) -> Response:
    """Have them again."""
    return _choose(token, wanted=True)


def _form(toasts: list[Toast], *, status: int = 200) -> Response:
    return page(
        "preferences/form.html",
        "notices",
        status=status,
        toasts=toasts,
        people=runtime().read(queries.own, desk().actor),
        languages=LANGUAGES,
        spoken=spoken,
        own_id=desk().actor.patient_id,
        is_patient=desk().actor.role is Role.PATIENT,
    )


def _choose(token: str, *, wanted: bool) -> Response:
    opened = _opened(token)
    if opened is None:
        return _gone()
    wishes = Wishes(patient_id=opened.person.actor.patient_id, channels={opened.link.channel: wanted})
    runtime().transact(opened.person.actor, preferences.choose, wishes)
    again = _opened(token)
    return _gone() if again is None else _render(again, is_done=True)


def _opened(token: str) -> Opened | None:
    link = door().links.opt_out_link(token)
    person = runtime().read(queries.by_link, link) if link is not None else None
    return None if link is None or person is None else Opened(token, link, person)


def _render(opened: Opened, *, is_done: bool = False) -> Response:
    """Render a page of the hospital's, whoever may be signed in on this telephone."""
    say = voice(opened.person.language, opened.person.locale)
    speak(say)
    frame = Frame(
        kind="patient",
        home=url_for("pages.opt_out_form", token=opened.token),
        hospital_name=opened.person.hospital_name,
    )
    html = render_template(
        "preferences/link.html",
        frame=frame,
        token=opened.token,
        person=opened.person,
        what=say(WORDS[opened.link.channel]),
        by_mail=opened.link.channel is Channel.EMAIL,
        is_done=is_done,
    )
    return make_response(html)


def _gone() -> Response:
    """Say that the link is good no more; the same for one that was never given out, which costs no statement."""
    speak_unasked()
    frame = Frame(kind="patient", home=url_for("pages.sign_in_form"))
    say = reader()
    message = say("Nobody is known here any more by this link. Whoever has a login says on its own page what to send.")
    return make_response(render_template("visit_links/gone.html", frame=frame, message=message), 410)
