"""Half-open spans of time: what touches does not overlap."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T", time, datetime)


@dataclass(frozen=True, slots=True)
class Span(Generic[T]):
    """From ``start`` up to, but not including, ``end``: two wall times of one day, or two instants."""

    start: T
    end: T

    def overlaps(self, other: "Span[T]") -> bool:
        """Tell whether the two share any moment."""
        return self.start < other.end and other.start < self.end

    def holds(self, other: "Span[T]") -> bool:
        """Tell whether the other lies wholly inside this one."""
        return self.start <= other.start and other.end <= self.end


class Occupied:
    """A set of spans of instants, asked many times whether another one is free of them all."""

    def __init__(self, spans: Iterable[Span[datetime]]) -> None:
        ordered = sorted(spans, key=lambda span: span.start)
        self._starts = [span.start for span in ordered]
        # The latest end of all that began so far: spans in the set may overlap each other.
        self._ends = list(accumulate((span.end for span in ordered), max))

    def is_free(self, span: Span[datetime]) -> bool:
        """Tell whether ``span`` overlaps none of the set."""
        begun = bisect_left(self._starts, span.end)
        return begun == 0 or self._ends[begun - 1] <= span.start
