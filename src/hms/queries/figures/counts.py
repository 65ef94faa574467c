"""Visits and no-shows: in all, by doctor, by day and by week."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.figures import Trend, Wanted, percent, trend_of, week_of, written
from hms.domain.no_shows import NoShowReason
from hms.models import Doctor, User
from hms.queries.figures.asking import allow, first_weekday
from hms.queries.figures.coverage import coverage
from hms.queries.figures.facts import facts, facts_by_doctor
from hms.queries.figures.measures import total

COUNTS = ("appointments", "attended", "missed", "cancelled")
MARKS = ("marked_auto", "marked_staff", "marked_doctor", "marked_called", "marks_released", "marks_justified")


@dataclass(frozen=True, slots=True)
class Counts:
    """Visits of some days. ``no_show_rate``: missed ones among those that took place or were missed ("18.2%")."""

    appointments: int = 0
    attended: int = 0
    no_shows: int = 0
    cancelled: int = 0
    no_show_rate: str = "0.0%"

    @classmethod
    def of(cls, numbers: Sequence[int]) -> "Counts":
        """Build from the numbers of COUNTS."""
        appointments, attended, missed, cancelled = (int(number) for number in numbers)
        return cls(appointments, attended, missed, cancelled, written(percent(missed, attended + missed)))

    @property
    def rate(self) -> float | None:
        """The no-show rate in percent; None where nothing took place or was missed."""
        return percent(self.no_shows, self.attended + self.no_shows)

    def plus(self, other: "Counts") -> "Counts":
        """Add other days' visits."""
        both = zip(self.numbers, other.numbers, strict=True)
        return Counts.of([one + another for one, another in both])

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        """The numbers of COUNTS."""
        return self.appointments, self.attended, self.no_shows, self.cancelled


@dataclass(frozen=True, slots=True)
class NoShowTotals:
    """A period's visits, and those of as many days before. The rest is of the period's missed ones."""

    first: date
    last: date
    counts: Counts
    before: Counts
    trend: Trend
    by_reason: Mapping[NoShowReason, int]
    slots_released: int
    justified: int


@dataclass(frozen=True, slots=True)
class DoctorCounts:
    """A doctor's visits of a period, and of the one before."""

    doctor_id: UUID
    first_name: str
    last_name: str
    counts: Counts
    before: Counts
    trend: Trend


@dataclass(frozen=True, slots=True)
class ByDoctor:
    """All doctors who had visits in the period or the one before, by name."""

    first: date
    last: date
    rows: Sequence[DoctorCounts]


@dataclass(frozen=True, slots=True)
class DaysCounts:
    """The visits of a day, or of those days of a week that lie in the period."""

    first: date
    last: date
    counts: Counts


@dataclass(frozen=True, slots=True)
class Course:
    """A period's days or weeks, one after the other, and those of as many days before."""

    first: date
    last: date
    rows: Sequence[DaysCounts]
    before: Sequence[DaysCounts]


def no_shows(session: Session, actor: Actor, wanted: Wanted) -> NoShowTotals:
    """Count a period's visits and marks, beside the period before; two statements."""
    allow(session, actor, wanted)
    rows = facts(coverage(session, actor.hospital_id, wanted.with_before), COUNTS + MARKS)
    now = (rows.c.day >= wanted.first).label("now")
    sums = (total(rows.c[name]) for name in COUNTS + MARKS)
    found = {
        bool(row[0]): [int(number) for number in row[1:]] for row in session.execute(select(now, *sums).group_by(now))
    }
    nothing = [0] * len(COUNTS + MARKS)
    numbers, before = found.get(True, nothing), found.get(False, nothing)
    *reasons, released, justified = numbers[len(COUNTS) :]
    counts, earlier = Counts.of(numbers[: len(COUNTS)]), Counts.of(before[: len(COUNTS)])
    return NoShowTotals(
        first=wanted.first,
        last=wanted.last,
        counts=counts,
        before=earlier,
        trend=trend_of(counts.rate, earlier.rate),
        by_reason=dict(zip(NoShowReason, reasons, strict=True)),
        slots_released=released,
        justified=justified,
    )


def by_doctor(session: Session, actor: Actor, wanted: Wanted) -> ByDoctor:
    """Count each doctor's visits, beside the period before; two statements."""
    allow(session, actor, wanted)
    rows = facts_by_doctor(coverage(session, actor.hospital_id, wanted.with_before, split=wanted.first), COUNTS)
    now = (rows.c.day >= wanted.first).label("now")
    sums = (total(rows.c[name]).label(name) for name in COUNTS)
    each = select(rows.c.doctor_id, now, *sums).group_by(rows.c.doctor_id, now).subquery()
    statement = (
        select(Doctor.id, User.first_name, User.last_name, each.c.now, *(each.c[name] for name in COUNTS))
        .join(Doctor, Doctor.id == each.c.doctor_id)
        .join(User, User.id == Doctor.user_id)
        .order_by(User.last_name, User.first_name, Doctor.id)
    )
    names: dict[UUID, tuple[str, str]] = {}
    found: dict[tuple[UUID, bool], Counts] = {}
    for doctor_id, given, family, is_now, *numbers in session.execute(statement):
        names[doctor_id] = given, family
        found[doctor_id, bool(is_now)] = Counts.of(numbers)
    return ByDoctor(wanted.first, wanted.last, [_doctor(doctor_id, names[doctor_id], found) for doctor_id in names])


def by_day(session: Session, actor: Actor, wanted: Wanted) -> Course:
    """Count each day's visits, days without any included; two statements."""
    allow(session, actor, wanted)
    found = _each_day(session, actor, wanted.with_before)
    return Course(wanted.first, wanted.last, _days(wanted, found), _days(wanted.before, found))


def by_week(session: Session, actor: Actor, wanted: Wanted) -> Course:
    """Count each week's visits; weeks begin as in the hospital's locale; three statements.

    The first and the last week hold only their days within the period.
    """
    allow(session, actor, wanted)
    begins = first_weekday(session, actor)
    found = _each_day(session, actor, wanted.with_before)
    now, before = (_weeks(_days(each, found), begins) for each in (wanted, wanted.before))
    return Course(wanted.first, wanted.last, now, before)


def _doctor(doctor_id: UUID, name: tuple[str, str], found: Mapping[tuple[UUID, bool], Counts]) -> DoctorCounts:
    counts, before = found.get((doctor_id, True), Counts()), found.get((doctor_id, False), Counts())
    return DoctorCounts(doctor_id, *name, counts, before, trend_of(counts.rate, before.rate))


def _each_day(session: Session, actor: Actor, wanted: Wanted) -> dict[date, Counts]:
    rows = facts(coverage(session, actor.hospital_id, wanted), COUNTS)
    statement = select(rows.c.day, *(total(rows.c[name]) for name in COUNTS)).group_by(rows.c.day)
    return {day: Counts.of(numbers) for day, *numbers in session.execute(statement)}


def _days(wanted: Wanted, found: Mapping[date, Counts]) -> list[DaysCounts]:
    return [DaysCounts(day, day, found.get(day, Counts())) for day in wanted.each_day()]


def _weeks(days: Iterable[DaysCounts], begins: int) -> list[DaysCounts]:
    weeks: dict[date, DaysCounts] = {}
    for row in days:
        week = week_of(row.first, begins)
        known = weeks.get(week)
        weeks[week] = row if known is None else DaysCounts(known.first, row.last, known.counts.plus(row.counts))
    return list(weeks.values())
