"""Run measurements and print them: python -m benchmarks [NAMES] [--engine sqlite|postgresql] [--seconds N]."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator

import structlog

from benchmarks.figures import Figure, table
from benchmarks.growth import measure_growth
from benchmarks.over_calendars import measure_first_free, measure_generation
from benchmarks.over_figures import measure_figures
from benchmarks.over_house import measure_demo, measure_house
from benchmarks.over_http import measure_bookings, measure_slots
from benchmarks.over_mail import measure_mail
from benchmarks.over_marks import measure_sweep, measure_sweep_among
from benchmarks.over_work import measure_import

BENCHMARKS: dict[str, Callable[[str, float], Iterator[Figure]]] = {
    "slots": measure_slots,
    "bookings": measure_bookings,
    "growth": measure_growth,
    "generation": measure_generation,
    "first-free": measure_first_free,
    "import": measure_import,
    "sweep": measure_sweep,
    "sweep-among": measure_sweep_among,
    "mail": measure_mail,
    "figures": measure_figures,
    "house": measure_house,
    "demo": measure_demo,
}
ENGINES = ("postgresql", "sqlite")


def main() -> int:
    """Run what was asked for and print one table; 1 when a bound was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(BENCHMARKS)}; all when left out")
    parser.add_argument("--engine", choices=ENGINES, help="only this database")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each HTTP measurement runs")
    asked = parser.parse_args()
    if unknown := set(asked.names) - BENCHMARKS.keys():
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    figures: list[Figure] = []
    before = os.getloadavg()[0]
    for name in asked.names or BENCHMARKS:
        for engine in (asked.engine,) if asked.engine else ENGINES:
            print(f"measuring {name} on {engine} …", file=sys.stderr, flush=True)
            figures += BENCHMARKS[name](engine, asked.seconds)
    loads = f"load {before:.1f} before and {os.getloadavg()[0]:.1f} after"
    print(f"\n{os.cpu_count()} processors shared by client, server and database; {loads}\n")
    print(table(figures))
    return any(figure.verdict == "MISSED" for figure in figures)


if __name__ == "__main__":
    sys.exit(main())
