"""The page behind a sheet: after a change it is shown as it then is, with what was done said at its foot."""

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from hms.domain.errors import DomainError
from hms.web.pages import board, calendars, queues
from hms.web.pages.desk import Toast, by_htmx, desk, go, runtime
from hms.web.pages.queue_view import DAY, QUEUE


def change(service: Callable[..., object], command: object, *, done: Toast) -> AnyResponse:
    """Make a change and show the page behind; a refusal shows it too, with the reason."""
    try:
        runtime().transact(desk().actor, service, command)
    except DomainError as error:
        return refused(error)
    return said(done)


def said(toast: Toast) -> AnyResponse:
    """Show the page behind with a notice; a browser without scripts is led to the board."""
    return part(toast) if by_htmx() else go("pages.board")


def refused(error: DomainError) -> AnyResponse:
    """Show the page behind with why nothing was changed."""
    if not by_htmx():
        raise error
    return part(Toast(error.message, "bad"), status=409)


def part(toast: Toast, *, status: int = 200) -> Response:
    """Render what the page behind the sheet shows: the board, the doctors' calendars, a queue or a doctor's day."""
    path = urlsplit(request.headers.get("HX-Current-URL", "")).path
    if path == url_for("pages.calendar_day"):
        return calendars.part([toast], status=status, trigger="close-sheet")
    for kind in (QUEUE, DAY):
        if path == url_for(f"pages.{kind}"):
            return queues.part(kind, [toast], status=status, trigger="close-sheet")
    return board.part(board.shown_filters(), [toast], status=status, trigger="close-sheet")


def to_sheet(answer: Response) -> Response:
    """Let a refusal land in the sheet that is open, in place of the page behind."""
    answer.headers["HX-Retarget"] = "#sheet"
    answer.headers["HX-Reswap"] = "innerHTML"
    return answer


def lead_to(address: str) -> Response:
    """Lead the browser to another page, whether a script asked or not."""
    if by_htmx():
        return Response("", headers={"HX-Redirect": address})
    return Response("", 303, headers={"Location": address})
