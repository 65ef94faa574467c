"""The hospital's closed days: the list, one more, a change, a country's public holidays; each with its consequences."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, require
from hms.domain.errors import Code, Detail, DomainError
from hms.gateways import public_holidays
from hms.processes import holidays as countries
from hms.queries import holidays as queries
from hms.services import holidays
from hms.services.holidays import AddHoliday, EditHoliday, HolidayChange, RemoveHoliday
from hms.web.pages import board, calendars
from hms.web.pages.desk import Toast, by_htmx, desk, go, page, runtime, staff_only

LONGEST = 200
YEARS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as typed. ``holiday``: the id of the entry that is changed, empty for a new one."""

    name: str = ""
    date: str = ""
    recurring: bool = False
    active: bool = True
    holiday: str = ""
    version: str = ""


def register(pages: Blueprint) -> None:
    """Add the routes of holidays."""
    at = "/calendar/holidays"
    pages.get(at, endpoint="holidays")(holidays_page)
    pages.get(f"{at}/<uuid:holiday_id>", endpoint="holiday")(change_page)
    pages.post(f"{at}/review", endpoint="holiday_review")(review)
    pages.post(f"{at}/save", endpoint="holiday_save")(save)
    pages.get(f"{at}/<uuid:holiday_id>/remove", endpoint="holiday_remove_form")(remove_form)
    pages.post(f"{at}/<uuid:holiday_id>/remove", endpoint="holiday_remove")(remove)
    pages.post(f"{at}/import/review", endpoint="holiday_import_review")(import_review)
    pages.post(f"{at}/import", endpoint="holiday_import")(import_country)


@staff_only
def holidays_page() -> Response:
    """Show the list, the form for another day, and the import."""
    return _page(Typed(), {})


@staff_only
def change_page(holiday_id: UUID) -> Response:
    """Show the form filled with an entry."""
    row = runtime().read(queries.one, desk().actor, holiday_id, desk().today)
    typed = Typed(row.name, row.date.isoformat(), row.is_recurring, row.is_active, str(row.id), str(row.version))
    return _page(typed, {})


@staff_only
def review() -> Response:
    """Show which days close and whose visits lie on them. Changes nothing."""
    typed = _typed()
    try:
        change = _act(typed, rehearse=True)
    except DomainError as error:
        return _wrong(typed, error)
    return _sheet("calendar/holiday_review.html", typed=typed, change=change)


@staff_only
def save() -> AnyResponse:
    """Add or change the entry, and say what followed."""
    typed = _typed()
    try:
        change = _act(typed, rehearse=False)
    except DomainError as error:
        return _wrong(typed, error)
    return go("pages.holidays", done="saved", told=len(change.affected))


@staff_only
def remove_form(holiday_id: UUID) -> Response:
    """Show which days open again."""
    row = runtime().read(queries.one, desk().actor, holiday_id, desk().today)
    command = RemoveHoliday(holiday_id=holiday_id, version=row.version)
    change = runtime().rehearse(desk().actor, holidays.remove, command)
    return _sheet("calendar/holiday_remove.html", row=row, change=change)


@staff_only
def remove(holiday_id: UUID) -> AnyResponse:
    """Delete an entry."""
    command = RemoveHoliday(holiday_id=holiday_id, version=request.form.get("version", type=int))
    runtime().transact(desk().actor, holidays.remove, command)
    return go("pages.holidays", done="removed")


@staff_only
def import_review() -> Response:
    """Show which public holidays of a country would be added. Changes nothing."""
    try:
        change, asked = _import(preview=True)
    except DomainError as error:
        errors = {detail.field: error.message[:300] for detail in error.details}
        return _page(Typed(), {"country": next(iter(errors.values()), error.message)}, status=422)
    return _sheet("calendar/holiday_import.html", change=change, asked=asked)


@staff_only
def import_country() -> AnyResponse:
    """Add a country's public holidays."""
    change, _ = _import(preview=False)
    return go("pages.holidays", done="imported", added=len(change.rows), told=len(change.affected))


def _import(*, preview: bool) -> tuple[HolidayChange, dict[str, str]]:
    form = request.form
    year = form.get("year", desk().today.year, type=int)
    asked = {"country": form.get("country", "").strip(), "subdivision": form.get("subdivision", "").strip()}
    if not asked["country"]:
        message = "Choose the country first."
        raise DomainError(Code.VALIDATION, message, [Detail("country", message)])
    years = [min(max(year, 1990), 2100)]
    change = countries.import_country(
        runtime(), desk().actor, asked["country"], asked["subdivision"] or None, years, preview=preview
    )
    return change, {**asked, "year": str(years[0])}


def _act(typed: Typed, *, rehearse: bool) -> HolidayChange:
    act = runtime().rehearse if rehearse else runtime().transact
    day = _date(typed.date)
    if day is None:
        raise DomainError(Code.VALIDATION, "Give the day.", [Detail("date", "Give the day")])
    if not typed.holiday:
        add = AddHoliday(name=typed.name, day=day, is_recurring=typed.recurring, is_active=typed.active)
        return act(desk().actor, holidays.add, add)
    changes = {"name": typed.name, "date": day, "is_recurring": typed.recurring, "is_active": typed.active}
    version = int(typed.version) if typed.version.isdigit() else None
    edit = EditHoliday(holiday_id=UUID(typed.holiday), changes=changes, version=version)
    return act(desk().actor, holidays.edit, edit)


def _typed() -> Typed:
    form = request.form
    return Typed(
        name=form.get("name", "").strip()[:LONGEST],
        date=form.get("date", "").strip(),
        recurring=form.get("recurring") == "yes",
        active=form.get("active") == "yes",
        holiday=form.get("holiday", ""),
        version=form.get("version", ""),
    )


def _wrong(typed: Typed, error: DomainError) -> Response:
    errors = {detail.field: error.message for detail in error.details if detail.field in ("name", "date")}
    return _page(typed, errors, problem="" if errors else error.message, status=422)


def _page(typed: Typed, errors: Mapping[str, str], *, problem: str = "", status: int = 200) -> Response:
    at = desk()
    require(at.actor, Permission.MANAGE_HOLIDAYS)
    rows = runtime().read(queries.listing, at.actor, at.today)
    ahead = [row for row in rows if row.next_date is not None or not row.is_active]
    ahead.sort(key=lambda row: (not row.is_active, row.next_date or row.date))
    answer = page(
        "calendar/holidays.html",
        calendars.HERE,
        status=status,
        toasts=_said(),
        tabs=calendars.tabs("holidays"),
        htmx_config=board.HTMX_CONFIG,
        typed=typed,
        errors=errors,
        problem=problem,
        today=at.today,
        ahead=ahead,
        over=[row for row in reversed(rows) if row.is_active and row.next_date is None],
        countries=public_holidays.countries(),
        years=[at.today.year + ahead for ahead in range(YEARS_AHEAD)],
        asked=request.form,
    )
    if by_htmx():
        answer.headers["HX-Retarget"] = "#holiday-page"
        answer.headers["HX-Reselect"] = "#holiday-page"
        answer.headers["HX-Reswap"] = "outerHTML"
    return answer


def _said() -> list[Toast]:
    done, told = request.args.get("done", ""), request.args.get("told", 0, type=int)
    words = {
        "saved": "The holiday is saved.",
        "removed": "The holiday is deleted; its day is open again.",
        "imported": f"{request.args.get('added', 0, type=int)} public holidays are added.",
    }.get(done)
    if words is None:
        return []
    if told:
        words += f" {told} {'patient is' if told == 1 else 'patients are'} told."
    return [Toast(words)]


def _sheet(template: str, **values: Any) -> Response:
    require(desk().actor, Permission.MANAGE_HOLIDAYS)
    around = "visits/bare.html" if by_htmx() else "visits/alone.html"
    return page(template, calendars.HERE, around=around, today=desk().today, **values)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
