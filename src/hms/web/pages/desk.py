"""The desk of one request: who is signed in, their hospital's clock and policy, and the frame around each page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import wraps
from typing import Any, cast

from flask import Response, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.access.actors import Actor
from hms.access.permissions import Permission, may, require
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.languages import marked
from hms.queries import desk as desks
from hms.queries.identity import Identity
from hms.runtime import Runtime
from hms.settings import Mode
from hms.web.identity import door
from hms.web.pages.formats import Formats

ROLE_WORDS: dict[Role, str] = {
    Role.HOSPITAL_ADMIN: "Administrator",
    Role.RECEPTIONIST: "Reception",
    Role.NURSE: "Nurse",
    Role.DOCTOR: "Doctor",
    Role.PATIENT: "",
}
ASIDE = (
    (Permission.DECIDE_REVIEWS, "reviews", "To decide"),
    (Permission.FORGIVE, "no_shows", "No-shows"),
    (Permission.SEE_REPORTS, "reports", "Monthly reports"),
    (Permission.MEND_ADDRESSES, "wrong_addresses", "Wrong addresses"),
    (Permission.SEE_MESSAGES, "messages", "Messages sent"),
    (Permission.SEE_MESSAGES, "samples", "What people are told"),
    (Permission.RUN_JOBS, "automation", "Automation"),
    (Permission.EDIT_HOSPITAL, "settings", "Settings"),
)
"""Pages behind "More": who may open them, their endpoint, and their name."""
PLAIN_FORMATS = Formats.of("UTC", "en")


@dataclass(frozen=True, slots=True)
class Toast:
    """A short notice at the foot of the page. ``undo``: where to post to take back what was done."""

    text: str
    kind: str = "good"
    undo: str = ""
    version: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the main navigation, its ``label`` in English. ``is_aside``: seldom needed, so behind "More"."""

    name: str
    label: str
    href: str
    count: int = 0
    is_aside: bool = False


@dataclass(slots=True)
class Frame:
    """What the layout draws around a page. ``kind``: staff, patient, or plain before signing in."""

    kind: str = "plain"
    home: str = "/"
    hospital_name: str = ""
    user_name: str = ""
    role_words: str = ""
    here: str = ""
    links: Sequence[Link] = ()
    toasts: list[Toast] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Desk:
    """Who works on this request, and when. ``now`` is the hospital clock's; ``today`` the hospital's date."""

    identity: Identity
    hospital: desks.DeskRow
    formats: Formats
    now: datetime
    today: date

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.identity.actor


def runtime() -> Runtime:
    """Return the house behind this application."""
    return door().runtime


def desk() -> Desk:
    """Return this request's desk, built once; raise UNAUTHENTICATED when nobody is signed in."""
    if "desk" not in g:
        who = signed_in()
        if who is None:
            raise DomainError(Code.UNAUTHENTICATED, "Please sign in.")
        formats = Formats.of(who.hospital.timezone, who.hospital.locale)
        now = runtime().clocks.hospital.now()
        row = runtime().read(desks.row, who.actor)
        g.desk = Desk(who, row, formats, now, formats.local_date(now))
    return cast(Desk, g.desk)


def signed_in() -> Identity | None:
    """Return who is signed in, or None."""
    if "who" not in g:
        g.who = door().by_cookie(request)
    return cast(Identity | None, g.who)


def staff_only(view: Any) -> Any:
    """Let only staff see a page; others get FORBIDDEN."""
    return _guarded(view, Permission.SEE_BOARD)


def patients_only(view: Any) -> Any:
    """Let only patients see a page; others get FORBIDDEN."""
    return _guarded(view, Permission.BOOK_OWN)


def admins_only(view: Any) -> Any:
    """Let only those who see messages in; others get FORBIDDEN."""
    return _guarded(view, Permission.SEE_MESSAGES)


def _guarded(view: Any, permission: Permission) -> Any:
    @wraps(view)
    def guarded(*args: object, **kwargs: object) -> object:
        require(desk().actor, permission)
        return view(*args, **kwargs)

    return guarded


def page(
    template: str, here: str = "", *, status: int = 200, toasts: Sequence[Toast] = (), **values: object
) -> Response:
    """Render a whole page or a part of one, never to be kept by a browser."""
    html = render_template(template, frame=frame(here, toasts), **values)
    answer = make_response(html, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def frame(here: str = "", toasts: Sequence[Toast] = ()) -> Frame:
    """Build the frame for whoever is signed in, or the plain one."""
    who = signed_in()
    if who is None:
        return Frame(home=url_for("pages.sign_in"), toasts=list(toasts))
    patient = who.role is Role.PATIENT
    return Frame(
        kind="patient" if patient else "staff",
        home=url_for("pages.home"),
        hospital_name=who.hospital.name,
        user_name=who.name,
        role_words=ROLE_WORDS[who.role],
        here=here,
        links=_patient_links() if patient else _staff_links(),
        toasts=list(toasts),
    )


def _patient_links() -> list[Link]:
    return [
        Link("home", marked("My visits"), url_for("pages.home")),
        Link("book", marked("Book"), url_for("pages.book")),
        Link("notices", marked("News"), url_for("pages.notices"), desk().hospital.unread),
    ]


def _staff_links() -> list[Link]:
    actor = desk().actor
    links = [Link("board", "Board", url_for("pages.board"))]
    if actor.role is Role.DOCTOR:
        links.insert(0, Link("day", "My day", url_for("pages.day")))
    elif may(actor, Permission.RECORD_VITALS):
        links.insert(0 if actor.role is Role.NURSE else 1, Link("queue", "Waiting", url_for("pages.queue")))
    links.append(Link("patients", "Patients", url_for("pages.patients")))
    links.append(Link("calendar", "Calendar", url_for("pages.calendar_day")))
    if actor.role is not Role.DOCTOR:
        links.append(Link("waiting_room", "Waiting room screen", url_for("pages.waiting_room"), is_aside=True))
    if may(actor, Permission.SEE_FIGURES):
        links.append(Link("dashboard", "Dashboard", url_for("pages.dashboard")))
    links += [
        Link(name, label, url_for(f"pages.{name}"), is_aside=True)
        for permission, name, label in ASIDE
        if may(actor, permission)
    ]
    return [*links, Link("notices", "Notifications", url_for("pages.notices"), desk().hospital.unread)]


def by_htmx() -> bool:
    """Tell whether a part of a page is asked for by a script in it."""
    return request.headers.get("HX-Request") == "true"


def go(endpoint: str, **values: Any) -> AnyResponse:
    """Lead the browser to another page after a change."""
    return redirect(url_for(endpoint, **values), code=303)


def reading() -> Any:
    """Open a read-only session for several queries."""
    return runtime().reading()


def demo_mode() -> bool:
    """Tell whether this is a demo, which may show its accounts."""
    return runtime().settings.mode is Mode.DEMO
