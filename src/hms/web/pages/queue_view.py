"""What the queue and a doctor's day show: the day's rows in the order in which people are called."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hms.domain.appointments import OPEN, Status
from hms.domain.people import fold
from hms.domain.queues import turn
from hms.queries.board import BoardRow
from hms.web.pages.board_view import Running, running

QUEUE, DAY = "queue", "day"
EXPECTED_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Look:
    """From when, at whose patients (None: everybody's), and how long one may wait before everybody is told."""

    now: datetime
    doctor_id: UUID | None
    alert_after: timedelta


@dataclass(frozen=True, slots=True)
class Place:
    """One patient. ``place``: whose turn, 1 for the next; 0 where nobody is called."""

    row: BoardRow
    place: int
    late: bool
    running: Running | None


@dataclass(frozen=True, slots=True)
class Section:
    """People who wait for the same thing. ``empty``: said when there are none; ``more``: left out."""

    key: str
    title: str
    places: Sequence[Place]
    empty: str = ""
    more: int = 0
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """One look. ``doctors``: those with visits today, to choose from; ``doctor`` is the chosen one's id."""

    sections: Sequence[Section]
    doctors: Sequence[BoardRow]
    doctor: UUID | None


def look(rows: Sequence[BoardRow], kind: str, seen: Look) -> Queue:
    """Put the queue or the day together."""
    doctors = {row.doctor_id: row for row in rows}
    own = [row for row in rows if seen.doctor_id in (None, row.doctor_id)]
    waiting = sorted((row for row in own if row.status is Status.CHECKED_IN), key=_turn)
    before_vitals = _places([row for row in waiting if row.vitals_recorded_at is None], seen)
    ready = _places([row for row in waiting if row.vitals_recorded_at is not None], seen)
    inside = _places([row for row in own if row.status is Status.IN_PROGRESS], seen, called=False)
    expected = _places([row for row in own if row.status in OPEN], seen, called=False)
    vitals = Section(
        "vitals", "Waiting for vitals", before_vitals, "Nobody waits for vitals. Who is checked in appears here."
    )
    if kind == QUEUE:
        sections = [
            vitals,
            Section("ready", "Measured, waiting for the doctor", ready, quiet=True),
            Section("inside", "With the doctor", inside, quiet=True),
            _first(Section("expected", "Expected next", expected, quiet=True)),
        ]
    else:
        done = _places([row for row in own if row.status is Status.COMPLETED], seen, called=False)
        nobody = "Nobody is ready yet. Patients appear here once their vitals are recorded."
        sections = [
            Section("inside", "With you now", inside),
            Section("ready", "Ready for you", ready, nobody),
            Section("vitals", "Here, vitals still to come", before_vitals),
            Section("expected", "Expected", expected, quiet=True),
            Section("done", "Done today", done, quiet=True),
        ]
    choice = sorted(doctors.values(), key=lambda row: fold(row.doctor_name))
    return Queue([each for each in sections if each.places or each.empty], choice, seen.doctor_id)


def _first(section: Section) -> Section:
    more = max(0, len(section.places) - EXPECTED_SHOWN)
    return Section(section.key, section.title, section.places[:EXPECTED_SHOWN], section.empty, more, section.quiet)


def _places(rows: Sequence[BoardRow], seen: Look, *, called: bool = True) -> list[Place]:
    return [_place(row, number if called else 0, seen) for number, row in enumerate(rows, 1)]


def _place(row: BoardRow, number: int, seen: Look) -> Place:
    late = row.status in OPEN and seen.now >= row.starts_at
    return Place(row, number, late, running(row, seen.now, late, seen.alert_after))


def _turn(row: BoardRow) -> tuple[datetime, datetime, datetime, UUID]:
    return (*turn(row.starts_at, row.checked_in_at or row.starts_at), row.id)
