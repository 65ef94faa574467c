"""How pages write times, dates and durations in English: the hospital's wall time, 24 or 12 hours by its locale."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# Where people write "2:30 pm" (Unicode CLDR 47, preferred hour format "h" of the territory).
_TWELVE_HOURS = frozenset(
    "AE|AU|BD|CA|CO|DO|EG|HK|IN|JO|KR|KW|MY|NZ|OM|PH|PK|PR|QA|SA|SG|US|VE|YE".split("|")  # noqa: SIM905 -- readable
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Formats:
    """Writers for one hospital."""

    zone: ZoneInfo
    twelve_hours: bool

    @classmethod
    def of(cls, timezone: str, locale: str) -> "Formats":
        """Build the writers of a hospital's time zone and locale; a locale without territory writes 24 hours."""
        territory = locale.replace("_", "-").split("-")[-1].upper()
        return cls(ZoneInfo(timezone), territory in _TWELVE_HOURS)

    def clock(self, at: time | datetime) -> str:
        """Write a time of day: 09:05, or 9:05 am; an instant is first brought to the hospital's wall time."""
        wall = at.astimezone(self.zone).time() if isinstance(at, datetime) else at
        if not self.twelve_hours:
            return f"{wall:%H:%M}"
        return f"{wall.hour % 12 or 12}:{wall:%M} {'am' if wall.hour < 12 else 'pm'}"

    def local_date(self, at: datetime) -> date:
        """Return the hospital's date of an instant."""
        return at.astimezone(self.zone).date()

    def local_time(self, at: datetime) -> time:
        """Return the hospital's wall time of an instant."""
        return at.astimezone(self.zone).time()

    def stamp(self, at: datetime) -> str:
        """Write an instant as weekday, date and time."""
        return f"{short_day(self.local_date(at))}, {self.clock(at)}"


def long_day(day: date) -> str:
    """Write Thursday 22 January 2026."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def medium_day(day: date) -> str:
    """Write Thursday 22 January."""
    return f"{day:%A} {day.day} {day:%B}"


def day_month(day: date) -> str:
    """Write 22 January."""
    return f"{day.day} {day:%B}"


def short_day(day: date) -> str:
    """Write Thu 22 Jan 2026."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def short_date(day: date) -> str:
    """Write 22 Jan."""
    return f"{day.day} {day:%b}"


def month_year(day: date) -> str:
    """Write January 2026."""
    return f"{day:%B %Y}"


def plain_date(day: date) -> str:
    """Write 22 Jan 1980, for birth dates."""
    return f"{day.day} {day:%b %Y}"


def minutes(span: timedelta) -> str:
    """Write a duration in minutes, or hours and minutes from two hours on."""
    total = max(0, int(span.total_seconds() // 60))
    return f"{total} min" if total < 120 else f"{total // 60} h {total % 60:02d} min"


def epoch_ms(at: datetime) -> int:
    """Return milliseconds since 1970, as scripts in the page reckon."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def age(born: date, today: date) -> int:
    """Return full years of age."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def counted(number: int, one: str, many: str | None = None) -> str:
    """Write «1 visit», «2 visits», «13,019 patients»."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
