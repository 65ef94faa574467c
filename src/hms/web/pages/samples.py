"""What people are told, for admins: each message with invented facts, in each language; and one sent to oneself."""

from flask import Blueprint, Response, make_response, request
from werkzeug.wrappers import Response as AnyResponse

from hms.access.scope import not_found
from hms.domain.messages import Channel
from hms.languages import LANGUAGES, is_rtl, voice
from hms.outbox.notices.samples import SAMPLES
from hms.processes import samples
from hms.services import messages as services
from hms.services.messages import TrySample
from hms.web.pages.desk import Toast, admins_only, desk, go, page, runtime

FRAMED = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; frame-src 'self'"
)
INSIDE = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""For the mail in its frame: it may show itself, and do nothing."""


def register(pages: Blueprint) -> None:
    """Add the routes of sample messages."""
    pages.get("/messages/samples", endpoint="samples")(look)
    pages.get("/messages/samples/<sample>/<language>", endpoint="sample_mail")(mail)
    pages.post("/messages/samples/<sample>/<language>", endpoint="sample_try")(try_out)


@admins_only
def look() -> Response:
    """Show one message by all its ways."""
    own = voice(desk().identity.language, desk().identity.hospital.locale).language
    sample, language = request.args.get("sample", "booked"), request.args.get("language", own)
    said = "It is on its way to your mailbox, and stands in your notifications."
    shown = samples.shown(runtime(), desk().actor, sample, language)
    answer = page(
        "messages/samples.html",
        "samples",
        toasts=[Toast(said)] if request.args.get("tried") == "1" else [],
        shown=shown,
        is_in_app=Channel.IN_APP in shown.notice.channels,
        sample=sample,
        samples=SAMPLES,
        language=language,
        languages=LANGUAGES,
        direction="rtl" if is_rtl(language) else "ltr",
    )
    answer.headers["Content-Security-Policy"] = FRAMED
    return answer


@admins_only
def mail(sample: str, language: str) -> Response:
    """Show a mail as mail programs do."""
    written = samples.shown(runtime(), desk().actor, sample, language).mail
    if written is None:
        raise not_found("Mail")
    answer = make_response(written.html)
    answer.headers["Content-Security-Policy"] = INSIDE
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


@admins_only
def try_out(sample: str, language: str) -> AnyResponse:
    """Send a message to the one who asks."""
    runtime().transact(desk().actor, services.try_sample, TrySample(sample, language))
    return go("pages.samples", sample=sample, language=language, tried="1")
