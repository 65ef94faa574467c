"""The pages that people use: server-rendered, made lively by htmx, safe without it."""

from flask import Blueprint, Flask, Response, request

from hms.web.errors import render_page_errors_with
from hms.web.identity import door
from hms.web.pages import (
    absences,
    alerts,
    automation,
    board,
    booking,
    calendar_feeds,
    calendar_files,
    calendars,
    colleagues,
    consultations,
    dashboard,
    desk_booking,
    exports,
    formats,
    holidays,
    home,
    kiosks,
    login_links,
    messages,
    months,
    no_shows,
    notices,
    patients,
    preferences,
    problems,
    queues,
    readers,
    reports,
    reviews,
    samples,
    schedules,
    settings,
    sign_in,
    slots,
    visit_links,
    visits,
    vitals,
    wrong_addresses,
)
from hms.web.pages.desk import signed_in

ROOMS = (
    sign_in,
    home,
    exports,
    kiosks,
    login_links,
    visit_links,
    board,
    visits,
    queues,
    vitals,
    consultations,
    colleagues,
    booking,
    calendar_files,
    calendar_feeds,
    calendars,
    desk_booking,
    patients,
    months,
    slots,
    schedules,
    absences,
    holidays,
    notices,
    preferences,
    messages,
    samples,
    wrong_addresses,
    automation,
    alerts,
    reviews,
    no_shows,
    reports,
    dashboard,
    settings,
)
CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def register(app: Flask) -> None:
    """Add all pages, their errors and what protects them to the application."""
    pages = Blueprint("pages", __name__)
    for room in ROOMS:
        room.register(pages)
    pages.before_request(_check_form)
    pages.after_request(protect)
    app.register_blueprint(pages)
    render_page_errors_with(app, lambda problem: protect(problems.render(problem)))
    filters = app.jinja_env.filters
    filters.update(
        long_day=formats.long_day,
        medium_day=readers.medium_day,
        day_month=formats.day_month,
        short_day=readers.short_day,
        plain_date=formats.plain_date,
        short_date=formats.short_date,
        month_year=formats.month_year,
        near_day=readers.near_day,
        relative_day=readers.relative_day,
        minutes=formats.minutes,
        epoch_ms=formats.epoch_ms,
        age=formats.age,
        counted=lambda number, one, many=None: formats.counted(number, one, many),
        clock=readers.clock,
        stamp=readers.stamp,
        doctor_name=readers.doctor_name,
        local_day=lambda at: readers.formats_here().local_date(at),
        local_time=lambda at: readers.formats_here().local_time(at),
    )
    app.jinja_env.globals.update(
        csrf_token=_form_token,
        confirm_address=booking.confirm_address,
        status_words=readers.STATUS_WORDS,
        told=readers.told,
        told_many=readers.many,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def protect(answer: Response) -> Response:
    """Add the headers that keep foreign scripts, frames and curious neighbours out."""
    answer.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY)
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "same-origin")
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _check_form() -> None:
    if request.method not in SAFE_METHODS:
        door().check_form(request, signed_in())


def _form_token() -> str:
    who = signed_in()
    return door().form_token(who) if who is not None else ""
