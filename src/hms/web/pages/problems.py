"""Failures in the look of the pages: what happened, and what to do."""

from urllib.parse import urlencode

from flask import Response, g, make_response, render_template, request, url_for

from hms.languages import marked
from hms.web.errors import Problem
from hms.web.pages import refusals
from hms.web.pages.desk import Frame, Toast, by_htmx, frame
from hms.web.pages.readers import reader, speak_unasked

_TITLES: dict[int, str] = {
    400: marked("This could not be read"),
    403: marked("You may not do this"),
    404: marked("There is nothing here"),
    405: marked("This address does not work like that"),
    409: marked("This has changed meanwhile"),
    413: marked("This is too large"),
    422: marked("Something is not right yet"),
    429: marked("Too many tries"),
    500: marked("Something went wrong"),
    503: marked("This cannot be reached now"),
}


def render(problem: Problem) -> Response:
    """Render a failure; whoever is not signed in is led to the sign-in page and back afterwards."""
    if problem.status == 401:
        return _to_sign_in()
    if problem.status >= 500:
        speak_unasked()
    if by_htmx():
        return _as_toast(problem)
    html = render_template(
        "problems/problem.html",
        frame=_frame(problem),
        title=reader()(_TITLES.get(problem.status, marked("This did not work"))),
        message=refusals.said_of(problem),
    )
    answer = make_response(html, problem.status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _to_sign_in() -> Response:
    back = request.full_path.rstrip("?") if request.method == "GET" and request.path != "/" else ""
    query = urlencode({key: value for key, value in {"next": back, "ended": _was_signed_in()}.items() if value})
    where = url_for("pages.sign_in_form") + (f"?{query}" if query else "")
    if by_htmx() or request.path == url_for("pages.board_live"):
        answer = make_response("", 401)
        answer.headers["HX-Redirect"] = url_for("pages.sign_in_form", ended="1")
        return answer
    answer = make_response("", 303)
    answer.headers["Location"] = where
    return answer


def _was_signed_in() -> str:
    return "1" if request.cookies.get("hms_session") else ""


def _as_toast(problem: Problem) -> Response:
    html = render_template("problems/toast.html", frame=_frame(problem, [Toast(refusals.said_of(problem), "bad")]))
    answer = make_response(html, problem.status)
    answer.headers["HX-Retarget"] = "#toasts"
    answer.headers["HX-Reswap"] = "innerHTML"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _frame(problem: Problem, toasts: list[Toast] | None = None) -> Frame:
    if problem.status >= 500:  # what failed may be just what the frame would read
        return Frame(toasts=toasts or [])
    g.pop("desk", None)
    return frame(toasts=toasts or [])
