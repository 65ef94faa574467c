"""How people want to be told: what they may decline, and when a text message must not disturb them."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hms.domain.messages import Channel


class Kind(StrEnum):
    """What a notice is, as far as its reader's wishes go."""

    NEWS = "NEWS"
    CANCELLATION = "CANCELLATION"
    ACCOUNT = "ACCOUNT"


KINDS: dict[str, Kind] = {
    "APPOINTMENT_CANCELLED": Kind.CANCELLATION,
    "LOGIN_LINK_VERIFY": Kind.ACCOUNT,
    "LOGIN_LINK_RESET": Kind.ACCOUNT,
    "PASSWORD_RESET": Kind.ACCOUNT,
    "HISTORY_EXPORT": Kind.ACCOUNT,
    "HISTORY_EXPORT_FAILED": Kind.ACCOUNT,
}
"""By a notice's type; whatever is not named here is news. Nobody can decline the other two kinds: who does not hear of
a cancellation comes in vain, and account mails answer what the reader just did."""

DECLINABLE = (Channel.EMAIL, Channel.SMS)
"""What can be declined. What stands in the application disturbs nobody."""

NOTICE = timedelta(hours=2)
"""How long before a visit people must know that it is cancelled, lest they set out."""


def kind_of(notice_type: str) -> Kind:
    """Return the kind of a notice's type."""
    return KINDS.get(notice_type, Kind.NEWS)


def may_decline(notice_type: str) -> bool:
    """Tell whether people can choose not to get notices of this type."""
    return kind_of(notice_type) is Kind.NEWS


def wall_time(text: str) -> time:
    """Read hours and minutes such as 21:00; raise ValueError for anything else."""
    if len(text) != 5 or text[2] != ":" or not (text[:2] + text[3:]).isdecimal() or not text.isascii():
        raise ValueError("must be hours and minutes, such as 21:00")
    try:
        return time(int(text[:2]), int(text[3:]))
    except ValueError as error:
        raise ValueError("must be a time of the day, such as 21:00") from error


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When text messages wait, by the hospital's clock on the wall; none when they begin as they end."""

    begin: time
    end: time
    zone: ZoneInfo

    def covers(self, at: datetime) -> bool:
        """Tell whether an instant lies in the quiet hours."""
        wall = at.astimezone(self.zone).time()
        if self.begin <= self.end:
            return self.begin <= wall < self.end
        return wall >= self.begin or wall < self.end

    def until(self, now: datetime) -> datetime | None:
        """Return when the quiet hours around ``now`` end; None outside of them.

        Looked for minute by minute: whatever the clocks do that night, it is the first minute that is not quiet.
        """
        if not self.covers(now):
            return None
        at = now.replace(second=0, microsecond=0)
        while self.covers(at):
            at += timedelta(minutes=1)
        return at


def held_until(notice_type: str, starts_at: datetime | None, quiet: QuietHours, now: datetime) -> datetime | None:
    """Return until when a text message must wait; None: it may go now.

    ``starts_at``: the visit that it is about. A cancellation does not wait when the visit is on the same day, or would
    begin within two hours of the morning's first messages; what belongs to an account never waits.
    """
    kind = kind_of(notice_type)
    if kind is Kind.ACCOUNT or (end := quiet.until(now)) is None:
        return None
    if kind is Kind.CANCELLATION and starts_at is not None and starts_at > now:
        same_day = starts_at.astimezone(quiet.zone).date() == now.astimezone(quiet.zone).date()
        if same_day or starts_at <= end + NOTICE:
            return None
    return end
