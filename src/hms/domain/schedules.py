"""A doctor's week: which rows make sense, and what lies inside it."""

from collections.abc import Sequence
from datetime import date, time
from itertools import combinations

from hms.domain.errors import Code, Detail, DomainError
from hms.domain.intervals import Span
from hms.domain.slots import DayOfWeek, WeeklyBlock


def require_valid(blocks: Sequence[WeeklyBlock]) -> None:
    """Raise SCHEDULE_INVALID naming every row that makes no sense, or SCHEDULE_OVERLAP naming those that collide.

    Fields are named as clients send them: ``schedules.0.endTime``.
    """
    wrong = [detail for number, block in enumerate(blocks) for detail in _mistakes(number, block)]
    if wrong:
        raise DomainError(Code.SCHEDULE_INVALID, _sentence(wrong), wrong)
    collisions = [
        Detail(f"schedules.{second}.startTime", f"{_words(blocks[second])} overlaps {_words(blocks[first])}")
        for first, second in combinations(range(len(blocks)), 2)
        if _collide(blocks[first], blocks[second])
    ]
    if collisions:
        raise DomainError(
            Code.SCHEDULE_OVERLAP,
            f"{_sentence(collisions)} Shorten one of them, or join them into one row with a break.",
            collisions,
        )


def fits(blocks: Sequence[WeeklyBlock], day: date, wall: Span[time]) -> bool:
    """Tell whether a span of a day lies inside the hours of an active row and clear of its break."""
    block = block_around(blocks, day, wall)
    return block is not None and not (block.pause and block.pause.overlaps(wall))


def block_around(blocks: Sequence[WeeklyBlock], day: date, wall: Span[time]) -> WeeklyBlock | None:
    """Return the active row whose hours, break included, hold the span."""
    weekday = DayOfWeek.of(day)
    return next((b for b in blocks if b.is_active and b.day_of_week is weekday and b.hours.holds(wall)), None)


def _mistakes(number: int, block: WeeklyBlock) -> list[Detail]:
    if block.end <= block.start:
        return [
            Detail(
                f"schedules.{number}.endTime",
                f"{_day(block)}: the end ({block.end:%H:%M}) must be after the start ({block.start:%H:%M})",
            )
        ]
    if (block.break_start is None) != (block.break_end is None):
        missing = "breakStart" if block.break_start is None else "breakEnd"
        return [Detail(f"schedules.{number}.{missing}", f"{_day(block)}: a break needs both its start and its end")]
    if block.break_start is None or block.break_end is None:
        return []
    if block.break_end <= block.break_start:
        return [
            Detail(
                f"schedules.{number}.breakEnd",
                f"{_day(block)}: the break's end ({block.break_end:%H:%M}) must be after its start "
                f"({block.break_start:%H:%M})",
            )
        ]
    if not block.hours.holds(Span(block.break_start, block.break_end)):
        return [
            Detail(
                f"schedules.{number}.breakStart",
                f"{_day(block)}: the break ({block.break_start:%H:%M}-{block.break_end:%H:%M}) must lie inside the "
                f"hours ({block.start:%H:%M}-{block.end:%H:%M})",
            )
        ]
    return []


def _collide(one: WeeklyBlock, other: WeeklyBlock) -> bool:
    both = one.is_active and other.is_active and one.day_of_week is other.day_of_week
    return both and one.hours.overlaps(other.hours)


def _sentence(details: Sequence[Detail]) -> str:
    return ". ".join(detail.message for detail in details) + "."


def _day(block: WeeklyBlock) -> str:
    return block.day_of_week.value.capitalize()


def _words(block: WeeklyBlock) -> str:
    return f"{_day(block)} {block.start:%H:%M}-{block.end:%H:%M}"
