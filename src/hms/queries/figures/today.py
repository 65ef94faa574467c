"""Is today normal: today's visits as they stand now, beside what this weekday usually brings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.appointments import Status
from hms.domain.figures import Wanted
from hms.models import Appointment
from hms.queries.figures.asking import allow
from hms.queries.figures.coverage import coverage
from hms.queries.figures.facts import facts
from hms.queries.figures.measures import many, total

WEEKS = 8
NUMBERS = ("appointments", "cancelled", "attended", "missed", "released", "rebooked")


@dataclass(frozen=True, slots=True)
class Today:
    """A day's visits now. ``booked``: not cancelled; ``late``: expected since their start; ``waiting``: checked in."""

    booked: int
    expected: int
    late: int
    arrived: int
    waiting: int
    with_doctor: int
    done: int
    no_shows: int
    cancelled: int
    released: int
    rebooked: int


@dataclass(frozen=True, slots=True)
class Usual:
    """The averages of ``days`` whole days of the same weekday in the eight weeks before; None without any."""

    days: int
    booked: float | None
    arrived: float | None
    no_shows: float | None
    cancelled: float | None
    released: float | None
    rebooked: float | None


@dataclass(frozen=True, slots=True)
class DashboardStats:
    """Today beside the usual."""

    day: date
    today: Today
    usual: Usual


def dashboard_stats(session: Session, actor: Actor, wanted: Wanted, now: datetime) -> DashboardStats:
    """Count the visits of ``wanted.last`` and of the same weekday in the eight weeks before; three statements."""
    allow(session, actor, wanted)
    day = wanted.last
    span = Wanted(day - timedelta(weeks=WEEKS), day, wanted.doctor_id)
    rows = facts(coverage(session, actor.hospital_id, span), NUMBERS)
    days = [day - timedelta(weeks=number) for number in range(WEEKS + 1)]
    statement = select(rows.c.day, *(total(rows.c[name]) for name in NUMBERS)).where(rows.c.day.in_(days))
    found = {one: list(map(int, numbers)) for one, *numbers in session.execute(statement.group_by(rows.c.day))}
    numbers = found.pop(day, [0] * len(NUMBERS))
    return DashboardStats(day, _today(_states(session, actor, wanted, now), numbers), _usual(found.values()))


def _states(session: Session, actor: Actor, wanted: Wanted, now: datetime) -> dict[Status, tuple[int, int]]:
    a = Appointment
    statement = (
        select(a.status, func.count(), many(a.starts_at < now))
        .where(a.hospital_id == actor.hospital_id, a.appointment_date == wanted.last)
        .group_by(a.status)
    )
    if wanted.doctor_id is not None:
        statement = statement.where(a.doctor_id == wanted.doctor_id)
    return {status: (number, begun) for status, number, begun in session.execute(statement)}


def _today(states: Mapping[Status, tuple[int, int]], numbers: Sequence[int]) -> Today:
    def of(*wanted: Status, begun: bool = False) -> int:
        return sum(states.get(status, (0, 0))[begun] for status in wanted)

    return Today(
        booked=of(*Status) - of(Status.CANCELLED),
        expected=of(Status.SCHEDULED, Status.CONFIRMED),
        late=of(Status.SCHEDULED, Status.CONFIRMED, begun=True),
        arrived=of(Status.CHECKED_IN, Status.IN_PROGRESS, Status.COMPLETED),
        waiting=of(Status.CHECKED_IN),
        with_doctor=of(Status.IN_PROGRESS),
        done=of(Status.COMPLETED),
        no_shows=of(Status.NO_SHOW),
        cancelled=of(Status.CANCELLED),
        released=numbers[4],
        rebooked=numbers[5],
    )


def _usual(days: Iterable[Sequence[int]]) -> Usual:
    with_visits = [numbers for numbers in days if numbers[0]]
    if not with_visits:
        return Usual(0, None, None, None, None, None, None)
    _, *columns = zip(*with_visits, strict=True)
    cancelled, arrived, missed, released, rebooked = (_average(column) for column in columns)
    booked = _average([numbers[0] - numbers[1] for numbers in with_visits])
    return Usual(len(with_visits), booked, arrived, missed, cancelled, released, rebooked)


def _average(numbers: Sequence[int]) -> float:
    return round(sum(numbers) / len(numbers), 1)
