"""What a booking costs among few stored visits and among millions: the ratio is what matters."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from benchmarks.figures import Figure
from benchmarks.ground import Ground, ground
from benchmarks.history import store
from benchmarks.over_http import wishes
from hms.services import bookings
from hms.services.bookings import Book

FEW, MANY = 10_000, 5_000_000
ROUNDS, A_ROUND = 5, 200
DOCTORS, DAYS = 20, 8
RATIO_WANTED = 1.5


def measure_growth(engine: str, _seconds: float) -> Iterator[Figure]:
    """Measure bookings, one after the other and without HTTP, with 10 thousand and with 5 million visits stored."""
    with ground(engine, doctors=DOCTORS, patients=DOCTORS * (DAYS - 1) * 28, days=DAYS) as laid:
        asked = iter(wishes(laid, DAYS - 1))
        store(laid, 0, FEW - 1)
        few = _median_cost(laid, asked)
        yield Figure(f"{laid.engine}: a booking among {FEW:,} stored visits", few, "ms", note="median of five rounds")
        store(laid, FEW, MANY - 1)
        many = _median_cost(laid, asked)
        yield Figure(f"{laid.engine}: a booking among {MANY:,} stored visits", many, "ms", note="median of five rounds")
        yield Figure("  ratio of the two", many / few, "times", RATIO_WANTED, at_most=True)


def _median_cost(laid: Ground, asked: Iterator[Book]) -> float:
    """Return the milliseconds of one booking: the median of the rounds, after one that warms up."""
    costs = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        for _ in range(A_ROUND):
            laid.runtime.transact(laid.actor, bookings.book, next(asked))
        costs.append((time.perf_counter() - began) / A_ROUND * 1000)
    return median(costs[1:])
