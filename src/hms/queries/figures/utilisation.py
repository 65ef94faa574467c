"""Time offered, booked, given free, booked again and lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from hms.access.actors import Actor
from hms.domain.figures import Wanted, percent, written
from hms.models import Doctor, User
from hms.queries.figures.asking import allow
from hms.queries.figures.coverage import coverage
from hms.queries.figures.facts import facts_by_doctor
from hms.queries.figures.measures import total

TIMES = ("slots_offered", "minutes_offered", "visits_held", "minutes_booked", "released", "rebooked", "minutes_lost")


@dataclass(frozen=True, slots=True)
class Times:
    """Slots and minutes of some days; ``utilisation``: booked minutes among those offered ("86.0%")."""

    slots_offered: int = 0
    minutes_offered: int = 0
    slots_booked: int = 0
    minutes_booked: int = 0
    released: int = 0
    rebooked: int = 0
    minutes_lost: int = 0
    utilisation: str = "0.0%"

    @classmethod
    def of(cls, numbers: Sequence[int]) -> "Times":
        """Build from the numbers of TIMES."""
        slots, offered, held, booked, released, rebooked, lost = (int(number) for number in numbers)
        return cls(slots, offered, held, booked, released, rebooked, lost, written(percent(booked, offered)))

    def plus(self, other: "Times") -> "Times":
        """Add other days' times."""
        return Times.of([one + another for one, another in zip(self.numbers, other.numbers, strict=True)])

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of TIMES."""
        held = (self.slots_booked, self.minutes_booked)
        return (self.slots_offered, self.minutes_offered, *held, self.released, self.rebooked, self.minutes_lost)


@dataclass(frozen=True, slots=True)
class DoctorTimes:
    """A doctor's times of a period, and of the one before."""

    doctor_id: UUID
    first_name: str
    last_name: str
    times: Times
    before: Times


@dataclass(frozen=True, slots=True)
class Utilisation:
    """A period's times, beside as many days before, and by doctor."""

    first: date
    last: date
    times: Times
    before: Times
    rows: Sequence[DoctorTimes]


def utilisation(session: Session, actor: Actor, wanted: Wanted) -> Utilisation:
    """Add up the times of all doctors and of each; two statements."""
    allow(session, actor, wanted)
    rows = facts_by_doctor(coverage(session, actor.hospital_id, wanted.with_before, split=wanted.first), TIMES)
    now = (rows.c.day >= wanted.first).label("now")
    sums = (total(rows.c[name]).label(name) for name in TIMES)
    each = select(rows.c.doctor_id, now, *sums).group_by(rows.c.doctor_id, now).subquery()
    statement = (
        select(Doctor.id, User.first_name, User.last_name, each.c.now, *(each.c[name] for name in TIMES))
        .join(Doctor, Doctor.id == each.c.doctor_id)
        .join(User, User.id == Doctor.user_id)
        .order_by(User.last_name, User.first_name, Doctor.id)
    )
    names: dict[UUID, tuple[str, str]] = {}
    found: dict[tuple[UUID, bool], Times] = {}
    for doctor_id, given, family, is_now, *numbers in session.execute(statement):
        names[doctor_id] = given, family
        found[doctor_id, bool(is_now)] = Times.of(numbers)
    doctors = [
        DoctorTimes(one, *name, found.get((one, True), Times()), found.get((one, False), Times()))
        for one, name in names.items()
    ]
    times, before = Times(), Times()
    for doctor in doctors:
        times, before = times.plus(doctor.times), before.plus(doctor.before)
    return Utilisation(wanted.first, wanted.last, times, before, doctors)
