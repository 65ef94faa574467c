"""The evidence gate: an automatic mark needs evidence that the desk was working."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hms.domain.intervals import Span

LONGEST_SILENCE = timedelta(minutes=15)

PAUSE = timedelta(minutes=2)
"""Beats this close to each other count as one unbroken stretch, since HMS itself beats twice a minute."""


class Evidence(StrEnum):
    """What is known of a due visit's desk."""

    ENOUGH = "ENOUGH"
    NOT_YET = "NOT_YET"
    NO_HEARTBEAT = "NO_HEARTBEAT"
    NO_CHECK_INS = "NO_CHECK_INS"


@dataclass(frozen=True, slots=True)
class DueVisit:
    """A visit that the sweep would mark. ``duration``: the slot's, as booked."""

    starts_at: datetime
    due_at: datetime
    duration: timedelta


@dataclass(frozen=True, slots=True)
class Session:
    """One block of a doctor's week on one day: its end, and when the first of its patients was checked in, if any."""

    ends_at: datetime
    first_check_in: datetime | None


def silence_allowed(duration: timedelta) -> timedelta:
    """Return how long HMS may be silent in a visit's time: a quarter of an hour, for short slots half the slot."""
    return min(LONGEST_SILENCE, duration / 2)


def longest_silence(since: datetime, until: datetime, beats: Iterable[Span[datetime]]) -> timedelta:
    """Return the longest time without a heartbeat between two instants.

    ``beats``: stretches from a first to a last beat, in any order; they may overlap.
    """
    longest, heard = timedelta(0), since
    for stretch in sorted(beats, key=lambda stretch: stretch.start):
        if stretch.end < since or stretch.start > until:
            continue
        longest = max(longest, stretch.start - heard)
        heard = max(heard, stretch.end)
    return max(longest, until - heard)


def weigh(visit: DueVisit, beats: Iterable[Span[datetime]], session: Session, now: datetime) -> Evidence:
    """Weigh the evidence of a due visit at ``now``.

    NO_HEARTBEAT: HMS was silent for too long between the visit's start and its due time. NO_CHECK_INS: the session is
    over, and nobody had been checked in by then. NOT_YET: the session still goes on without one, so the mark waits.
    """
    if longest_silence(visit.starts_at, visit.due_at, beats) > silence_allowed(visit.duration):
        return Evidence.NO_HEARTBEAT
    if session.first_check_in is not None and session.first_check_in <= session.ends_at:
        return Evidence.ENOUGH
    return Evidence.NOT_YET if now < session.ends_at else Evidence.NO_CHECK_INS
