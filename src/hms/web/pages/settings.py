"""The hospital's own settings: what it is called, and every figure that its rules leave to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, get_type_hints

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from hms.access.permissions import Permission, require
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.policy import Policy
from hms.queries import hospitals
from hms.queries.hospitals import HospitalRow
from hms.services import hospitals as services
from hms.services.hospitals import EditHospital
from hms.web.encoding import camel
from hms.web.pages.desk import Toast, desk, page, runtime, staff_only

HERE = "settings"
TYPES: Mapping[str, Any] = get_type_hints(Policy)
ADDRESS = {"name": "Name", "address": "Address", "phone": "Phone", "email": "Email"}


@dataclass(frozen=True, slots=True)
class Words:
    """What a figure is called, in which unit, and what it does."""

    label: str
    hint: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Figures that belong together, by their names in the policy."""

    title: str
    figures: Mapping[str, Words]


GROUPS: tuple[Group, ...] = (
    Group(
        "Booking",
        {
            "booking_days_ahead": Words("Bookable ahead", unit="days"),
            "horizon_days": Words("Times laid out ahead", "At least as far as they can be booked.", "days"),
            "rebook_buffer_minutes": Words(
                "Bookable until", "A time that came free can be booked until so long before its end.", "minutes"
            ),
        },
    ),
    Group(
        "Missed visits",
        {
            "no_show_block_threshold": Words("Missed visits until booking is paused", unit="visits"),
            "no_show_window_days": Words("They count for", "Empty: for ever.", "days"),
            "no_show_catch_up_hours": Words(
                "Marked after an outage", "What was missed longer ago waits on the list to decide.", "hours"
            ),
            "patient_called_hours": Words(
                "“Called” is a missed visit from",
                "Before the start. Earlier, it is a cancellation.",
                "hours",
            ),
            "evidence_gate": Words(
                "Mark only when the desk was working",
                "Otherwise the visit waits on the list to decide: when HMS did not run, or nobody was checked in with "
                "that doctor in those hours.",
            ),
        },
    ),
    Group(
        "Patients who wait",
        {
            "vitals_alert_minutes": Words("No vitals: alert", "After the end of the booked time.", "minutes"),
            "doctor_alert_minutes": Words("Not seen: alert", "After the end of the booked time.", "minutes"),
            "waiting_alert_minutes": Words("Waiting too long: alert", "After start and check-in.", "minutes"),
            "kiosk_check_in": Words("Check-in at a kiosk", "Patients check in by number and birth date."),
            "kiosk_minutes_before": Words("The kiosk opens", "Before the visit's start.", "minutes"),
        },
    ),
    Group(
        "Messages",
        {
            "reminder_days_before": Words(
                "Reminders", "Days before the visit, such as 0, 2. 0 is its morning.", "days"
            ),
            "mail_clinical_content": Words(
                "Mail diagnoses and histories",
                "In monthly reports and exported histories. Otherwise the mail leads to a page that asks to sign in.",
            ),
            "sms_quiet_from": Words(
                "No text messages from",
                "Such as 21:00. They wait until the quiet hours end; cancellations of the same day do not.",
            ),
            "sms_quiet_until": Words("No text messages until", "Such as 08:00. The same time twice: no quiet hours."),
            "country": Words(
                "Country of phone numbers",
                "Two letters, such as IN: whose numbers are typed without a country code. Empty: by the time zone.",
            ),
        },
    ),
    Group(
        "Automation",
        {
            "no_show_check_schedule": Words("No-show check", "Five fields, as cron has them."),
            "daily_reminders_schedule": Words("Reminders", "Five fields, as cron has them."),
            "monthly_report_schedule": Words("Doctors’ monthly reports", "Five fields, as cron has them."),
            "no_show_summary": Words("Tell admins of the day’s no-shows", "By mail and in HMS."),
            "no_show_summary_schedule": Words("When they are told", "Five fields, as cron has them."),
            "slot_horizon_schedule": Words("New days for booking", "Five fields, as cron has them."),
            "housekeeping_schedule": Words("Housekeeping", "Five fields, as cron has them."),
            "run_retention_days": Words("Runs are kept", unit="days"),
            "export_keep_days": Words("Exported histories are kept", "Patients can download them until then.", "days"),
        },
    ),
)
FIGURES: Mapping[str, Words] = {name: words for group in GROUPS for name, words in group.figures.items()}


def register(pages: Blueprint) -> None:
    """Add the settings' routes."""
    pages.get("/settings", endpoint="settings")(show)
    pages.post("/settings", endpoint="settings_save")(save)


@staff_only
def show() -> Response:
    """Show all settings."""
    row = _row()
    return _page(row, _written(row), {}, [])


@staff_only
def save() -> AnyResponse:
    """Save what was changed; what was typed stays when something is refused."""
    row = _row()
    typed = {name: request.form.get(name, "") for name in [*ADDRESS, *FIGURES, "version"]}
    policy, wrong = _read(typed)
    if wrong:
        return _page(row, typed, wrong, [Toast("Nothing was saved: some settings make no sense.", "bad")], status=422)
    changes = {name: typed[name].strip() for name in ADDRESS}
    version = int(typed["version"]) if typed["version"].isdigit() else None
    try:
        runtime().transact(desk().actor, services.update, EditHospital(changes=changes, policy=policy, version=version))
    except DomainError as error:
        if error.code not in {Code.VALIDATION, Code.STALE_VERSION}:
            raise
        return _page(row, typed, _problems(error.details), [Toast(error.message, "bad")], status=422)
    row = _row()
    return _page(row, _written(row), {}, [Toast("Saved. It holds from now on.")])


def _row() -> HospitalRow:
    require(desk().actor, Permission.EDIT_HOSPITAL)
    return runtime().read(hospitals.one, desk().actor)


def _page(
    row: HospitalRow, typed: Mapping[str, str], wrong: Mapping[str, str], toasts: list[Toast], *, status: int = 200
) -> Response:
    switches = {name for name in FIGURES if TYPES[name] is bool}
    values: dict[str, Any] = {"row": row, "typed": typed, "errors": wrong, "groups": GROUPS, "switches": switches}
    return page("settings/page.html", HERE, status=status, toasts=toasts, address=ADDRESS, **values)


def _written(row: HospitalRow) -> dict[str, str]:
    """Write the present settings as the form has them; a switch that is off is empty."""
    present = {name: str(getattr(row, name) or "") for name in ADDRESS}
    return present | {name: _word(getattr(row.settings, name)) for name in FIGURES} | {"version": str(row.version)}


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _read(typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the figures that were typed, and what cannot be read, by name."""
    figures: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name in FIGURES:
        text, kind = typed[name].strip(), TYPES[name]
        try:
            if kind is bool:
                figures[name] = bool(text)
            elif kind is str:
                figures[name] = text
            elif kind == tuple[int, ...]:
                figures[name] = tuple(int(part) for part in text.split(",") if part.strip())
            else:
                figures[name] = int(text) if text or kind is int else None
        except ValueError:
            wrong[name] = "Must be a whole number" + (", or several with commas between" if "," in text else "")
    return figures, wrong


def _problems(details: Sequence[Detail]) -> dict[str, str]:
    """Return what is wrong by the names of the form; the rules name figures as clients do."""
    names = {camel(f.name): f.name for f in fields(Policy)}
    return {
        names.get(detail.field, detail.field): f"{detail.message[:1].upper()}{detail.message[1:]}" for detail in details
    }
