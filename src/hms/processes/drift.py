"""Recompute everything that is derived, and tell what differs; nothing is changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from uuid import UUID

from sqlalchemy.orm import Session

from hms.queries import drift, hospitals
from hms.queries.drift import Drift
from hms.queries.figures import kept
from hms.runtime import Runtime


@dataclass
class Checked:
    """How much was compared so far."""

    patients: int = 0
    doctors: int = 0
    found: int = field(default=0)


def check(runtime: Runtime, hospital_id: UUID, checked: Checked) -> Iterator[Drift]:
    """Give every drift of a hospital as it is found; ``checked`` counts along.

    Reads in sets, a few thousand patients at a time, each set from one snapshot; holds no lock and little memory.
    What is found while others write is looked at a second time before it is told.
    """
    with runtime.reading() as session:
        rules = hospitals.rules(session, hospital_id)
    first: UUID | None = None
    while bounds := runtime.read(drift.patients_after, hospital_id, first):
        yield from _patients(runtime, hospital_id, bounds[0], bounds[1], checked)
        gathered = partial(kept.differing_patients, first=bounds[0], last=bounds[1])
        yield from _twice(runtime, gathered, hospital_id, checked)
        first = bounds[1]
    yield from _twice(runtime, drift.alerts_of, hospital_id, checked)
    for doctor_id in runtime.read(drift.doctor_ids, rules.id):
        checked.doctors += 1
        yield from _twice(runtime, drift.days_of, doctor_id, checked)
    days = runtime.read(kept.closed_days, hospital_id)
    for _, month in groupby(days, lambda day: (day.year, day.month)):
        yield from _twice(runtime, partial(kept.differing, days=list(month)), hospital_id, checked)


def _twice(
    runtime: Runtime, compare: Callable[[Session, UUID], list[Drift]], of: UUID, checked: Checked
) -> Iterator[Drift]:
    found = runtime.read(compare, of)
    if found:
        again = set(runtime.read(compare, of))
        found = [row for row in found if row in again]
    checked.found += len(found)
    yield from found


def _patients(runtime: Runtime, hospital_id: UUID, first: UUID, last: UUID, checked: Checked) -> Iterator[Drift]:
    number, found = _once(runtime, hospital_id, first, last)
    if found:  # a policy that changed between two reads, for one, looks like drift
        again = set(_once(runtime, hospital_id, first, last)[1])
        found = [row for row in found if row in again]
    checked.patients += number
    checked.found += len(found)
    yield from found


def _once(runtime: Runtime, hospital_id: UUID, first: UUID, last: UUID) -> tuple[int, list[Drift]]:
    now = runtime.clocks.hospital.now()
    with runtime.reading() as session:
        rules = hospitals.rules(session, hospital_id)
        since = drift.window(session, rules, now)
        number, found = drift.standings_of(session, rules, since, first, last)
        return number, [*found, *drift.marks_of(session, hospital_id, first, last)]
