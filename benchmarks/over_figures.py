"""Figures over three years and five million visits of one hospital, beside a plain count of the same rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import text

from benchmarks.figures import Figure
from benchmarks.ground import Ground, bookable, ground
from benchmarks.history import FORGET, NUMBERED, as_superuser
from benchmarks.loading import Loading, numbered
from hms.domain.figures import Wanted
from hms.domain.job_runs import JobName, RunSource
from hms.processes import figures as told
from hms.services import figures as keeping
from hms.services import job_runs
from hms.services.figures import FoldSome
from hms.services.job_runs import StartRun

VISITS, DOCTORS, PATIENTS = 5_000_000, 163, 250_000
"""163 doctors with 28 visits a day fill three years with five million."""
A_DAY, DAYS_OFFERED = 28, 10
PARTS = 10
UNCACHED_MS, CACHED_MS = 150, 5
ROUNDS = 5
TOUCHED = 5_000

COLUMNS = """id, hospital_id, patient_id, doctor_id, slot_id, status, appointment_date, start_time, end_time, starts_at,
 ends_at, duration_minutes, booked_at, no_show_due_at, holds_slot, under_review, imported, type, calendar_sequence,
 version, updated_at, checked_in_at, vitals_recorded_at, started_at, cancelled_at"""
FILL = f"""
INSERT INTO appointments ({COLUMNS})
SELECT {numbered("a", "n.n")}, h.id, p.id, d.id, CASE WHEN n.n < %(offered)s THEN {numbered("b", "n.n")} END,
 c.status, s.at::date, s.at::time, (s.at + interval '15 minutes')::time,
 i.at, i.at + interval '15 minutes', 15, i.at - interval '1 hour' * (n.n * 31 %% 700), i.at + interval '15 minutes',
 c.status <> 'CANCELLED', false, true, 'CONSULTATION', 0, 3, i.at,
 CASE WHEN c.status = 'COMPLETED' THEN i.at - interval '1 second' * (n.n * 17 %% 1200) END,
 CASE WHEN c.status = 'COMPLETED' THEN i.at + interval '1 second' * (n.n * 13 %% 900) END,
 CASE WHEN c.status = 'COMPLETED' THEN i.at + interval '1 second' * (900 + n.n * 7 %% 2400) END,
 CASE WHEN c.status = 'CANCELLED' THEN i.at - interval '2 days' END
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n(n)
JOIN bench_doctors d ON d.n = n.n / %(a_day)s %% %(doctors)s
JOIN bench_patients p ON p.n = n.n * 7919 %% %(patients)s
CROSS JOIN hospitals h
CROSS JOIN LATERAL (SELECT %(today)s::timestamp - interval '1 day' * (n.n / (%(a_day)s * %(doctors)s))
 + interval '9 hours' + interval '15 minutes' * (n.n %% %(a_day)s) AS at) AS s
CROSS JOIN LATERAL (SELECT s.at AT TIME ZONE h.timezone AS at) AS i
CROSS JOIN LATERAL (SELECT abs(hashint8(n.n)) %% 10 AS drawn) AS r
CROSS JOIN LATERAL (SELECT CASE WHEN r.drawn = 3 THEN 'CANCELLED' WHEN r.drawn IN (1, 7) THEN 'NO_SHOW'
 ELSE 'COMPLETED' END AS status) AS c
"""  # noqa: S608 -- our own columns
AFTER = (
    """INSERT INTO doctor_slots (id, hospital_id, doctor_id, slot_date, start_time, end_time, starts_at, ends_at,
 blocked_manually) SELECT slot_id, hospital_id, doctor_id, appointment_date, start_time, end_time, starts_at,
 ends_at, false FROM appointments WHERE slot_id IS NOT NULL""",
    """INSERT INTO no_show_logs (id, hospital_id, appointment_id, patient_id, doctor_id, reason, slot_time,
 timeout_minutes, triggered_at, slot_released, notification_sent, justified, version)
 SELECT id, hospital_id, id, patient_id, doctor_id, 'AUTO_TIMEOUT', start_time, 15, ends_at, false, true,
 false, 1 FROM appointments WHERE status = 'NO_SHOW'""",
    """INSERT INTO patient_no_show_penalties (id, hospital_id, appointment_id, patient_id, email_sent, created_at,
 version) SELECT id, hospital_id, id, patient_id, true, ends_at, 1 FROM appointments WHERE status = 'NO_SHOW'""",
)
KEPT = ["days", "hospital_days", "months", "spans", "span_months", "doctor_spans", "penalties", "patients", "marks"]
TABLES = ("appointments", "no_show_logs", "patient_no_show_penalties")


@dataclass(frozen=True, slots=True)
class Filled:
    """The ground with its visits; ``run_id``: the run under which figures are kept."""

    laid: Ground
    run_id: UUID
    wanted: Wanted

    def fold(self, most: int | None = None) -> int:
        """Keep figures until nothing is left to count (or ``most`` days are); return how many days were counted."""
        days = 0
        while most is None or days < most:
            done = self.laid.runtime.transact(self.laid.actor, keeping.fold_some, FoldSome(self.run_id))
            if not done.days and not done.waits:
                break
            days += done.days
        return days


def measure_figures(engine: str, _seconds: float) -> Iterator[Figure]:
    """Measure each figure over all three years, counted and kept; what keeping costs; the plain count beside it."""
    if engine != "postgresql":
        return
    with ground(engine, doctors=DOCTORS, patients=PATIENTS) as laid:
        began = time.monotonic()
        filled = _fill(laid)
        yield Figure(f"figures: {VISITS:,} visits loaded", time.monotonic() - began, "s")
        began = time.monotonic()
        days = filled.fold()
        took = time.monotonic() - began
        _vacuum(laid)
        yield Figure(f"  all {days:,} closed days counted for the first time", took, "s")
        plain = _median(lambda: _plain_count(filled))
        note = f"{VISITS:,} visits, {DOCTORS} doctors, three years"
        yield Figure("  reference: plain count(*) of the same visits", plain, "ms", note=note)
        yield from _each_figure(filled)
        yield from _after_a_change(filled)
        yield from _cost_of_triggers(filled)


def _each_figure(filled: Filled) -> Iterator[Figure]:
    doctor = Wanted(filled.wanted.first, filled.wanted.last, filled.laid.doctors[7])
    asked: list[tuple[str, Any, Wanted]] = [
        (figure.name, figure, filled.wanted)
        for figure in (
            told.NO_SHOWS,
            told.BY_DOCTOR,
            told.BY_DAY,
            told.BY_WEEK,
            told.PENALTIES_BY_DOCTOR,
            told.penalties_by_patient(50),
            told.UTILISATION,
            told.WAITING_TIMES,
            told.LEAD_TIMES,
            told.REMINDERS,
        )
    ]
    asked.append(("dashboard", told.DASHBOARD, Wanted(filled.wanted.last, filled.wanted.last)))
    month = Wanted(filled.wanted.last - timedelta(days=29), filled.wanted.last)
    year = Wanted(filled.wanted.last - timedelta(days=700), filled.wanted.last - timedelta(days=336))
    most = told.penalties_by_patient(50)
    asked += [(f"{most.name} of {what}", most, of) for what, of in (("30 days", month), ("a year in between", year))]
    of_one = (told.BY_DAY, most, told.UTILISATION, told.WAITING_TIMES, told.LEAD_TIMES)
    asked += [(f"{figure.name} of one doctor", figure, doctor) for figure in of_one]
    runtime, actor = filled.laid.runtime, filled.laid.actor
    for name, figure, wanted in asked:
        now = runtime.clocks.hospital.now()
        cost = _median(lambda f=figure, w=wanted, n=now: runtime.measure(f.ask, 60, actor, w, n))  # type: ignore[misc]
        yield Figure(f"  {name}, counted", cost, "ms", UNCACHED_MS, at_most=True)
        told.tell(runtime, actor, figure, wanted)
        cost = _median(lambda f=figure, w=wanted: told.tell(runtime, actor, f, w))  # type: ignore[misc]
        yield Figure(f"  {name}, from the shelf", cost, "ms", CACHED_MS, at_most=True)


def _after_a_change(filled: Filled) -> Iterator[Figure]:
    day = filled.wanted.last - timedelta(days=40)
    with filled.laid.runtime.database.writing() as session:
        changed = "UPDATE appointments SET started_at = started_at + interval '1 minute' WHERE appointment_date = :day"
        session.execute(text(changed + " AND status = 'COMPLETED'"), {"day": day})
    ask = told.UTILISATION.ask
    runtime, actor = filled.laid.runtime, filled.laid.actor
    cost = _median(lambda: runtime.measure(ask, 60, actor, filled.wanted, runtime.clocks.hospital.now()))
    yield Figure("  utilisation while one changed day is counted live", cost, "ms", UNCACHED_MS, at_most=True)
    began = time.monotonic()
    filled.fold(most=1)
    yield Figure("  that day counted anew, and its month added up", 1000 * (time.monotonic() - began), "ms")


def _cost_of_triggers(filled: Filled) -> Iterator[Figure]:
    """Touch today's visits with the triggers in force and without, in one transaction that is rolled back."""
    touch = """UPDATE appointments SET status = 'CANCELLED', holds_slot = false WHERE id IN (SELECT id FROM appointments
 WHERE appointment_date = %s AND status = 'NO_SHOW' ORDER BY id LIMIT %s)"""
    costs: dict[str, list[float]] = {}
    with psycopg.connect(as_superuser(filled.laid)) as connection:
        for state in ("DISABLE", "ENABLE") * ROUNDS:
            connection.execute(f"ALTER TABLE appointments {state} TRIGGER tr_appointments_figures")
            began = time.perf_counter()
            done = connection.execute(touch, (filled.wanted.last, TOUCHED)).rowcount
            costs.setdefault(state, []).append(1e6 * (time.perf_counter() - began) / done)
            connection.rollback()
    with_it, without = median(costs["ENABLE"]), median(costs["DISABLE"])
    yield Figure("  a visit of an open day changed, without the trigger", without, "µs")
    yield Figure("  the same with it", with_it, "µs", note="plain SQL, many rows a statement")


def _fill(laid: Ground) -> Filled:
    today = bookable(1)[0] - timedelta(days=1)
    counts = {"a_day": A_DAY, "doctors": DOCTORS, "patients": PATIENTS, "today": today}
    counts |= {"offered": DAYS_OFFERED * A_DAY * DOCTORS}
    parts = [{"first": n * VISITS // PARTS, "last": (n + 1) * VISITS // PARTS - 1} for n in range(PARTS)]
    with Loading(laid) as load:
        dropped = load.drop_indexes(TABLES)
        load.one_by_one(NUMBERED)
        load.at_once([(FILL, counts | part) for part in parts])
        load.at_once([(statement, {}) for statement in AFTER])
        load.one_by_one(FORGET)
        load.at_once([(definition, {}) for definition in dropped])
        load.one_by_one(["VACUUM ANALYZE"])
    run_id = laid.runtime.transact(laid.actor, job_runs.start, StartRun(JobName.HOUSEKEEPING, RunSource.MANUAL, None))
    laid.runtime.transact(laid.actor, keeping.close_days, run_id)
    days = -(-VISITS // (A_DAY * DOCTORS))
    return Filled(laid, run_id, Wanted(today - timedelta(days=min(days, 1100) - 1), today))


def _vacuum(laid: Ground) -> None:
    with psycopg.connect(as_superuser(laid), autocommit=True) as connection:
        for kept in KEPT:
            connection.execute(f"VACUUM ANALYZE figure_{kept}")


def _plain_count(filled: Filled) -> None:
    with filled.laid.runtime.reading() as session:
        counted = (
            "SELECT count(*) FROM appointments WHERE hospital_id = :hospital AND appointment_date BETWEEN :a AND :b"
        )
        values = {"hospital": filled.laid.hospital_id, "a": filled.wanted.first, "b": filled.wanted.last}
        session.execute(text(counted), values).one()


def _median(act: Callable[[], object]) -> float:
    """Return the milliseconds of one call: the median of the rounds, after one that warms up."""
    costs = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        act()
        costs.append(1000 * (time.perf_counter() - began))
    return median(costs[1:])
