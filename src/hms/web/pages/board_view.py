"""What the board shows: a day's rows under the filters of its address, grouped, counted, with running times."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from uuid import UUID

from hms.domain.appointments import OPEN, Status
from hms.domain.people import dialled, fold
from hms.domain.queues import waiting_since
from hms.queries.board import BoardRow
from hms.web.pages.formats import epoch_ms, minutes

PARTS: dict[str, tuple[str, time, time]] = {
    "morning": ("Morning", time(0), time(12)),
    "afternoon": ("Afternoon", time(12), time(17)),
    "evening": ("Evening", time(17), time.max),
}
FIGURES: dict[str, str] = {
    "expected": "Not here yet",
    "late": "Late",
    "here": "Here",
    "doctor": "With doctor",
    "done": "Done",
    "missed": "Missed",
    "cancelled": "Cancelled",
}
"""The states that can be asked for, in the order in which the day goes."""

_STATE_OF: dict[Status, str] = {
    Status.SCHEDULED: "expected",
    Status.CONFIRMED: "expected",
    Status.CHECKED_IN: "here",
    Status.IN_PROGRESS: "doctor",
    Status.COMPLETED: "done",
    Status.NO_SHOW: "missed",
    Status.CANCELLED: "cancelled",
}
EVERY_DOCTOR = "all"


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked for. ``day`` None: today. ``doctor``: an id, «all», or empty for the reader's own default."""

    day: date | None = None
    doctor: str = ""
    part: str = ""
    state: str = ""
    q: str = ""
    by: str = "time"

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Filters":
        """Read an address's parameters; what makes no sense is left out."""
        part, state = given.get("part", ""), given.get("state", "")
        return cls(
            day=_date(given.get("day", "")),
            doctor=given["doctor"] if _is_doctor(given.get("doctor", "")) else "",
            part=part if part in PARTS else "",
            state=state if state in FIGURES else "",
            q=given.get("q", "").strip()[:80],
            by="doctor" if given.get("by") == "doctor" else "time",
        )

    def query(self, **changes: object) -> str:
        """Return the address's query with some filters changed; the defaults are left out of it."""
        wanted = replace(self, **changes)  # type: ignore[arg-type]
        given = {
            "day": wanted.day.isoformat() if wanted.day else "",
            "doctor": wanted.doctor,
            "part": wanted.part,
            "state": wanted.state,
            "q": wanted.q,
            "by": wanted.by if wanted.by != "time" else "",
        }
        query = urlencode({key: value for key, value in given.items() if value})
        return f"?{query}" if query else ""


@dataclass(frozen=True, slots=True)
class Running:
    """A time that counts up beside a name. ``tone`` is calm, warm or hot; instants in milliseconds since 1970."""

    words: str
    since: int
    warm: int
    hot: int
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One visit on the board."""

    row: BoardRow
    late: bool
    running: Running | None
    started: bool
    first_ahead: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under one heading: an hour, or a doctor."""

    key: str
    hour: time | None
    doctor: BoardRow | None
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class DoctorFigures:
    """A doctor's day at a glance; ``waiting`` and ``late`` are counts, ``left`` are those not here yet."""

    id: UUID
    name: str
    specialization: str
    waiting: int
    late: int
    left: int
    total: int
    busy_with: str | None


@dataclass(frozen=True, slots=True)
class Board:
    """All that one look at the board shows. ``figures`` count what doctor and part of the day leave in."""

    filters: Filters
    day: date
    today: date
    now: datetime
    groups: Sequence[Group]
    figures: Mapping[str, int]
    doctors: Sequence[DoctorFigures]
    doctor: DoctorFigures | None
    shown: int
    total: int
    has_evening: bool

    @property
    def is_today(self) -> bool:
        """Tell whether the board shows the hospital's present day."""
        return self.day == self.today


def look(rows: Sequence[BoardRow], filters: Filters, now: datetime, today: date, alert_after: timedelta) -> Board:
    """Put the board together. ``alert_after``: how long a patient may wait before everybody is told."""
    lines = [_line(row, now, alert_after) for row in rows]
    doctors = _doctors(lines)
    in_scope = [line for line in lines if _in_scope(line, filters)]
    shown = [line for line in in_scope if _matches(line, filters)]
    return Board(
        filters=filters,
        day=filters.day or today,
        today=today,
        now=now,
        groups=_by_doctor(shown) if filters.by == "doctor" else _by_hour(_with_now(shown, now)),
        figures=_figures(in_scope),
        doctors=doctors,
        doctor=next((doctor for doctor in doctors if str(doctor.id) == filters.doctor), None),
        shown=len(shown),
        total=sum(line.row.status is not Status.CANCELLED for line in in_scope),
        has_evening=filters.part == "evening" or any(row.start >= PARTS["evening"][1] for row in rows),
    )


def expected_matches(board: Board) -> list[BoardRow]:
    """Return the rows shown that could be checked in: those not here yet."""
    return [line.row for group in board.groups for line in group.lines if line.row.status in OPEN]


def _line(row: BoardRow, now: datetime, alert_after: timedelta) -> Line:
    started = now >= row.starts_at
    late = row.status in OPEN and started
    return Line(row=row, late=late, running=running(row, now, late, alert_after), started=started)


def running(row: BoardRow, now: datetime, late: bool, alert_after: timedelta) -> Running | None:
    """Return the time that counts up beside a visit: how late, how long waiting, how long in the room."""
    if late and now - row.starts_at < timedelta(hours=12):
        return _counting("late", row.starts_at, row.starts_at, row.ends_at, now)
    if row.status is Status.CHECKED_IN and row.checked_in_at:
        if now < row.starts_at:  # nobody keeps them waiting yet
            return _counting("here, early", row.checked_in_at, row.starts_at, row.starts_at + alert_after, now)
        since = waiting_since(row.starts_at, row.checked_in_at)
        return _counting("waiting", since, since + alert_after / 2, since + alert_after, now)
    if row.status is Status.IN_PROGRESS and row.started_at:
        never = row.started_at + timedelta(days=1)
        return _counting("in the room", row.started_at, never, never, now)
    return None


def _counting(words: str, since: datetime, warm: datetime, hot: datetime, now: datetime) -> Running:
    if now >= hot:
        tone = "hot"
    elif now >= warm:
        tone = "warm"
    else:
        tone = "calm" if words == "waiting" else "plain"
    return Running(words, epoch_ms(since), epoch_ms(warm), epoch_ms(hot), tone, minutes(now - since))


def _in_scope(line: Line, filters: Filters) -> bool:
    if filters.doctor not in ("", EVERY_DOCTOR) and str(line.row.doctor_id) != filters.doctor:
        return False
    if filters.part:
        _, start, end = PARTS[filters.part]
        return start <= line.row.start < end
    return True


def _matches(line: Line, filters: Filters) -> bool:
    if filters.state == "late":
        if not line.late:
            return False
    elif filters.state:
        if _STATE_OF[line.row.status] != filters.state:
            return False
    elif line.row.status is Status.CANCELLED and not filters.q:
        return False
    return all(word in line.row.search_text for word in _words(filters.q))


def _words(q: str) -> list[str]:
    folded = fold(q)
    digits = "".join(c for c in folded if c.isdigit())
    # A phone number is kept as its digits, however it is typed.
    if len(digits) >= 5 and not any(c.isalpha() for c in folded):
        return [dialled(digits)]
    return folded.replace(",", " ").split()


def _figures(lines: Iterable[Line]) -> dict[str, int]:
    figures = dict.fromkeys(FIGURES, 0)
    for line in lines:
        figures[_STATE_OF[line.row.status]] += 1
        figures["late"] += line.late
    return figures


def _doctors(lines: Iterable[Line]) -> list[DoctorFigures]:
    of: dict[UUID, list[Line]] = {}
    for line in lines:
        if line.row.status is not Status.CANCELLED:
            of.setdefault(line.row.doctor_id, []).append(line)
    return sorted((_doctor(own) for own in of.values()), key=lambda doctor: fold(doctor.name))


def _doctor(lines: list[Line]) -> DoctorFigures:
    row, figures = lines[0].row, _figures(lines)
    busy = next((line.row.patient_name for line in lines if line.row.status is Status.IN_PROGRESS), None)
    return DoctorFigures(
        id=row.doctor_id,
        name=row.doctor_name,
        specialization=row.specialization,
        waiting=figures["here"],
        late=figures["late"],
        left=figures["expected"],
        total=len(lines),
        busy_with=busy,
    )


def _with_now(lines: list[Line], now: datetime) -> list[Line]:
    ahead = next((index for index, line in enumerate(lines) if line.row.starts_at > now), None)
    if not ahead:  # nothing lies ahead, or everything
        return lines
    return [*lines[:ahead], replace(lines[ahead], first_ahead=True), *lines[ahead + 1 :]]


def _by_hour(lines: Iterable[Line]) -> list[Group]:
    hours: dict[int, list[Line]] = {}
    for line in lines:
        hours.setdefault(line.row.start.hour, []).append(line)
    return [Group(f"h{hour:02d}", time(hour), None, own) for hour, own in hours.items()]


def _by_doctor(lines: Iterable[Line]) -> list[Group]:
    doctors: dict[UUID, list[Line]] = {}
    for line in lines:
        doctors.setdefault(line.row.doctor_id, []).append(line)
    groups = [Group(f"d{key}", None, own[0].row, own) for key, own in doctors.items()]
    return sorted(groups, key=lambda group: fold(group.lines[0].row.doctor_name))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _is_doctor(text: str) -> bool:
    if text == EVERY_DOCTOR:
        return True
    try:
        UUID(text)
    except ValueError:
        return False
    return True
