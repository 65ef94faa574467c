"""A doctor's day and bookings over HTTP, beside the least that could do the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import time

from benchmarks.client import Answers, ask, load, request
from benchmarks.figures import Figure
from benchmarks.ground import Ground, bookable, ground
from benchmarks.plain_sql import plain_bookings
from benchmarks.serving import hms_serving, plain_flask_serving, sign_in
from hms.services.bookings import Book

DAYS = 20
DOCTORS = 20
STARTS = [f"{hour:02}:{minute:02}" for hour in (9, 10, 11, 12, 14, 15, 16) for minute in (0, 15, 30, 45)]
SLOTS_WANTED = 1000
BOOKINGS_WANTED = 350


def measure_slots(engine: str, seconds: float) -> Iterator[Figure]:
    """Measure GET of one doctor's day."""
    with ground(engine, doctors=DOCTORS, patients=10, days=DAYS) as laid:
        with hms_serving(laid) as port:
            token = sign_in(port)
            paths = [f"/api/v1/slots/doctor/{d}/date/{day}" for d in laid.doctors for day in bookable(DAYS - 1)]
            asked = [request("GET", path, token=token) for path in paths]
            _warm_up(port, asked)
            answers = load(port, asked, seconds=seconds)
        wanted = SLOTS_WANTED if engine == "postgresql" else None
        yield _figure(f"{laid.engine}: a doctor's day", "req/s", answers, wanted)
        if engine == "postgresql":
            with plain_flask_serving(laid) as port:
                asked = [request("GET", f"/slots/{d}/{day}") for d in laid.doctors for day in bookable(DAYS - 1)]
                _warm_up(port, asked)
                answers = load(port, asked, seconds=seconds)
            yield _figure("  reference: plain Flask, one SELECT, no sign-in", "req/s", answers, None)


def measure_bookings(engine: str, seconds: float) -> Iterator[Figure]:
    """Measure POST of bookings, each of another slot and patient."""
    with ground(engine, doctors=DOCTORS, patients=DOCTORS * (DAYS - 1) * len(STARTS), days=DAYS) as laid:
        with hms_serving(laid) as port:
            token = sign_in(port)
            asked = [
                request("POST", "/api/v1/appointments", token=token, body=_body(wish))
                for wish in wishes(laid, DAYS - 1)
            ]
            load(port, asked[:200], seconds=seconds, once=True)
            answers = load(port, asked[200:], seconds=seconds, once=True)
        wanted = BOOKINGS_WANTED if engine == "postgresql" else None
        yield _figure(f"{laid.engine}: bookings of distinct slots", "bookings/s", answers, wanted, status=201)
        yield plain_bookings(laid, seconds)


def wishes(laid: Ground, days: int) -> list[Book]:
    """Return wishes whose neighbours are different doctors, as callers at several desks would have it."""
    wanted = [(doctor, day, start) for start in STARTS for day in bookable(days) for doctor in laid.doctors]
    return [
        Book(patient_id=patient, doctor_id=doctor, day=day, start=time.fromisoformat(start))
        for (doctor, day, start), patient in zip(wanted, laid.patients, strict=True)
    ]


def _body(wish: Book) -> bytes:
    who = {"patientId": str(wish.patient_id), "doctorId": str(wish.doctor_id)}
    return json.dumps(who | {"date": wish.day.isoformat(), "startTime": f"{wish.start:%H:%M}"}).encode()


def _warm_up(port: int, asked: list[bytes]) -> None:
    status, body = ask(port, asked[0])
    if status != 200:
        raise RuntimeError(f"The first request was answered with {status}: {body[:200]!r}")
    load(port, asked, seconds=1.0)


def _figure(what: str, unit: str, answers: Answers, wanted: float | None, *, status: int = 200) -> Figure:
    if set(answers.statuses) != {status}:
        raise RuntimeError(f"{what}: answered with {dict(answers.statuses)}")
    note = f"{answers.statuses.total():,} answers; 99 of 100 within {answers.slowest_hundredth:.0f} ms"
    return Figure(what, answers.rate, unit, wanted, note=note)
