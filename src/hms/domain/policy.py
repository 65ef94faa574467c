"""A hospital's settings as one frozen value. Hospital policy is data: admins edit it, code only reads it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hms.domain.cron import Cron
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.preferences import QuietHours, wall_time


@dataclass(frozen=True, slots=True)
class Policy:
    """Every figure of the rules that a hospital may set; the defaults are the rules' own."""

    horizon_days: int = 30
    booking_days_ahead: int = 30
    rebook_buffer_minutes: int = 5
    no_show_block_threshold: int = 3
    no_show_window_days: int | None = None
    no_show_catch_up_hours: int = 48
    patient_called_hours: int = 24
    vitals_alert_minutes: int = 5
    doctor_alert_minutes: int = 10
    waiting_alert_minutes: int = 60
    evidence_gate: bool = False
    kiosk_check_in: bool = False
    kiosk_minutes_before: int = 60
    reminder_days_before: tuple[int, ...] = (0,)
    mail_clinical_content: bool = True
    sms_quiet_from: str = "21:00"
    sms_quiet_until: str = "08:00"
    country: str = ""
    no_show_check_schedule: str = "*/5 7-22 * * *"
    slot_horizon_schedule: str = "0 1 * * *"
    daily_reminders_schedule: str = "0 8 * * *"
    monthly_report_schedule: str = "0 9 1 * *"
    no_show_summary: bool = False
    no_show_summary_schedule: str = "0 22 * * *"
    housekeeping_schedule: str = "0 3 * * *"
    run_retention_days: int = 90
    export_keep_days: int = 7

    @property
    def rebook_buffer(self) -> timedelta:
        """How long before a slot's end it can still be booked."""
        return timedelta(minutes=self.rebook_buffer_minutes)

    @property
    def alert_minutes(self) -> tuple[int, int, int]:
        """The thresholds of the three stage alerts."""
        return self.vitals_alert_minutes, self.doctor_alert_minutes, self.waiting_alert_minutes

    @property
    def counting(self) -> tuple[int, int | None]:
        """What the counts and blocks of patients follow from: threshold, and the rolling window in days."""
        return self.no_show_block_threshold, self.no_show_window_days

    @property
    def no_show_catch_up(self) -> timedelta:
        """How far back the sweep marks by itself after an outage."""
        return timedelta(hours=self.no_show_catch_up_hours)

    def quiet_hours(self, zone: ZoneInfo) -> QuietHours:
        """When text messages wait, at a hospital in ``zone``."""
        return QuietHours(wall_time(self.sms_quiet_from), wall_time(self.sms_quiet_until), zone)

    @classmethod
    def from_settings(cls, stored: Mapping[str, Any]) -> "Policy":
        """Read the stored differences over the defaults; unknown keys are ignored (a newer release wrote them)."""
        known = {f.name for f in fields(cls)}
        # JSON has lists where a frozen value has tuples.
        plain: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in stored.items()
        }
        return cls(**{key: value for key, value in plain.items() if key in known})

    def differences(self) -> dict[str, Any]:
        """Return what to store: only what differs from the defaults."""
        default = asdict(Policy())
        return {key: value for key, value in asdict(self).items() if value != default[key]}

    def check(self) -> None:
        """Raise VALIDATION naming every figure that makes no sense."""
        wrong = [
            Detail(_camel(name), f"must be between {low} and {high}")
            for name, (low, high) in _BOUNDS.items()
            if (value := getattr(self, name)) is not None and not low <= value <= high
        ]
        leads = self.reminder_days_before
        if (
            len(set(leads)) != len(leads)
            or len(leads) > MOST_REMINDERS
            or not all(0 <= n <= LONGEST_LEAD for n in leads)
        ):
            told = f"must be up to {MOST_REMINDERS} different numbers of days between 0 and {LONGEST_LEAD}"
            wrong.append(Detail("reminderDaysBefore", told))
        wrong += [
            Detail(_camel(name), problem)
            for names, read in ((_SCHEDULES, Cron.parse), (_WALL_TIMES, wall_time), (("country",), _country))
            for name in names
            if (problem := _problem_of(read, getattr(self, name)))
        ]
        if wrong:
            raise DomainError(Code.VALIDATION, "Some settings are out of range.", wrong)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _country(code: str) -> None:
    if code and (len(code) != 2 or not code.isascii() or not code.isalpha()):
        raise ValueError("must be a country's two letters, such as IN, or nothing")


def _problem_of(read: Callable[[str], object], text: str) -> str | None:
    try:
        read(text)
    except ValueError as error:
        return str(error)
    return None


_SCHEDULES = (
    "no_show_check_schedule",
    "slot_horizon_schedule",
    "daily_reminders_schedule",
    "monthly_report_schedule",
    "no_show_summary_schedule",
    "housekeeping_schedule",
)

_WALL_TIMES = ("sms_quiet_from", "sms_quiet_until")

MOST_REMINDERS, LONGEST_LEAD = 4, 30

_BOUNDS: dict[str, tuple[int, int]] = {
    "horizon_days": (1, 366),
    "booking_days_ahead": (0, 366),
    "rebook_buffer_minutes": (0, 120),
    "no_show_block_threshold": (1, 100),
    "no_show_window_days": (1, 3660),
    "no_show_catch_up_hours": (1, 720),
    "patient_called_hours": (0, 168),
    "vitals_alert_minutes": (0, 240),
    "doctor_alert_minutes": (0, 240),
    "waiting_alert_minutes": (5, 720),
    "kiosk_minutes_before": (5, 480),
    "run_retention_days": (1, 3660),
    "export_keep_days": (1, 90),
}
