"""Sign in and out."""

from dataclasses import dataclass

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.languages import marked
from hms.processes import demo
from hms.web.errors import TooManyError
from hms.web.identity import Credentials, door
from hms.web.pages import refusals
from hms.web.pages.desk import demo_mode, go, page, runtime, signed_in
from hms.web.pages.readers import reader


@dataclass(frozen=True, slots=True)
class Account:
    """A demo account, as a one-tap choice."""

    label: str
    sees: str
    email: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, to be shown again; never the password."""

    email: str = ""
    hospital: str = ""
    next: str = ""


_ACCOUNTS: dict[Role, tuple[str, str]] = {
    Role.RECEPTIONIST: (marked("Reception"), marked("Today's board, finding and registering patients")),
    Role.DOCTOR: (marked("Doctor"), marked("My day: start and complete visits")),
    Role.PATIENT: (marked("Patient"), marked("My visits, and booking the next one")),
    Role.NURSE: (marked("Nurse"), marked("Who waits: record vitals")),
    Role.HOSPITAL_ADMIN: (marked("Administrator"), marked("Everything, and the messages sent")),
}


_NOTICES = {
    "ended": marked("You were signed out. Please sign in again."),
    "changed": marked("Your password is changed. Please sign in with the new one."),
}


def register(pages: Blueprint) -> None:
    """Add the routes of signing in and out."""
    pages.get("/sign-in", endpoint="sign_in_form")(form)
    pages.post("/sign-in", endpoint="sign_in")(sign_in)
    pages.post("/sign-out", endpoint="sign_out")(sign_out)


def form() -> AnyResponse:
    """Show the form; whoever is signed in goes home."""
    if signed_in() is not None:
        return go("pages.home")
    notices = (reader()(words) for key, words in _NOTICES.items() if request.args.get(key))
    return _form(Typed(next=_inside(request.args.get("next", ""))), notice=next(notices, ""))


def sign_in() -> AnyResponse:
    """Open a session, or say beside the field what is wrong; what was typed stays."""
    given = request.form
    typed = Typed(given.get("email", "").strip(), given.get("hospital", "").strip(), _inside(given.get("next", "")))
    password = given.get("password", "")
    accounts = demo.present(runtime()) if demo_mode() and given.get("demo") else None
    if accounts is not None and given["demo"] in accounts.emails.values():
        typed, password = Typed(email=given["demo"], hospital=accounts.hospital_code), accounts.password
    errors = _missing(typed, password)
    if errors:
        return _form(typed, errors=errors, status=422)
    try:
        credentials = Credentials(typed.email, password, typed.hospital or None)
        opened = door().sign_in(credentials, request.remote_addr or "", for_pages=True)
    except DomainError as error:
        return _refused(typed, error)
    answer = _lead(typed.next or url_for("pages.home"))
    door().set_cookie(answer, opened)
    return answer


def sign_out() -> AnyResponse:
    """End the session at once."""
    who = signed_in()
    if who is not None:
        door().sign_out(who)
    answer = _lead(url_for("pages.sign_in_form"))
    door().drop_cookie(answer)
    return answer


def _lead(address: str) -> Response:
    return Response("", 303, {"Location": address})


def _missing(typed: Typed, password: str) -> dict[str, str]:
    say = reader()
    errors: dict[str, str] = {}
    if not typed.email:
        errors["email"] = say("Enter your email address")
    elif "@" not in typed.email:
        errors["email"] = say("Enter a whole email address, like name@example.org")
    if not password:
        errors["password"] = say("Enter your password")
    return errors


def _refused(typed: Typed, error: DomainError) -> Response:
    if error.code is Code.HOSPITAL_REQUIRED:
        say = reader()
        return _form(typed, errors={"hospital": say("Enter the code of the hospital")}, ask_hospital=True, status=422)
    if isinstance(error, TooManyError):
        answer = _form(typed, problem=refusals.said(error), ask_hospital=bool(typed.hospital), status=429)
        answer.headers["Retry-After"] = str(error.seconds)
        return answer
    if error.code is not Code.INVALID_CREDENTIALS:
        raise error
    return _form(typed, errors={"password": refusals.said(error)}, ask_hospital=bool(typed.hospital), status=401)


def _form(
    typed: Typed,
    *,
    errors: dict[str, str] | None = None,
    problem: str = "",
    notice: str = "",
    ask_hospital: bool = False,
    status: int = 200,
) -> Response:
    return page(
        "sign_in/form.html",
        status=status,
        typed=typed,
        errors=errors or {},
        problem=problem,
        notice=notice,
        ask_hospital=ask_hospital,
        accounts=_demo_accounts(),
    )


def _demo_accounts() -> list[Account]:
    accounts = demo.present(runtime()) if demo_mode() else None
    if accounts is None:
        return []
    return [Account(label, sees, accounts.emails[role]) for role, (label, sees) in _ACCOUNTS.items()]


def _inside(address: str) -> str:
    """Return an address within this site, or nothing: a link must not lead a fresh sign-in elsewhere."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if inside else ""
