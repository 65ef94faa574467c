"""A week as it is typed or drawn: what can be read of it, what is wrong beside which field, and the slots it gives."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from hms.domain.errors import Detail, DomainError
from hms.domain.schedules import require_valid
from hms.domain.slots import Calendar, DayOfWeek, WeeklyBlock

STEP = 5
USUAL_HOURS = (8, 18)
SHORTEST, LONGEST = 5, 480
FIELDS = ("start", "end", "breakStart", "breakEnd")
_OF_DETAIL = {"startTime": "start", "endTime": "end", "breakStart": "breakStart", "breakEnd": "breakEnd"}
# A plain week, in a zone without summer time, at a distance from everything.
_MONDAY, _PLAIN = date(2024, 1, 1), ZoneInfo("UTC")
ROWS_AT_MOST = 70
_TYPED_TIME = re.compile(r"(?P<hours>\d{1,2})(?:[:.]?(?P<minutes>\d{2}))?")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as typed, times as text."""

    day: str
    start: str = ""
    end: str = ""
    break_start: str = ""
    break_end: str = ""

    @property
    def texts(self) -> dict[str, str]:
        """The typed times by the names of their fields."""
        return {"start": self.start, "end": self.end, "breakStart": self.break_start, "breakEnd": self.break_end}


@dataclass(frozen=True, slots=True)
class Typed:
    """The whole form. ``minutes``: the slot length as typed."""

    rows: Sequence[Row]
    minutes: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Hours drawn in the picture. ``row`` is the typed row's number; places count rows of five minutes."""

    row: int
    at: int
    span: int
    block: WeeklyBlock
    slots: int


@dataclass(frozen=True, slots=True)
class PictureDay:
    """One day of the picture: bars, and each slot's place."""

    day: DayOfWeek
    bars: Sequence[Bar]
    slots: Sequence[tuple[int, int]]

    @property
    def name(self) -> str:
        """The day as people write it."""
        return self.day.value.capitalize()


@dataclass(frozen=True, slots=True)
class Week:
    """What a form says: rows with their numbers by day, mistakes by row and field, and the picture."""

    typed: Typed
    blocks: Sequence[WeeklyBlock]
    minutes: int
    errors: Mapping[int, Mapping[str, str]]
    minutes_error: str
    days: Sequence[PictureDay]
    hours: Sequence[time]

    @property
    def is_good(self) -> bool:
        """Tell whether it can be saved."""
        return not self.errors and not self.minutes_error

    @property
    def total(self) -> int:
        """Slots of the whole week."""
        return sum(len(day.slots) for day in self.days)

    def rows_of(self, day: DayOfWeek) -> list[tuple[int, Row]]:
        """Return a day's typed rows with their numbers."""
        return [(number, row) for number, row in enumerate(self.typed.rows) if row.day == day.value]


@dataclass(slots=True)
class _Reading:
    blocks: list[WeeklyBlock] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    errors: dict[int, dict[str, str]] = field(default_factory=dict)


def read_form(form: MultiDict[str, str], minutes: int) -> Typed:
    """Read the form, with what its buttons ask for: a row more or less, a day copied, a drawn span."""
    columns = [form.getlist(name)[:ROWS_AT_MOST] for name in ("day", *FIELDS)]
    rows = [Row(*texts) for texts in zip(*columns, strict=False) if texts[0] in DayOfWeek.__members__]
    if (number := form.get("remove", type=int)) is not None and 0 <= number < len(rows):
        del rows[number]
    if (day := form.get("add", "")) in DayOfWeek.__members__:
        rows.append(_next_row(rows, day))
    if (day := form.get("drawDay", "")) in DayOfWeek.__members__:
        rows.append(Row(day, form.get("drawStart", ""), form.get("drawEnd", "")))
    if (source := form.get("copy", "")) in DayOfWeek.__members__:
        rows = _copied(rows, source)
    return Typed(tuple(_in_order(rows)), form.get("minutes", str(minutes)).strip())


def of_blocks(blocks: Sequence[WeeklyBlock], minutes: int) -> Typed:
    """Return what a form shows of a week as it is."""
    rows = [
        Row(b.day_of_week.value, _text(b.start), _text(b.end), _text(b.break_start), _text(b.break_end)) for b in blocks
    ]
    return Typed(tuple(rows), str(minutes))


def look(typed: Typed) -> Week:
    """Read a form's texts, find its mistakes, and lay its slots."""
    typed = replace(typed, rows=tuple(_tidied(row) for row in typed.rows))
    reading = _read(typed.rows)
    if not reading.errors:
        try:
            require_valid(reading.blocks)
        except DomainError as error:
            _note(reading, error.details)
    minutes = int(typed.minutes) if typed.minutes.isdigit() else 0
    wrong = not SHORTEST <= minutes <= LONGEST
    good = [(n, b) for n, b in zip(reading.numbers, reading.blocks, strict=True) if n not in reading.errors]
    hours = _hours([block for _, block in good])
    days = [_day(day, good, 0 if wrong else minutes, hours[0].hour) for day in DayOfWeek]
    problem = f"Give a length from {SHORTEST} to {LONGEST} minutes" if wrong else ""
    return Week(typed, tuple(reading.blocks), minutes, reading.errors, problem, days, hours)


def _read(rows: Sequence[Row]) -> _Reading:
    reading = _Reading()
    for number, row in enumerate(rows):
        times = {name: _time(text) for name, text in row.texts.items()}
        wrong = {name: "Give a time, for example 09:00" for name, text in row.texts.items() if text and not times[name]}
        wrong |= {name: f"Give the {name}" for name in ("start", "end") if not row.texts[name]}
        if wrong or times["start"] is None or times["end"] is None:
            reading.errors[number] = wrong
            continue
        reading.numbers.append(number)
        block = WeeklyBlock(DayOfWeek(row.day), times["start"], times["end"], times["breakStart"], times["breakEnd"])
        reading.blocks.append(block)
    return reading


def _note(reading: _Reading, details: Sequence[Detail]) -> None:
    for detail in details:
        _, index, name = detail.field.split(".")
        number = reading.numbers[int(index)]
        words = detail.message.partition(": ")[2] or detail.message
        reading.errors.setdefault(number, {})[_OF_DETAIL[name]] = words[:1].upper() + words[1:]


def _day(day: DayOfWeek, good: Sequence[tuple[int, WeeklyBlock]], minutes: int, first_hour: int) -> PictureDay:
    own = [(number, block) for number, block in good if block.day_of_week is day]
    if not own:
        return PictureDay(day, (), ())
    which = _MONDAY + timedelta(days=list(DayOfWeek).index(day))
    bars, slots = [], []
    for number, block in own:
        planned = Calendar(_PLAIN, minutes, (block,)).slots_of(which) if minutes else []
        places = [_place(slot.start, slot.end, first_hour) for slot in planned]
        bars.append(Bar(number, *_place(block.start, block.end, first_hour), block, len(places)))
        slots += places
    return PictureDay(day, bars, slots)


def _place(start: time, end: time, first_hour: int) -> tuple[int, int]:
    at = (start.hour - first_hour) * 60 + start.minute
    return at // STEP, max(1, ((end.hour - start.hour) * 60 + end.minute - start.minute) // STEP)


def _hours(blocks: Sequence[WeeklyBlock]) -> list[time]:
    first = min([USUAL_HOURS[0], *(block.start.hour for block in blocks)])
    last = max([USUAL_HOURS[1], *(block.end.hour + (block.end.minute > 0) for block in blocks)])
    return [time(hour) for hour in range(first, min(last, 24))]


def _next_row(rows: Sequence[Row], day: str) -> Row:
    """Propose hours after the day's last ones, or the usual morning."""
    ends = [end for row in rows if row.day == day and (end := _time(row.end))]
    if not ends:
        return Row(day, "09:00", "17:00")
    last = max(ends)
    if last.hour >= 21:
        return Row(day)
    return Row(day, f"{last.hour + 1:02d}:00", f"{min(last.hour + 4, 23):02d}:00")


def _copied(rows: Sequence[Row], source: str) -> list[Row]:
    weekdays = [day.value for day in list(DayOfWeek)[:5]]
    own = [row for row in rows if row.day == source]
    kept = [row for row in rows if row.day == source or row.day not in weekdays]
    return kept + [Row(day, *row.texts.values()) for day in weekdays if day != source for row in own]


def _in_order(rows: Sequence[Row]) -> list[Row]:
    order = {day.value: number for number, day in enumerate(DayOfWeek)}
    return sorted(rows, key=lambda row: order[row.day])


def _time(text: str) -> time | None:
    """Read a time as people type it: 9, 930, 9:30, 9.30 or 09:30."""
    hours, minutes = "", ""
    if found := _TYPED_TIME.fullmatch(text.strip()):
        hours, minutes = found["hours"], found["minutes"] or "00"
    return time(int(hours), int(minutes)) if hours and int(hours) < 24 and int(minutes) < 60 else None


def _tidied(row: Row) -> Row:
    """Write the times that make sense as 09:30, and leave the others as they were typed."""
    return Row(row.day, *(_text(_time(text)) or text for text in row.texts.values()))


def _text(at: time | None) -> str:
    return f"{at:%H:%M}" if at is not None else ""
