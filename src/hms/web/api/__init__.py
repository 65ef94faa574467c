"""The JSON interface under /api/v1.

To add a route module: write ``web/api/<noun>.py`` with ``routes = Routes("Noun", "What it is about.")``, and add the
module to ``MODULES`` below. A handler is a plain function under ``@routes.get/post/put/patch/delete(path, …)``:

    @routes.post("/appointments", needs=(Permission.BOOK_OWN, Permission.BOOK_FOR_OTHERS), status=201,
                 errors=(Code.SLOT_TAKEN, Code.PATIENT_BLOCKED))
    def book(call: Call, body: Booking) -> AppointmentRow:
        \"\"\"Book an appointment.

        More words for the document, in Markdown.
        \"\"\"
        return call.transact(bookings.book, Book(…))

Parameters are known by name: ``call``; ``body`` (a `Body` model) and ``query`` (a `Query` model, or `Paging`);
``version: int | None`` (the If-Match header); and the path's own: ``<uuid:appointment_id>``, or ``<day>`` with
``day: date``. The return annotation is the answer's ``data``: a frozen dataclass of a query (snake_case fields become
camelCase), a list of them, ``Page[Row]`` (made by `page_of`, adds meta), ``Warned[Row, Warning]``, or None. Two row
classes with one name need two names: they are the document's components. ``needs``: one permission or several of
which one suffices; none: everybody signed in; ``public=True``: nobody need be. ``errors``: the rules' codes that may
come; those of tokens, bodies, paths and versions are documented by themselves. ``call.once(act)`` with
``idempotent=True`` honours Idempotency-Key. ``produces="text/calendar"``: return a Flask response yourself.

Raise DomainError; `hms.web.errors` knows the status. The tests' client (tests/web/conftest.py) holds every answer
against the document, so what a route gives and what it says cannot part.
"""

from types import ModuleType

from flask import Flask

from hms.web.api import (
    absences,
    appointments,
    audit,
    auth,
    calendar_feeds,
    consultations,
    doctors,
    documentation,
    exports,
    forgiveness,
    guardians,
    histories,
    holidays,
    hospital,
    jobs,
    kiosks,
    live,
    metrics,
    no_shows,
    notifications,
    participants,
    patients,
    preferences,
    queues,
    reviews,
    schedules,
    slots,
    stage_alerts,
    users,
    vitals,
    wrong_addresses,
)
from hms.web.api.routing import Operation, Routes, install

MODULES: tuple[ModuleType, ...] = (
    auth,
    hospital,
    holidays,
    users,
    patients,
    histories,
    exports,
    guardians,
    doctors,
    schedules,
    absences,
    slots,
    appointments,
    vitals,
    queues,
    kiosks,
    consultations,
    participants,
    no_shows,
    reviews,
    forgiveness,
    metrics,
    stage_alerts,
    jobs,
    notifications,
    preferences,
    wrong_addresses,
    calendar_feeds,
    live,
    audit,
)


def all_routes() -> list[Routes]:
    """Return the routes of all modules, in the document's order."""
    return [module.routes for module in MODULES]


def register(app: Flask) -> None:
    """Let the application answer /api/v1 and show its documentation."""
    groups = all_routes()
    operations: list[Operation] = [operation for routes in groups for operation in routes.operations]
    install(app, operations)
    documentation.register(app, groups)
