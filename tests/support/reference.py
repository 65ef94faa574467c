"""What the rules say of one visit, on a page: who may do what when, and what becomes of it.

Written from the rules alone, and as plainly as can be; tests hold the house against it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Kolkata")
EARLY, LATE = time(10), time(10, 30)
"""The two times between which the visit is moved to and fro."""
LENGTH, BUFFER = timedelta(minutes=30), timedelta(minutes=5)
CALLED, CATCH_UP = timedelta(hours=24), timedelta(hours=48)
OPEN = {"SCHEDULED", "CONFIRMED"}


class Who(StrEnum):
    """Everybody who may try."""

    ADMIN = "admin"
    RECEPTION = "reception"
    NURSE = "nurse"
    DOCTOR = "the visit's doctor"
    COLLEAGUE = "another doctor"
    PATIENT = "the visit's patient"
    OTHER = "another patient"
    FOREIGN = "another hospital's admin"
    SYSTEM = "the system"


class Act(StrEnum):
    """Everything they may try."""

    CONFIRM = "confirm"
    CHECK_IN = "check in"
    UNDO_CHECK_IN = "undo check-in"
    CANCEL = "cancel"
    MOVE = "move"
    VITALS = "record vitals"
    START = "start"
    COMPLETE = "complete"
    COMPLETE_BARE = "complete without diagnosis"
    ABANDON = "abandon"
    MARK = "mark"
    MARK_CALLED = "mark, the patient called"
    LATE = "late arrival"
    UNDO_MARK = "undo mark"
    CORRECT_ATTENDED = "correct to attended"
    CORRECT_FAULT = "correct to clinic's fault"
    DECIDE_MISSED = "decide missed"
    DECIDE_ATTENDED = "decide attended"
    DECIDE_FAULT = "decide clinic's fault"
    SWEEP = "sweep"


W, A = Who, Act
_DESK = {W.ADMIN, W.RECEPTION}
_STAFF = _DESK | {W.NURSE, W.DOCTOR}
MAY: dict[Act, set[Who]] = {
    A.CONFIRM: _DESK | {W.PATIENT},
    A.CHECK_IN: _STAFF,
    A.UNDO_CHECK_IN: _DESK | {W.NURSE},
    A.CANCEL: _DESK | {W.PATIENT},
    A.MOVE: _DESK | {W.PATIENT},
    A.VITALS: {W.ADMIN, W.NURSE, W.DOCTOR},
    A.START: {W.ADMIN, W.DOCTOR},
    A.COMPLETE: {W.ADMIN, W.DOCTOR},
    A.COMPLETE_BARE: set(),
    A.ABANDON: {W.ADMIN, W.DOCTOR},
    A.MARK: _STAFF,
    A.MARK_CALLED: _STAFF,
    A.LATE: _STAFF,
    A.UNDO_MARK: {W.ADMIN},
    A.CORRECT_ATTENDED: {W.ADMIN},
    A.CORRECT_FAULT: {W.ADMIN},
    A.DECIDE_MISSED: _DESK,
    A.DECIDE_ATTENDED: _DESK,
    A.DECIDE_FAULT: _DESK,
    A.SWEEP: {W.SYSTEM},
}
TRIES = [(who, act) for act in Act for who in Who if (act is A.SWEEP) == (who is W.SYSTEM)]


@dataclass(frozen=True)
class Model:
    """One visit. ``closed``: a holiday came after it was booked; ``events``: how many changes its history tells of.

    ``taken_back``: it was marked as missed, and the mark no longer stands.
    """

    day: date
    booked_at: datetime
    closed: bool
    at: time = EARLY
    status: str = "SCHEDULED"
    holds: bool = True
    review: bool = False
    measured: bool = False
    taken_back: bool = False
    events: int = 1

    @property
    def start(self) -> datetime:
        """When it starts."""
        return datetime.combine(self.day, self.at, ZONE)

    @property
    def due(self) -> datetime:
        """From when on it counts as missed."""
        return max(self.start, self.booked_at) + LENGTH

    def after(self, who: Who, act: Act, now: datetime) -> Model | None:
        """Return what becomes of it, or None when that must be refused; itself when it is so already."""
        if who not in MAY[act]:
            return None
        if who is W.PATIENT and (self.status not in OPEN or now >= self.start):
            return None
        return _RULES[act](self, now)

    def changes(self, now: datetime) -> list[tuple[Who, Act]]:
        """Return whatever would succeed and make a difference."""
        return [(who, act) for who, act in TRIES if self.after(who, act, now) not in {None, self}]

    def to(self, status: str, **more: Any) -> Model:
        """Return it in another state; a review is over once the visit is open no longer."""
        changed: dict[str, Any] = {"review": False, "status": status, "events": self.events + 1} | more
        return replace(self, **changed)

    def moved(self, now: datetime) -> Model | None:
        """Return it at its other time, unless that has passed or the hospital is closed."""
        goes = self.to("SCHEDULED", at=LATE if self.at == EARLY else EARLY, booked_at=now)
        return None if self.closed or now + BUFFER > goes.start + LENGTH else goes

    def missed(self, now: datetime) -> Model:
        """Return it marked by hand: a time that can still be booked is given back."""
        return self.to("NO_SHOW", holds=now + BUFFER > self.start + LENGTH, taken_back=False)

    def swept(self, now: datetime) -> Model:
        """Return it after the sweep, which leaves to a human what the clinic did itself, and what is long ago."""
        if self.status not in OPEN or self.review or now < self.due:
            return self
        if self.closed or now - self.due > CATCH_UP:
            return replace(self, review=True)
        return self.to("NO_SHOW", taken_back=False)

    def is_today(self, now: datetime) -> bool:
        """Tell whether now is on its day."""
        return now.astimezone(ZONE).date() == self.day


def _only(condition: bool, result: Callable[[], Model | None]) -> Model | None:
    return result() if condition else None


def _confirm(m: Model, now: datetime) -> Model | None:
    return _only(m.status == "SCHEDULED" and now < m.start, lambda: m.to("CONFIRMED", review=m.review))


def _check_in(m: Model, now: datetime) -> Model | None:
    if m.status == "NO_SHOW":
        return _late(m, now)
    return _only(m.status in OPEN and m.is_today(now), lambda: m.to("CHECKED_IN"))


def _late(m: Model, now: datetime) -> Model | None:
    back = {"holds": True, "taken_back": True}
    return _only(m.status == "NO_SHOW" and m.is_today(now), lambda: m.to("CHECKED_IN", **back))


def _undo_mark(m: Model, now: datetime) -> Model | None:
    if m.status == "SCHEDULED" and m.taken_back:
        return m
    back = {"holds": True, "taken_back": True}
    return _only(m.status == "NO_SHOW" and now < m.due, lambda: m.to("SCHEDULED", **back))


def _correct(m: Model, to: str, *, permitted: bool) -> Model | None:
    if m.status == to and m.taken_back:
        return m
    holds = m.holds and to != "CANCELLED"
    return _only(m.status == "NO_SHOW" and permitted, lambda: m.to(to, holds=holds, taken_back=True))


def _decide(m: Model, to: str) -> Model | None:
    more = {"holds": m.holds and to != "CANCELLED"} | ({"taken_back": False} if to == "NO_SHOW" else {})
    return _only(m.review, lambda: m.to(to, **more))


_RULES: dict[Act, Callable[[Model, datetime], Model | None]] = {
    A.CONFIRM: _confirm,
    A.CHECK_IN: _check_in,
    A.UNDO_CHECK_IN: lambda m, _: _only(m.status == "CHECKED_IN", lambda: m.to("SCHEDULED", measured=False)),
    A.CANCEL: lambda m, _: _only(m.status in OPEN | {"CHECKED_IN"}, lambda: m.to("CANCELLED", holds=False)),
    A.MOVE: lambda m, now: _only(m.status in OPEN, lambda: m.moved(now)),
    A.VITALS: lambda m, _: _only(m.status == "CHECKED_IN" and not m.measured, lambda: replace(m, measured=True)),
    A.START: lambda m, _: _only(m.status == "CHECKED_IN", lambda: m.to("IN_PROGRESS")),
    A.COMPLETE: lambda m, _: _only(m.status == "IN_PROGRESS", lambda: m.to("COMPLETED")),
    A.ABANDON: lambda m, _: _only(m.status == "IN_PROGRESS", lambda: m.to("CHECKED_IN")),
    A.MARK: lambda m, now: _only(m.status in OPEN and now >= m.start, lambda: m.missed(now)),
    A.MARK_CALLED: lambda m, now: _only(m.status in OPEN and now >= m.start - CALLED, lambda: m.missed(now)),
    A.LATE: _late,
    A.UNDO_MARK: _undo_mark,
    A.CORRECT_ATTENDED: lambda m, now: _correct(m, "COMPLETED", permitted=now >= m.start),
    A.CORRECT_FAULT: lambda m, _: _correct(m, "CANCELLED", permitted=True),
    A.DECIDE_MISSED: lambda m, _: _decide(m, "NO_SHOW"),
    A.DECIDE_ATTENDED: lambda m, _: _decide(m, "COMPLETED"),
    A.DECIDE_FAULT: lambda m, _: _decide(m, "CANCELLED"),
    A.SWEEP: Model.swept,
}
