"""The vitals form: units and plausible ranges beside each field, a second look at unusual values, corrections."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, require
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.vitals import RANGES, Measured, is_unusual, usual
from hms.queries import board as boards
from hms.queries import vitals as queries
from hms.queries.board import BoardRow
from hms.queries.vitals import VitalsRow
from hms.services import vitals
from hms.services.vitals import Record
from hms.web.pages import behind
from hms.web.pages.desk import Toast, by_htmx, desk, page, reading, runtime, staff_only
from hms.web.pages.formats import age

LONGEST = 400
_WHOLE = frozenset({"systolic", "diastolic", "heart_rate", "sp_o2", "respiratory_rate", "pain"})
# (attribute, name in errors, label, short label, unit)
_FIELDS = (
    ("systolic", "systolic", "Blood pressure, upper", "BP", "mmHg"),
    ("diastolic", "diastolic", "Blood pressure, lower", "BP", "mmHg"),
    ("heart_rate", "heartRate", "Heart rate", "Pulse", "/min"),
    ("temperature", "temperature", "Temperature", "Temp.", "°C"),
    ("sp_o2", "spO2", "Oxygen saturation (SpO₂)", "SpO₂", "%"),
    ("respiratory_rate", "respiratoryRate", "Breathing rate", "Breaths", "/min"),
    ("weight", "weight", "Weight", "Weight", "kg"),
    ("height", "height", "Height", "Height", "cm"),
    ("pain", "pain", "Pain, 0 to 10", "Pain", "of 10"),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One measure in the form: ``least`` to ``most`` is accepted, outside ``low`` to ``high`` worth a second look."""

    name: str
    camel: str
    label: str
    unit: str
    least: float
    most: float
    low: float | None
    high: float | None
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """One measure as it is shown."""

    label: str
    value: str
    unit: str
    unusual: bool


def register(pages: Blueprint) -> None:
    """Add the routes of the form."""
    at = "/visits/<uuid:appointment_id>/vitals"
    pages.get(at, endpoint="vitals")(form)
    pages.post(at, endpoint="record_vitals")(record)


@staff_only
def form(appointment_id: UUID) -> Response:
    """Show the form, empty or with what is recorded already, to be put right."""
    row, earlier = _known(appointment_id)
    present = _present(earlier, row)
    typed = {name: _text(getattr(present, name)) for name, *_ in _FIELDS} if present else {}
    return _sheet(row, earlier, typed=typed)


@staff_only
def record(appointment_id: UUID) -> AnyResponse:
    """Record what was measured; what cannot be is said beside its field, and what was typed stays."""
    row, earlier = _known(appointment_id)
    typed = {name: request.form.get(name, "").strip()[:20] for name, *_ in _FIELDS}
    reason = request.form.get("reason", "").strip()[:LONGEST]
    values, errors = _read(typed)
    if errors:
        return _again(row, earlier, typed=typed, reason=reason, errors=errors)
    command = Record(
        appointment_id,
        Measured(**values),
        correction_reason=reason or None,
        version=request.form.get("version", type=int),
    )
    try:
        runtime().transact(desk().actor, vitals.record, command)
    except DomainError as error:
        if error.code is Code.VALIDATION:
            errors = {detail.field: detail.message.capitalize() for detail in error.details}
            return _again(row, earlier, typed=typed, reason=reason, errors=errors)
        if error.code is Code.ALREADY_EXISTS:
            say = "Please say why these values take the place of the earlier ones"
            return _again(row, earlier, typed=typed, reason=reason, errors={"reason": say})
        return behind.refused(error)
    return behind.said(Toast(f"{row.patient_name}'s vitals are recorded."))


def shown(row: VitalsRow, years: int | None) -> list[Reading]:
    """Return what was measured, as people read it; blood pressure as one."""
    readings = []
    for name, _, _, label, unit in _FIELDS:
        value = getattr(row, name)
        if value is None or name == "diastolic":
            continue
        text, odd = _text(value), is_unusual(name, value, years)
        if name == "systolic":
            text = f"{text}/{_text(row.diastolic)}"
            odd = odd or is_unusual("diastolic", row.diastolic, years)
        readings.append(Reading(label, text, unit, odd))
    return readings


def years_of(row: BoardRow) -> int | None:
    """Return the patient's age in years, if the birth date is known."""
    return age(row.date_of_birth, desk().today) if row.date_of_birth else None


def _known(appointment_id: UUID) -> tuple[BoardRow, list[VitalsRow]]:
    require(desk().actor, Permission.RECORD_VITALS)
    with reading() as session:
        row = boards.visit(session, desk().actor, appointment_id)
        return row, queries.of_appointment(session, desk().actor, appointment_id)


def _present(earlier: list[VitalsRow], row: BoardRow) -> VitalsRow | None:
    """Return the set that counts; none after a mistaken check-in was undone."""
    if row.vitals_recorded_at is None or not earlier or earlier[0].superseded_at is not None:
        return None
    return earlier[0]


def _read(typed: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, camel, *_ in _FIELDS:
        text = typed[name].replace(",", ".")
        if not text:
            continue
        try:
            values[name] = int(text) if name in _WHOLE else round(float(text), 1)
        except ValueError:
            errors[camel] = "Must be a whole number" if name in _WHOLE else "Must be a number"
    return values, errors


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _fields(row: BoardRow) -> list[Field]:
    normal = usual(years_of(row))
    fields = []
    for name, camel, label, _, unit in _FIELDS:
        span, ordinary = RANGES[name], normal.get(name)
        low, high = (ordinary.least, ordinary.most) if ordinary else (None, None)
        fields.append(Field(name, camel, label, unit, span.least, span.most, low, high, name in _WHOLE))
    return fields


def _again(row: BoardRow, earlier: list[VitalsRow], **values: Any) -> Response:
    return behind.to_sheet(_sheet(row, earlier, status=422, **values))


def _sheet(row: BoardRow, earlier: list[VitalsRow], *, status: int = 200, **values: Any) -> Response:
    given: dict[str, Any] = {"typed": {}, "reason": "", "errors": {}}
    present = _present(earlier, row)
    return page(
        "vitals/form.html",
        "queue",
        status=status,
        around="visits/bare.html" if by_htmx() else "visits/alone.html",
        row=row,
        years=years_of(row),
        fields=_fields(row),
        present=present,
        replaced=[(item, shown(item, years_of(row))) for item in earlier if item is not present],
        open=row.status is Status.CHECKED_IN,
        readings=shown(present, years_of(row)) if present else [],
        **{**given, **values},
    )
