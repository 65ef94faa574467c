"""What mailed links to a login open: verify an address, choose a new password; and the forms that ask for such links.

Looking changes nothing, whoever looks: programs that scan mail open every link. Only the button acts.
"""

from datetime import date

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.access.passwords import MAX_LENGTH, MIN_LENGTH
from hms.domain.errors import Code, DomainError
from hms.domain.people import LinkPurpose
from hms.languages import LANGUAGES, marked, spoken
from hms.services.patients import NewPatient
from hms.web import login_links
from hms.web.errors import TooManyError
from hms.web.identity import Credentials, door
from hms.web.login_links import Forgotten
from hms.web.pages import refusals
from hms.web.pages.desk import Frame, go, signed_in
from hms.web.pages.readers import reader, wished_language

LONGEST = 100
LONGEST_EMAIL = 254
FIELDS = {"dateOfBirth": "born"}
WRONG = {
    "dateOfBirth": marked("That day cannot be a date of birth. Please look at it again."),
    "phone": marked("Enter a phone number, like {example}"),
    "password": marked("Choose a password of {least} to {most} characters"),
}
"""What is said beside a field whose value a service refused."""
EXAMPLE_PHONE = "+44 20 7946 0000"
EXAMPLES = {"example": EXAMPLE_PHONE, "least": MIN_LENGTH, "most": MAX_LENGTH}
AGAIN, NEW_LINK = marked("Sign up again"), marked("Ask for a new link")


def register(pages: Blueprint) -> None:
    """Add the routes of mailed links and of asking for them."""
    pages.get("/verify/<token>", endpoint="verify_form")(verify_form)
    pages.post("/verify/<token>", endpoint="verify")(verify)
    pages.get("/reset/<token>", endpoint="reset_form")(reset_form)
    pages.post("/reset/<token>", endpoint="reset")(reset)
    pages.get("/forgot", endpoint="forgot_form")(forgot_form)
    pages.post("/forgot", endpoint="forgot")(forgot)
    pages.get("/sign-up", endpoint="sign_up_form")(sign_up_form)
    pages.post("/sign-up", endpoint="sign_up")(sign_up)


def verify_form(token: str) -> Response:
    """Ask for the password that was chosen at sign-up."""
    try:
        return _verify_form(token)
    except DomainError as error:
        return _gone(error, "pages.sign_up_form", AGAIN)


def verify(token: str) -> AnyResponse:
    """Make the login, and lead the patient home."""
    try:
        password = request.form.get("password", "")
        opened = login_links.verify(door(), token, password, request.remote_addr or "", for_pages=True)
    except DomainError as error:
        if error.code is Code.LINK_ENDED:
            return _gone(error, "pages.sign_up_form", AGAIN)
        if isinstance(error, TooManyError):
            return _waiting(_verify_form(token, problem=refusals.said(error), status=429), error)
        if error.code is not Code.INVALID_CREDENTIALS:
            raise
        wrong = refusals.said(error, marked("This is not the password that you chose when you signed up."))
        return _verify_form(token, errors={"password": wrong}, status=422)
    answer = Response("", 303, {"Location": url_for("pages.home")})
    door().set_cookie(answer, opened)
    return answer


def reset_form(token: str) -> Response:
    """Ask for a new password."""
    try:
        return _reset_form(token)
    except DomainError as error:
        return _gone(error, "pages.forgot_form", NEW_LINK)


def reset(token: str) -> AnyResponse:
    """Replace the password, and lead to the sign-in."""
    try:
        login_links.reset(door(), token, request.form.get("password", ""))
    except DomainError as error:
        if error.code is Code.VALIDATION:
            return _reset_form(token, errors=_beside(error), status=422)
        return _gone(error, "pages.forgot_form", NEW_LINK)
    return go("pages.sign_in_form", changed="1")


def forgot_form() -> AnyResponse:
    """Ask whose password is forgotten."""
    return _page("login_links/forgot.html", email=request.args.get("email", "")[:LONGEST_EMAIL], errors={}, problem="")


def forgot() -> AnyResponse:
    """Mail a link, and say the same whether there is such a login or not."""
    email = request.form.get("email", "").strip()[:LONGEST_EMAIL]
    if errors := _email_errors(email):
        return _page("login_links/forgot.html", status=422, email=email, errors=errors, problem="")
    try:
        login_links.forgotten(door(), Forgotten(email), request.remote_addr or "")
    except TooManyError as error:
        answer = _page("login_links/forgot.html", status=429, email=email, errors={}, problem=refusals.said(error))
        return _waiting(answer, error)
    return _page("login_links/sent.html", email=email, is_new=False)


def sign_up_form() -> AnyResponse:
    """Ask who wants a login; whoever is signed in goes home."""
    if signed_in() is not None:
        return go("pages.home")
    return _sign_up_form({"hospital": request.args.get("hospital", "")[:16], "language": wished_language()})


def sign_up() -> AnyResponse:
    """Mail a link to verify the address, and say the same whether it has a login or not."""
    names = ("hospital", "email", "first_name", "last_name", "born", "phone", "language")
    typed = {name: request.form.get(name, "").strip()[:LONGEST_EMAIL] for name in names}
    password = request.form.get("password", "")
    born = _date(typed["born"])
    if errors := _sign_up_errors(typed, password, born):
        return _sign_up_form(typed, errors=errors, status=422)
    patient = NewPatient(
        first_name=typed["first_name"][:LONGEST],
        last_name=typed["last_name"][:LONGEST],
        date_of_birth=born,
        phone=typed["phone"] or None,
        email=typed["email"].lower(),
        language=spoken(typed["language"]) or "",
    )
    try:
        credentials = Credentials(typed["email"], password, typed["hospital"])
        login_links.sign_up(door(), patient, credentials, request.remote_addr or "")
    except TooManyError as error:
        return _waiting(_sign_up_form(typed, problem=refusals.said(error), status=429), error)
    except DomainError as error:
        return _sign_up_form(typed, errors=_beside(error), status=422)
    return _page("login_links/sent.html", email=typed["email"], is_new=True)


def _verify_form(token: str, *, errors: dict[str, str] | None = None, problem: str = "", status: int = 200) -> Response:
    email = login_links.email_of(door(), token, LinkPurpose.VERIFY)
    return _page(
        "login_links/verify.html", status=status, token=token, email=email, errors=errors or {}, problem=problem
    )


def _reset_form(token: str, *, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    email = login_links.email_of(door(), token, LinkPurpose.RESET)
    return _page(
        "login_links/reset.html", status=status, token=token, email=email, errors=errors or {}, shortest=MIN_LENGTH
    )


def _sign_up_form(
    typed: dict[str, str], *, errors: dict[str, str] | None = None, problem: str = "", status: int = 200
) -> Response:
    return _page(
        "login_links/sign_up.html",
        status=status,
        typed=typed,
        errors=errors or {},
        problem=problem,
        shortest=MIN_LENGTH,
        languages=LANGUAGES,
    )


def _page(template: str, *, status: int = 200, **values: object) -> Response:
    """Render a page for people at home, in the patients' type and touch targets, whoever may be signed in there."""
    frame = Frame(kind="patient", home=url_for("pages.sign_in_form"))
    return make_response(render_template(template, frame=frame, **values), status)


def _gone(error: DomainError, endpoint: str, next_step: str) -> Response:
    if error.code is not Code.LINK_ENDED:
        raise error
    return _page(
        "login_links/gone.html",
        status=409,
        message=refusals.said(error),
        href=url_for(endpoint),
        next_step=reader()(next_step),
    )


def _waiting(answer: Response, error: TooManyError) -> Response:
    answer.headers["Retry-After"] = str(error.seconds)
    return answer


def _email_errors(email: str) -> dict[str, str]:
    name, at, host = email.rpartition("@")
    if at and name and "." in host and not any(c.isspace() for c in email):
        return {}
    say = reader()
    return {"email": say("Enter a whole email address, like name@example.org")}


def _sign_up_errors(typed: dict[str, str], password: str, born: date | None) -> dict[str, str]:
    say = reader()
    errors = _email_errors(typed["email"])
    if not typed["hospital"]:
        errors["hospital"] = say("Enter the code of the hospital")
    if not typed["first_name"]:
        errors["first_name"] = say("Enter your first name")
    if not typed["last_name"]:
        errors["last_name"] = say("Enter your last name")
    if born is None:
        errors["born"] = say("Enter your date of birth")
    if len(password) < MIN_LENGTH:
        errors["password"] = say("Choose a password of at least {count} characters", count=MIN_LENGTH)
    if typed["phone"] and not all(c.isdigit() or c in "+ ()./-" for c in typed["phone"]):
        errors["phone"] = say("Enter a phone number, like {example}", example=EXAMPLE_PHONE)
    return errors


def _beside(error: DomainError) -> dict[str, str]:
    say = reader()
    if error.code is Code.NOT_FOUND:
        return {"hospital": say("There is no hospital with this code. It is on your letters, for example HMS001.")}
    if error.code is Code.VALIDATION and error.details:
        fields = [detail.field for detail in error.details]
        return {FIELDS.get(name, name): refusals.said(error, WRONG.get(name, ""), **EXAMPLES) for name in fields}
    raise error


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
