"""Addresses that do not work, each with the field in which the desk mends it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, may
from hms.domain.errors import Code, DomainError
from hms.domain.messages import Channel
from hms.queries import wrong_addresses as queries
from hms.services import patients, users
from hms.services.patients import EditPatient
from hms.services.users import EditUser
from hms.transaction import Work
from hms.web.errors import STATUS
from hms.web.pages.desk import Toast, desk, go, page, runtime, staff_only

HERE = "wrong_addresses"
SHOWN = 100
FIELDS = {Channel.EMAIL: "email", Channel.SMS: "phone"}
LONGEST = {"email": 254, "phone": 32}
NO_ADDRESS = "An address looks like name@example.org"
TO_BE_TYPED_ANEW = frozenset({Code.VALIDATION, Code.STALE_VERSION, Code.EMAIL_TAKEN})


def register(pages: Blueprint) -> None:
    """Add the worklist's routes."""
    pages.get("/wrong-addresses", endpoint="wrong_addresses")(listing)
    pages.post("/wrong-addresses/<uuid:patient_id>", endpoint="mend_address")(mend)
    pages.post("/wrong-addresses/logins/<uuid:user_id>", endpoint="mend_login")(mend_login)


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
        return _refused(NO_ADDRESS, (patient_id, field), typed)
    version = request.form.get("version", type=int)
    command = EditPatient(patient_id=patient_id, changes={field: typed or None}, version=version)
    return _saved(patients.update, command, (patient_id, field), typed)


@staff_only
def mend_login(user_id: UUID) -> AnyResponse:
    """Replace a login's address; for admins, since whoever reads its mails can set its password."""
    typed = request.form.get("address", "").strip()[: LONGEST["email"]]
    if not _is_email(typed):
        words = NO_ADDRESS if typed else "A login needs an address. Deactivate it if it is not used any more."
        return _refused(words, (user_id, "email"), typed)
    version = request.form.get("version", type=int)
    command = EditUser(user_id=user_id, changes={"email": typed}, version=version)
    return _saved(users.update, command, (user_id, "email"), typed)


def _saved(service: Callable[[Work, Any], object], command: object, field: tuple[UUID, str], typed: str) -> AnyResponse:
    try:
        runtime().transact(desk().actor, service, command)
    except DomainError as error:
        if error.code not in TO_BE_TYPED_ANEW:
            raise
        return _refused(error.message, field, typed, STATUS[error.code])
    return go("pages.wrong_addresses", saved="1")


def _refused(words: str, field: tuple[UUID, str], typed: str, status: int = 422) -> Response:
    return _list([Toast(words, "bad")], {field: typed}, status=status)


def _list(toasts: list[Toast], typed: dict[tuple[UUID, str], str] | None = None, *, status: int = 200) -> Response:
    rows = runtime().read(queries.listing, desk().actor, limit=SHOWN + 1)
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
        may_mend_logins=may(desk().actor, Permission.MANAGE_USERS),
    )


def _is_email(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(at and name and "." in host and not any(c.isspace() for c in text))
