"""Addresses that do not work, each with the field in which the desk mends it."""

from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from hms.domain.errors import Code, DomainError
from hms.domain.messages import Channel
from hms.queries import wrong_addresses as queries
from hms.services import patients
from hms.services.patients import EditPatient
from hms.web.errors import STATUS
from hms.web.pages.desk import Toast, desk, go, page, runtime, staff_only

HERE = "wrong_addresses"
SHOWN = 100
FIELDS = {Channel.EMAIL: "email", Channel.SMS: "phone"}
LONGEST = {"email": 254, "phone": 32}


def register(pages: Blueprint) -> None:
    """Add the worklist's routes."""
    pages.get("/wrong-addresses", endpoint="wrong_addresses")(listing)
    pages.post("/wrong-addresses/<uuid:patient_id>", endpoint="mend_address")(mend)


@staff_only
def listing() -> Response:
    """Show who cannot be reached, where, why and since when."""
    return _list([Toast("Saved. The next message goes there.")] if request.args.get("saved") == "1" else [])


@staff_only
def mend(patient_id: UUID) -> AnyResponse:
    """Replace a patient's address; an empty one takes it off the record."""
    field = "phone" if request.form.get("field") == "phone" else "email"
    typed = request.form.get("address", "").strip()[: LONGEST[field]]
    if field == "email" and typed and not _is_email(typed):
        return _list([Toast("An address looks like name@example.org", "bad")], {(patient_id, field): typed}, status=422)
    version = request.form.get("version", type=int)
    command = EditPatient(patient_id=patient_id, changes={field: typed or None}, version=version)
    try:
        runtime().transact(desk().actor, patients.update, command)
    except DomainError as error:
        if error.code not in {Code.VALIDATION, Code.STALE_VERSION}:
            raise
        return _list([Toast(error.message, "bad")], {(patient_id, field): typed}, status=STATUS[error.code])
    return go("pages.wrong_addresses", saved="1")


def _list(toasts: list[Toast], typed: dict[tuple[UUID, str], str] | None = None, *, status: int = 200) -> Response:
    rows = runtime().read(queries.listing, desk().actor, SHOWN + 1)
    return page(
        "wrong_addresses/list.html",
        HERE,
        status=status,
        toasts=toasts,
        rows=rows[:SHOWN],
        more=len(rows) > SHOWN,
        fields=FIELDS,
        typed=typed or {},
        longest=LONGEST,
    )


def _is_email(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(at and name and "." in host and not any(c.isspace() for c in text))
